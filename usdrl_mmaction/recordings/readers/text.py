"""Text files as lines and numbers, with errors that name file and line."""

import json
from codecs import BOM_UTF16_BE, BOM_UTF16_LE
from collections.abc import Sequence
from contextlib import suppress
from itertools import chain
from pathlib import Path

import numpy as np

from usdrl_mmaction.errors import RecordingError
from usdrl_mmaction.files import missing

NOTHING = {'', '-', '--', '?', 'na', 'n/a', '#n/a', 'nan', '<na>', 'null', 'nil', 'none', 'missing', '-nan(ind)'}


def read_lines(path: str | Path) -> list[str]:
    """The lines of a text file, without empty ones at the end."""
    try:
        content = Path(path).read_bytes()
        wide = content.startswith((BOM_UTF16_LE, BOM_UTF16_BE)) and b'\0' in content  # as Windows writes it
        lines = content.decode('utf-16' if wide else 'utf-8-sig').splitlines()
    except UnicodeDecodeError as error:
        raise RecordingError(f'{path} is not a text file ({error.reason} at byte {error.start}).') from None
    except FileNotFoundError:
        raise missing(path) from None
    except OSError as error:
        raise RecordingError(f'{path} cannot be read: {error.strerror}.') from None
    while lines and not lines[-1].strip():
        lines.pop()
    if not lines:
        raise RecordingError(f'{path} is empty.')
    return lines


def read_json(path: str | Path):
    """The content of a JSON file, or a list of that of its lines if each is JSON by itself."""
    lines = read_lines(path)
    try:
        return json.loads('\n'.join(lines))
    except RecursionError:
        raise RecordingError(f'{path} is nested too deeply for a recording.') from None
    except json.JSONDecodeError as error:
        if error.msg == 'Extra data':
            with suppress(json.JSONDecodeError):
                return [json.loads(line) for line in lines if line.strip()]
        raise at(path, error.lineno, f'not JSON ({error.msg}). Is the file cut short?') from None


@np.errstate(over='ignore')  # numbers that are too large become infinite and are refused
def to_numbers(rows: list[list[str]], columns: int, path: str | Path, lines: Sequence[int] | None = None) -> np.ndarray:
    """Words to float32; ``lines`` are the line numbers of the rows, by default from 1.  # (rows, columns)"""
    try:
        values = np.array(rows, dtype=np.float32)
        if values.shape == (len(rows), columns) and np.isfinite(values).all():
            return values
    except ValueError:  # a word that is not a number, or rows of different lengths
        pass
    for row, line in zip(rows, lines or range(1, len(rows) + 1), strict=True):
        if len(row) != columns:
            raise at(path, line, f'{len(row)} numbers, not {columns}.')
        for word in row:
            with suppress(ValueError):
                if np.isfinite(np.float32(word)):
                    continue
            raise at(path, line, f"'{word}' is not a finite number. Write 0 where a joint was not seen.")
    raise AssertionError('unreachable: a row is wrong')


@np.errstate(over='ignore')  # numbers that are too large become infinite and are refused
def to_values(rows: list[list[str]], path: str | Path, lines: Sequence[int]) -> np.ndarray:
    """Words to float32, with NaN where a field is empty or says that there is nothing; a comma may stand for the
    decimal point.  # (rows, columns)"""
    words = list(chain.from_iterable(rows))
    try:
        values = np.fromiter([float(word) if word else np.nan for word in words], np.float64, len(words))
    except ValueError:
        values = np.fromiter(map(_to_value, words), np.float64, len(words))
    values = values.astype(np.float32).reshape(len(rows), -1)
    if np.isinf(values).any():
        row, column = np.argwhere(np.isinf(values))[0]
        raise at(path, lines[row], f"'{rows[row][column]}' is not a number. Leave the field of an unseen joint empty.")
    return values


def _to_value(word: str) -> float:
    """Infinity for a word that is no number."""
    try:
        return float(word)
    except ValueError:
        if word.strip().lower() in NOTHING:
            return np.nan
    try:
        return float(word.replace(',', '.'))
    except ValueError:
        return np.inf


def to_integer(word: str, path: str | Path, line: int, what: str) -> int:
    try:
        return int(word)
    except ValueError:
        raise at(path, line, f"'{word.strip()}' is not a whole number, but {what} was expected.") from None


def from_first(frames: Sequence[int], path: str | Path) -> tuple[list[int], int]:
    """Frame numbers counted from the first one, and the number of frames from first to last."""
    first = min(frames)
    total = max(frames) - first + 1
    if total > 100 * len(frames):
        raise RecordingError(
            f'{path}: its {len(frames)} entries span {total} frames. If these are times, number the frames instead.'
        )
    return [frame - first for frame in frames], total


def at(path: str | Path, line: int, what: str) -> RecordingError:
    """The error of a line."""
    return RecordingError(f'{path}, line {line}: {what}')
