"""PKU-MMD I and II: text files of skeletons, labels and splits."""

from pathlib import Path
from typing import NamedTuple

from usdrl_mmaction.errors import RecordingError

from ..clip import Clip
from .text import at, read_lines, to_integer, to_numbers

PERSONS, JOINTS, CLASSES = 2, 25, 51


class Segment(NamedTuple):
    """An action of a video."""

    label: int  # from 1
    start: int
    end: int  # exclusive; may be after the end of the video
    line: int  # of the label file


def read_pkummd(path: str | Path) -> Clip:
    """A video: a line for each frame, of 2 persons × 25 joints × xyz, zero without a person.  # (2, T, 25, 3)"""
    rows = [line.split() for line in read_lines(path)]
    values = to_numbers(rows, PERSONS * JOINTS * 3, path)
    return Clip(values.reshape(-1, PERSONS, JOINTS, 3).swapaxes(0, 1))


def read_segments(path: str | Path, frames: int) -> tuple[list[Segment], list[RecordingError]]:
    """The actions of a video of that many frames, and the errors of those that are left out.

    A line is ``label,start,end,confidence``. The start is the first frame of the action, counted from 0; the end is the
    first frame after it.
    """
    segments, faults = [], []
    for line, text in enumerate(read_lines(path), 1):
        fields = text.split(',')
        try:
            if len(fields) != 4:
                raise at(path, line, f"{len(fields)} fields, not label,start,end,confidence: '{text}'.")
            names = zip(fields, ('a label', 'a start', 'an end'), strict=False)
            label, start, end = (to_integer(field, path, line, name) for field, name in names)
            if not 1 <= label <= CLASSES:
                raise at(path, line, f'label {label} is not among 1 to {CLASSES}.')
            if not 0 <= start < end:
                raise at(path, line, f'a segment cannot be from {start} to {end}.')
            if start >= frames:
                raise at(path, line, f'the segment from {start} to {end} is after the {frames} frames of the video.')
            segments.append(Segment(label, start, end, line))
        except RecordingError as error:
            faults.append(error)
    return segments, faults


def read_split(path: str | Path) -> dict[str, list[str]]:
    """The names of ``train`` and ``val``: lines of comma-separated names after the headers Train… and Valid…"""
    halves, where = {'train': 'train', 'valid': 'val'}, {}
    half = None
    for line, text in enumerate(read_lines(path), 1):
        header = text.strip().lower()[:5]
        if header in halves:
            half = halves[header]
            continue
        for name in filter(None, map(str.strip, text.split(','))):
            if half is None:
                raise at(path, line, f"'{name}' is before a header that starts with Train or Valid.")
            if where.setdefault(name, half) != half:
                raise at(path, line, f"'{name}' is for training and for validation.")
    split = {half: [name for name in where if where[name] == half] for half in halves.values()}
    for half, names in split.items():
        if not names:
            raise RecordingError(f'{path} has no names for {half}: a header Train… or Valid… with names is missing.')
    return split
