"""Recordings as CSV, in one of two forms, which the header shows:

- wide, a line per frame: ``nose_x,nose_y[,nose_z][,nose_score],left_eye_x,…``, with columns ``frame`` and ``person`` if
  there are gaps or several people;
- long, a line per joint: ``frame,joint,x,y[,z][,score]``, with a column ``person`` if there are several people.
"""

import csv
from pathlib import Path
from typing import NamedTuple

import numpy as np

from usdrl_mmaction.errors import RecordingError

from ..clip import Clip
from .text import at, from_first, read_lines, to_integer, to_numbers

CHANNELS = ('x', 'y', 'z', 'score')


def read_csv(path: str | Path) -> Clip:
    """A table of either form; people are in the order of their first line, joints in that of the columns (wide) or of
    their first line (long), or by number."""
    return clip_of(read_table(path))


def clip_of(table: 'Table') -> Clip:
    values, joints, channels, keys = (_long if 'joint' in table.header else _wide)(table)
    names = table.column('person') or ['0'] * len(table.rows)
    persons = {name: index for index, name in enumerate(dict.fromkeys(names))}
    frame, frames = _frame_numbers(table)
    cells = list(zip(map(persons.get, names), frame, *keys, strict=True))
    seen = {}
    for cell, line in zip(cells, table.lines, strict=True):
        if seen.setdefault(cell, line) != line:
            raise at(table.path, line, f'the same person, frame and joint as in line {seen[cell]}.')
    gathered = np.zeros((len(persons), frames, len(joints), len(channels)), np.float32)
    gathered[tuple(np.array(cells).T)] = values
    if channels[-1] == 'score':
        return Clip(gathered[..., :-1], gathered[..., -1], joints=joints)
    return Clip(gathered, joints=joints)


class Table(NamedTuple):
    """The fields of a CSV file, and the line of each row."""

    path: str | Path
    header: list[str]
    rows: list[list[str]]
    lines: list[int]

    def column(self, name):
        return [row[self.header.index(name)] for row in self.rows] if name in self.header else None

    def numbers(self, columns):
        words = [[row[column] for column in columns] for row in self.rows]
        return to_numbers(words, len(columns), self.path, self.lines)


def read_table(path: str | Path) -> Table:
    reader = csv.reader(read_lines(path))
    header, rows, lines = [name.strip() for name in next(reader)], [], []
    for row in reader:
        if len(row) != len(header):
            raise at(path, reader.line_num, f'{len(row)} fields, but the header has {len(header)}.')
        rows.append([field.strip() for field in row])
        lines.append(reader.line_num)
    if not rows:
        raise RecordingError(f'{path} has a header and nothing below it.')
    if len(set(header)) < len(header):
        raise at(path, 1, 'two columns have the same name.')
    return Table(path, header, rows, lines)


def _wide(table):
    columns = {}  # joint → channel → column
    for column, name in enumerate(table.header):
        joint, _, channel = name.rpartition('_')
        if name in ('frame', 'person'):
            continue
        if not joint or channel not in CHANNELS:
            raise at(table.path, 1, f"column '{name}' is not frame, person, JOINT_x, JOINT_y, JOINT_z or JOINT_score.")
        columns.setdefault(joint, {})[channel] = column
    joints = _in_order(columns)
    channels = _channels({channel for found in columns.values() for channel in found}, table.path)
    for joint, found in columns.items():
        if set(found) != set(channels):
            raise at(table.path, 1, f"joint '{joint}' has {', '.join(found)}, others have {', '.join(channels)}.")
    values = table.numbers([columns[joint][channel] for joint in joints for channel in channels])
    return values.reshape(len(table.rows), len(joints), len(channels)), joints, channels, ()


def _long(table):
    unknown = set(table.header) - {'frame', 'person', 'joint', *CHANNELS}
    if unknown or 'frame' not in table.header:
        found = ','.join(table.header)
        raise at(table.path, 1, f"the columns are frame[,person],joint,x,y[,z][,score], not '{found}'.")
    channels = _channels(set(table.header) & set(CHANNELS), table.path)
    names = table.column('joint')
    joints = _in_order(dict.fromkeys(names))
    place = {joint: index for index, joint in enumerate(joints)}
    return table.numbers([table.header.index(c) for c in channels]), joints, channels, ([place[n] for n in names],)


def _channels(found, path):
    if not {'x', 'y'} <= found:
        raise at(path, 1, 'no columns of x and y. Are the fields separated by commas?')
    return [channel for channel in CHANNELS if channel in found]


def _in_order(joints):
    """In the order of the file, or by number if all are numbers."""
    return tuple(sorted(joints, key=int) if all(joint.isdigit() for joint in joints) else joints)


def _frame_numbers(table):
    words = table.column('frame')
    if words is None:
        if 'person' in table.header:
            raise at(table.path, 1, "a column 'person' needs a column 'frame'.")
        return range(len(table.rows)), len(table.rows)
    # Spreadsheets and pandas write 3 as 3.0 in a column that has had gaps.
    pairs = zip(words, table.lines, strict=True)
    numbers = [to_integer(word.removesuffix('.0'), table.path, line, 'a frame') for word, line in pairs]
    return from_first(numbers, table.path)
