"""Predictions of OpenPose: a folder a video, with a file ``…_keypoints.json`` a frame."""

import re
from pathlib import Path

import numpy as np

from usdrl_mmaction.errors import RecordingError

from ..clip import Clip
from ..tracking import track_people
from .text import from_first, read_json

PATTERN = '*_keypoints.json'


def is_openpose(path: Path) -> bool:
    return path.is_dir() and next(path.glob(PATTERN), None) is not None


def read_openpose(path: str | Path) -> Clip:
    """A folder; people are tracked from frame to frame, the most active one comes first. Frames are numbered by the
    digits before ``_keypoints.json``."""
    files = sorted(Path(path).glob(PATTERN))
    if not files:
        raise RecordingError(f'{path} has no file {PATTERN}.')
    number, total = from_first([_frame_number(file) for file in files], path)
    people = [[] for _ in range(total)]
    for file, t in zip(files, number, strict=True):
        people[t] = _people(file)
    return track_people(people, path)


def _frame_number(file):
    digits = re.search(r'(\d+)_keypoints\.json$', file.name)
    if not digits:
        raise RecordingError(f'{file}: no frame number before _keypoints.json.')
    return int(digits.group(1))


def _people(file):
    content = read_json(file)
    if not isinstance(content, dict) or not isinstance(content.get('people'), list):
        raise RecordingError(f"{file} has no list of 'people'.")
    return [_person(person, f'{file}: person {index}') for index, person in enumerate(content['people'])]


def _person(person, where):
    """x, y and score.  # (V, 3)"""
    try:
        values = np.array(person['pose_keypoints_2d'], dtype=np.float32)
    except (KeyError, TypeError, ValueError) as error:
        raise RecordingError(f"{where} has no list of numbers 'pose_keypoints_2d' ({error!r}).") from None
    if values.ndim != 1 or not len(values) or len(values) % 3:
        raise RecordingError(f"{where}: 'pose_keypoints_2d' has {values.size} numbers, not 3 a joint.")
    if not np.isfinite(values).all():
        raise RecordingError(f"{where}: 'pose_keypoints_2d' is not finite.")
    return values.reshape(-1, 3)
