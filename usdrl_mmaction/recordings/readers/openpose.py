"""Predictions of OpenPose: a folder for each video, with a file ``…_keypoints.json`` for each frame."""

import re
from pathlib import Path

from usdrl_mmaction.errors import RecordingError
from usdrl_mmaction.skeletons import LAYOUTS

from ..clip import Clip
from ..tracking import track_people
from .arrays import numbers
from .text import from_first, read_json

MODELS = {25: 'openpose_25', 18: 'openpose'}  # the layouts of BODY_25 and COCO, by their joints
PATTERN, FIELD = '*_keypoints.json', 'pose_keypoints_2d'


def is_openpose(path: Path) -> bool:
    return path.is_dir() and next(path.glob(PATTERN), None) is not None


def read_openpose(path: str | Path) -> Clip:
    """A folder. People are tracked from frame to frame; the most active person is the first. The digits before
    ``_keypoints.json`` number the frames."""
    files = sorted(Path(path).glob(PATTERN))
    if not files:
        raise RecordingError(f'{path} has no file {PATTERN}.')
    digits = [re.search(r'(\d+)_keypoints\.json$', file.name) for file in files]
    if None in digits:
        raise RecordingError(f'{files[digits.index(None)]}: no frame number before _keypoints.json.')
    number, total = from_first([int(match[1]) for match in digits], path)
    people = [[] for _ in range(total)]
    for file, t in zip(files, number, strict=True):
        content = read_json(file)
        if not isinstance(content, dict) or not isinstance(content.get('people'), list):
            raise RecordingError(f"{file} has no list of 'people'.")
        people[t] = [_person(person, f'{file}: person {index}') for index, person in enumerate(content['people'])]
    joints = max((len(person) for frame in people for person in frame), default=0)
    return track_people(people, path, joints=LAYOUTS[MODELS[joints]].names if joints in MODELS else ())


def _person(person, where):
    """x, y and score.  # (V, 3)"""
    if not isinstance(person, dict) or FIELD not in person:
        raise RecordingError(f"{where} has no list of numbers '{FIELD}'.")
    values = numbers(person[FIELD], f"{where}: '{FIELD}'")
    if values.ndim != 1 or not len(values) or len(values) % 3:
        raise RecordingError(f"{where}: '{FIELD}' has {values.size} numbers, not 3 per joint.")
    return values.reshape(-1, 3)
