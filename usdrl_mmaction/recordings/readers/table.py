"""Tables of text: their delimiter, their header of one line, several or none, and their rows."""

import csv
from collections import Counter
from collections.abc import Sequence
from operator import itemgetter
from pathlib import Path
from typing import NamedTuple

import numpy as np

from usdrl_mmaction.errors import RecordingError

from .columns import is_joint, place_of, role_of
from .text import NOTHING, at, read_lines, to_values

DELIMITERS = '\t;|,'  # before space; a comma comes last, as it may be the decimal point
SAMPLE = 40  # lines that tell the delimiter and the header
BLOCK = 4096  # rows that become numbers at a time


class Table(NamedTuple):
    """The fields of a table, and the line of each row. Without a header, columns have no names."""

    path: str | Path
    header: list[str]
    rows: list[list[str]]
    lines: list[int]

    def column(self, index: int) -> list[str]:
        return [row[index].strip() for row in self.rows]

    def numbers(self, columns: Sequence[int]) -> np.ndarray:
        """(rows, columns)"""
        take = itemgetter(*columns) if len(columns) > 1 else lambda row: (row[columns[0]],)
        blocks = range(0, len(self.rows), BLOCK)
        return np.concatenate(
            [to_values([*map(take, self.rows[n : n + BLOCK])], self.path, self.lines[n : n + BLOCK]) for n in blocks]
        )

    def take(self, rows: Sequence[int]) -> 'Table':
        return self._replace(rows=[self.rows[row] for row in rows], lines=[self.lines[row] for row in rows])


def read_table(path: str | Path) -> Table:
    """A table whose first line is its header."""
    rows, lines = _read_rows(path)
    header, rows, lines = rows[0], rows[1:], lines[1:]
    for row, line in zip(rows, lines, strict=True):
        if len(row) != len(header):
            raise at(path, line, f'{_fields(len(row))}, but the header has {len(header)}.')
    if not rows:
        raise RecordingError(f'{path} has a header and nothing below it.')
    if len(set(header)) < len(header):
        raise at(path, 1, 'two columns have the same name.')
    return Table(path, header, rows, lines)


def with_header(path: str | Path) -> Table:
    """A table whose header has one line, several (as pandas and DeepLabCut write them) or none."""
    rows, lines = _read_rows(path)
    width = Counter(len(row) for row in rows[len(rows) // 2 :]).most_common(1)[0][0]
    while len(rows) > 1 and len(rows[0]) not in (width, width - 1) and len(rows[1]) in (width, width - 1, len(rows[0])):
        if not _is_text(rows[0]) or place_of(rows[0][0]) or len(rows[0]) > width:
            break
        rows, lines = rows[1:], lines[1:]  # a title above the table
    depth = _header_lines(rows)
    header, rows, lines = rows[:depth], rows[depth:], lines[depth:]
    if not rows:
        raise RecordingError(f'{path} has a header and nothing below it.')
    if header and len(header[-1]) == width - 1:
        if all(not row[-1] for row in rows if len(row) == width):  # a delimiter ends each line
            rows = [row[:-1] if len(row) == width else row for row in rows]
        else:  # R names the columns after the first
            header = [['', *row] for row in header]
    width = len(header[-1]) if header else width
    if any(len(row) > width for row in header):
        raise at(path, 1, f'a line of the header has more fields than the last one of it, {width}.')
    header = [row + [''] * (width - len(row)) for row in header]
    for row, line in zip(rows, lines, strict=True):
        if len(row) != width:
            what = f'the header has {width}' if header else f'others have {width}'
            raise at(path, line, f'{_fields(len(row))}, but {what}.')
    return Table(path, _one_line(header) or _names_of_long(rows), rows, lines)


def _names_of_long(rows: list[list[str]]) -> list[str]:
    """Names of the columns of a table without a header that has a line per joint: perhaps a frame, the joint, its
    coordinates and perhaps a score. Other tables have none."""
    sample = rows[:SAMPLE]
    at = next((column for column, word in enumerate(rows[0]) if not is_number(word) and word), None)
    after = 0 if at is None else len(rows[0]) - at - 1
    if at is None or at > 1 or not 2 <= after <= 4 or not all(is_joint(row[at]) for row in sample):
        return []
    return [*['frame'][:at], 'joint', *['x', 'y', 'z', 'score'][:after]]


def _fields(count: int) -> str:
    return '1 field' if count == 1 else f'{count} fields'


def _read_rows(path: str | Path) -> tuple[list[list[str]], list[int]]:
    """Fields of the lines that are not empty, and the numbers of these lines."""
    text = read_lines(path)
    if text[0].startswith('sep='):  # as Excel writes it
        text[0] = ''
    lines = [number for number, line in enumerate(text, 1) if line.strip()]
    text = [line for line in text if line.strip()]
    comments = 0
    while comments < len(text) - 1 and text[comments].lstrip().startswith(('#', '%')):
        comments += 1
    if comments:  # the last one may be the header, as NumPy writes it
        text, lines = text[comments - 1 :], lines[comments - 1 :]
        text[0] = text[0].lstrip()[1:].strip()
    delimiter = _delimiter(text[:SAMPLE])
    if comments and len(_split(text[0], delimiter)) != len(_split(text[1], delimiter)):
        text, lines = text[1:], lines[1:]
    if delimiter == ' ':
        return [line.split() for line in text], lines
    reader = csv.reader(text, delimiter=delimiter, skipinitialspace=True)
    try:
        rows = list(reader)
    except csv.Error as error:
        raise at(path, lines[reader.line_num - 1], f'no line of a table ({error}).') from None
    rows[:SAMPLE] = [[field.strip() for field in row] for row in rows[:SAMPLE]]
    return rows, lines[: len(rows)]  # a quoted field of two lines moves the numbers, and no more


def _split(line: str, delimiter: str) -> list[str]:
    return line.split() if delimiter == ' ' else line.split(delimiter)


def _delimiter(lines: list[str]) -> str:
    data = lines[len(lines) // 2 :]
    for delimiter in DELIMITERS:
        width, often = Counter(len(line.split(delimiter)) for line in data).most_common(1)[0]
        if width > 1 and 2 * often > len(data):
            return delimiter
    return ' ' if ' ' in data[0].strip() and not any(',' in line for line in lines) else ','


def is_number(word: str) -> bool:
    try:
        float(word.replace(',', '.'))
    except ValueError:
        return False
    return True


def _is_text(row: list[str]) -> bool:
    """Whether a row has more words than numbers."""
    numbers = sum(map(is_number, row))
    words = sum(word.lower() not in NOTHING for word in row) - numbers
    return words > numbers


def _header_lines(rows: list[list[str]]) -> int:
    """Rows above the first one with data."""
    like_data = rows[min(len(rows) - 1, SAMPLE // 2)]
    numeric = [column for column, word in enumerate(like_data) if is_number(word) or word.lower() in NOTHING]

    def is_header(row: list[str]) -> bool:
        return _is_text([row[column] for column in numeric if column < len(row)] or row)

    if len(rows) == 1:
        return int(_is_text(rows[0]))
    counts = rows[0][:1] == [''] and [word for word in rows[0] if word] == [
        str(number) for number in range(len(rows[0]) - 1)
    ]
    first = 1 if not is_header(rows[0]) and (counts or is_header(rows[1])) else 0  # numbers of joints above x, y, z
    if not first and [*map(str, range(len(rows[0])))] == rows[0] and len(rows[0]) > 3:
        return 1  # as pandas numbers columns
    depth = first
    while depth < min(len(rows), SAMPLE // 4) and is_header(rows[depth]):
        depth += 1
    return depth if depth > first or counts else 0


def _one_line(header: list[list[str]]) -> list[str]:
    """The names of columns from the lines of a header, without words that are the same in all columns."""
    if len(header) < 2:
        return header[0] if header else []
    filled = []
    for row in header:
        if sum(not word for word in row[1:]) > len(row) / 2 - 1 and any(row[1:]):  # a name stands above its columns
            row = [
                word or next((other for other in reversed(row[:column]) if other), '')
                for column, word in enumerate(row)
            ]
        filled.append(row)
    telling = [row for row in filled if len(set(row[1:])) > 1] or filled[-1:]
    words = zip(*map(_people_numbered, telling), strict=True)
    names = [' '.join(word for word in column if not word.startswith('Unnamed:')).strip() for column in words]
    if (place_of(filled[-1][0]) or [''])[0] or place_of(filled[-1][0]) is None:  # names of the levels, and of the index
        names[0] = next((row[0] for row in filled[::-1] if role_of(row[0]) in ('frame', 'time')), '')
    return names


def _people_numbered(row: list[str]) -> list[str]:
    """A line of a header, in which DeepLabCut's individuals become 'person 0' and so on."""
    if row[0].lower() not in ('individuals', 'individual'):
        return row
    numbers = order_of(row[1:])
    return [row[0], *(f'person {numbers[word]}' for word in row[1:])]


def order_of(words: list[str]) -> dict[str, int]:
    return {word: index for index, word in enumerate(dict.fromkeys(words))}
