"""Markers as Vicon Nexus and OptiTrack Motive export them to CSV: the rate, rows of names, kinds and axes above the
columns, and a line a frame."""

import csv
from collections.abc import Sequence
from itertools import takewhile
from pathlib import Path

from usdrl_mmaction.errors import RecordingError

from ..clip import Clip
from .text import at, to_numbers, to_values

TITLE = 'Trajectories'


def is_vicon(lines: Sequence[str]) -> bool:
    return any(line.strip(' ,\t"') == TITLE for line in lines)


def read_vicon(lines: Sequence[str], path: Path) -> Clip:
    """The markers of one person. An empty field is a marker that was not seen."""
    start = next(number for number, line in enumerate(lines) if line.strip(' ,\t"') == TITLE)
    delimiter = '\t' if '\t' in lines[start + 2] else ','
    table = list(csv.reader(takewhile(str.strip, lines[start + 1 :]), delimiter=delimiter))
    if len(table) < 5:
        raise RecordingError(f'{path} has no frames of markers below its {TITLE}.')
    rate = to_numbers([table[0][:1]], 1, path, [start + 2])[0, 0]
    columns = [(name.strip(), column) for column, name in enumerate(table[1]) if name.strip()]
    rows, numbers = table[4:], range(start + 6, start + 2 + len(table))
    width = columns[-1][1] + 3
    for row, number in zip(rows, numbers, strict=True):
        if len(row) < width:
            raise at(path, number, f'{len(row)} fields, but the markers above have {width}.')
    words = [[word.strip() for _, column in columns for word in row[column : column + 3]] for row in rows]
    keypoint = to_values(words, path, numbers).reshape(1, len(rows), len(columns), 3)
    return Clip(keypoint, joints=tuple(name for name, _ in columns), fps=float(rate) if rate > 0 else None)


def is_motive(lines: Sequence[str]) -> bool:
    return lines[0].startswith('Format Version') and 'Take Name' in lines[0]


def read_motive(lines: Sequence[str], path: Path) -> Clip:
    """The labelled markers of one person, or the bones if it has no markers."""
    first = next(csv.reader(lines[:1]))
    known = dict(zip(first[::2], first[1::2], strict=False))
    table = [[word.strip() for word in row] for row in csv.reader(lines)]
    titles = {row[1]: row for row in table[:9] if len(row) > 1 and row[1] in ('Type', 'Name')}
    head = next((number for number, row in enumerate(table[:12]) if row[:1] == ['Frame']), None)
    if head is None or len(titles) < 2:
        raise RecordingError(f"{path} is no CSV file of Motive: it needs rows of 'Type', 'Name' and 'Frame'.")
    kinds, names, places, axes = titles['Type'], titles['Name'], table[head - 1], table[head]
    starts = [n for n in range(2, len(axes)) if axes[n] == 'X' and places[n] == 'Position']
    starts = [n for n in starts if kinds[n] == 'Marker'] or starts
    rows, numbers = table[head + 1 :], range(head + 2, len(table) + 1)
    if not starts or not rows:
        raise RecordingError(f'{path} has no frames of positions.')
    for row, number in zip(rows, numbers, strict=True):
        if len(row) < starts[-1] + 3:
            raise at(path, number, f'{len(row)} fields, but the header has {len(axes)}.')
    words = [[word for n in starts for word in row[n : n + 3]] for row in rows]
    keypoint = to_values(words, path, numbers).reshape(1, len(rows), len(starts), 3)
    rate = next((known[key] for key in ('Export Frame Rate', 'Capture Frame Rate') if known.get(key)), '0')
    rate = float(to_numbers([[rate]], 1, path)[0, 0])
    return Clip(keypoint, joints=tuple(names[n] for n in starts), fps=rate if rate > 0 else None)
