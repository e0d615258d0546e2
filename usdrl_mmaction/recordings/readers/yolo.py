"""Labels of Ultralytics's pose models (``save_txt``): a folder for each video with a text file for each frame in which
someone is, and a line a person: class, box, keypoints, and confidence and track if they were asked for."""

from pathlib import Path

import numpy as np

from usdrl_mmaction.errors import RecordingError

from ..clip import Clip
from .persons import TOP_DOWN, Person, gather
from .text import at, to_numbers

BOX = 5  # class, centre, width and height
JOINTS = 17


def is_frame(lines: list[str]) -> bool:
    """Lines of a class and of shares of the picture."""
    words = lines[0].split() if lines else []
    try:
        values = [float(word) for word in words]
    except ValueError:
        return False
    extra = len(values) - BOX - 3 * JOINTS
    known = extra in (0, 1, 2) or (len(values) - BOX) % 3 == 0 or (len(values) - BOX) % 2 == 0
    return len(values) >= BOX + 10 and known and words[0].isdigit() and all(-0.5 <= v <= 1.5 for v in values[1:-2])


def read_frames(files: dict[str, list[str]], path: Path) -> Clip:
    """Coordinates are shares of the picture's width and height, as in the files."""
    frames = {}
    for name, lines in files.items():
        rows = [line.split() for line in lines if line.strip()]
        if rows:
            values = to_numbers(rows, len(rows[0]), path / name)
            frames[name] = [person_of(row, path / name, line) for line, row in enumerate(values, 1)]
        else:
            frames[name] = []
    first = next((person for people in frames.values() for person in people), None)
    joints = 0 if first is None else len(first.joints)
    return gather(frames, path, TOP_DOWN.get(joints, ()))


def person_of(row: np.ndarray, path: Path, line: int) -> Person:
    """Three numbers a joint, the last its confidence, or two; then, or not, the confidence of the person and the
    number of the track."""
    width = len(row) - BOX
    shapes = [(*divmod(width - extra, channels), channels, extra) for channels in (3, 2) for extra in (0, 1, 2)]
    usual = [shape for shape in shapes if shape[0] in TOP_DOWN and shape[1] == 0]
    joints, _, channels, extra = next(iter(usual), (width // 3, 0, 3, width % 3))
    if joints < 3:
        raise at(path, line, f'{len(row)} numbers, not a class, a box and joints of x, y and confidence.')
    found = row[BOX : BOX + joints * channels].reshape(joints, channels)
    if channels == 2:
        found = np.c_[found, found.any(1)]
    track = int(row[-1]) if extra and row[-1] >= 1 and row[-1] == int(row[-1]) else None
    return Person(found.astype(np.float32), track)


def read_labels(lines: list[str], path: Path) -> Clip:
    raise RecordingError(f'{path} is one frame of Ultralytics: give the folder that has a file for each frame.')
