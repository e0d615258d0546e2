"""TRC, the marker files of OpenSim, which Pose2Sim, OpenCap and motion capture systems write."""

from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from usdrl_mmaction.errors import RecordingError

from ..clip import Clip, seen_only
from .text import at, to_integer, to_values

RATE, MARKERS = 'DataRate', 'NumMarkers'


def is_trc(lines: Sequence[str]) -> bool:
    return lines[0].startswith('PathFileType')


def read_trc(lines: Sequence[str], path: Path) -> Clip:
    """One person, in the unit of the file. An empty field is a marker that was not seen."""
    header = next((n for n, line in enumerate(lines) if line.strip().lower().startswith('frame#')), None)
    if header is None or header < 2:
        raise RecordingError(f"{path} is no TRC file: it needs lines of 'DataRate' and of 'Frame#'.")
    known = dict(zip(lines[header - 2].split(), lines[header - 1].split(), strict=False))
    names = [name.strip() for name in lines[header].rstrip('\t\r\n ').split('\t')[2:] if name.strip()]
    if MARKERS in known and to_integer(known[MARKERS], path, header, 'the number of markers') != len(names):
        raise at(path, header + 1, f'{len(names)} names of markers, where line {header} counts {known[MARKERS]}.')
    rows, numbers, width = [], [], 3 * len(names)
    for number, line in enumerate(lines[header + 1 :], header + 2):
        frame, _, *fields = [*map(str.strip, line.split('\t')), '', '']
        if frame.isdigit():
            fields = fields[:-2]
            while len(fields) > width and not fields[-1]:
                fields.pop()
            rows.append(fields)
            numbers.append(number)
        elif line.strip() and not line.split()[0].upper().startswith('X'):
            raise at(path, number, f"'{frame:.20}' is not the number of a frame.")
    if not rows or not names:
        raise RecordingError(f'{path} has no frames of markers.')
    for row, number in zip(rows, numbers, strict=True):
        if len(row) != width:
            raise at(path, number, f'{len(row)} numbers, not {width}.')
    keypoint = to_values(rows, path, numbers).reshape(1, len(rows), len(names), 3)
    keypoint, _ = seen_only(keypoint)
    rate = None
    with suppress(KeyError, ValueError):
        rate = float(known[RATE])
    return Clip(keypoint, joints=tuple(names), fps=rate if rate and rate > 0 else None)
