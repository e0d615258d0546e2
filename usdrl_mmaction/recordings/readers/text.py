"""Text files as lines and numbers, with errors that name file and line."""

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from usdrl_mmaction.errors import RecordingError
from usdrl_mmaction.files import missing


def read_lines(path: str | Path) -> list[str]:
    """The lines of a text file, without empty ones at the end."""
    try:
        lines = Path(path).read_text(encoding='utf-8-sig').splitlines()
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
    """The content of a JSON file."""
    try:
        return json.loads('\n'.join(read_lines(path)))
    except json.JSONDecodeError as error:
        raise at(path, error.lineno, f'no JSON ({error.msg}). Is the file cut short?') from None


@np.errstate(over='ignore')  # what is too large becomes infinite, and is refused as such
def to_numbers(rows: list[list[str]], columns: int, path: str | Path, lines: Sequence[int] | None = None) -> np.ndarray:
    """Words to float32; ``lines`` are the line numbers of the rows, by default from 1.  # (rows, columns)"""
    try:
        values = np.array(rows, dtype=np.float32)
    except ValueError:  # a word that is no number, or rows of different lengths
        values = None
    if values is None or values.shape != (len(rows), columns) or not np.isfinite(values).all():
        raise _first_fault(rows, columns, path, lines or range(1, len(rows) + 1))
    return values


def _first_fault(rows, columns, path, lines):
    for row, line in zip(rows, lines, strict=True):
        if len(row) != columns:
            return at(path, line, f'{len(row)} numbers, not {columns}.')
        for word in row:
            try:
                finite = np.isfinite(np.float32(word))
            except ValueError:
                return at(path, line, f"'{word}' is not a number. Write 0 where a joint was not seen.")
            if not finite:
                return at(path, line, f"'{word}' is not a finite number. Write 0 where a joint was not seen.")
    raise AssertionError('unreachable: there is a fault')


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
            f'{path}: its {len(frames)} entries spread over {total} frames. Are these times? Number the frames instead.'
        )
    return [frame - first for frame in frames], total


def at(path: str | Path, line: int, what: str) -> RecordingError:
    """The error of a line."""
    return RecordingError(f'{path}, line {line}: {what}')
