"""People in frames, as the readers of pose estimators' files find them, and what they become: a clip."""

import math
import re
from collections.abc import Hashable, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from usdrl_mmaction.errors import RecordingError
from usdrl_mmaction.skeletons import LAYOUTS

from ..clip import Clip
from ..tracking import track_people

HANDS = tuple(f'{side}_hand_{joint}' for side in ('left', 'right') for joint in range(21))
FACE = tuple(f'face_{point}' for point in range(68))
HALPE = LAYOUTS['halpe'].names
# The joints of files that do not name them, by their number.
TOP_DOWN = {
    14: (*(f'{side}_{part}' for part in ('shoulder', 'elbow', 'wrist', 'hip', 'knee', 'ankle')
           for side in ('left', 'right')), 'head_top', 'neck'),
    16: LAYOUTS['mpii'].names,
    17: LAYOUTS['coco'].names,
    26: HALPE,
    133: LAYOUTS['coco_wholebody'].names,
    136: HALPE + FACE + HANDS,
}  # fmt: skip
RATES = ('fps', 'framerate', 'framespersecond', 'videofps', 'samplingrate', 'camerafps', 'mocapframerate')
SIZES = ('width', 'height')
SPARSE = 3  # times as many frames as were found: numbers that span more are names, not a count


class Person(NamedTuple):
    """Someone in a frame."""

    joints: np.ndarray  # (V, C + 1), the score last; 0 where not seen
    id: Hashable = None  # of the estimator's tracker


def gather(frames: dict[Any, list[Person]], path: str | Path, joints: Sequence[str] = (), content: Any = None) -> Clip:
    """The clip of people by frame, whose keys are numbers, or names of images that end in numbers. ``content`` may give
    the frames per second and the size of the video."""
    if not frames:
        raise RecordingError(f'{path}: no frames are in it.')
    places, total = places_of(list(frames))
    people = [[] for _ in range(total)]
    for place, found in zip(places, frames.values(), strict=True):
        people[place] += found
    ids = [[person.id for person in found] for found in people]
    clip = track_people([[unseen(person.joints) for person in found] for found in people], path, tuple(joints), ids)
    return clip._replace(fps=rate_of(content), img_shape=size_of(content))


def places_of(keys: Sequence) -> tuple[list[int], int]:
    """The place of each frame among all, and how many there are: frames that are left out have a place too."""
    numbered = [number_of(key) for key in keys]
    if None in numbered or len(set(numbered)) < len(keys):
        return list(range(len(keys))), len(keys)
    ordered = sorted(numbered)
    step = math.gcd(*(after - before for before, after in pairwise(ordered))) or 1
    total = (ordered[-1] - ordered[0]) // step + 1
    if total > SPARSE * len(keys) + 30:
        ranks = {number: rank for rank, number in enumerate(ordered)}
        return [ranks[number] for number in numbered], len(keys)
    return [(number - ordered[0]) // step for number in numbered], total


def number_of(key: Any) -> int | None:
    """12 of 12, '12', 'frame_000012.jpg' and 'clip_12_keypoints'."""
    if isinstance(key, bool) or not isinstance(key, int | float | str):
        return None
    if isinstance(key, int | float):
        return int(key) if math.isfinite(key) and key == int(key) and abs(key) < 2**53 else None
    digits = re.findall(r'\d+', re.sub(r'\.[A-Za-z]\w*$', '', key.replace('\\', '/').rpartition('/')[2]))
    return int(digits[-1][-15:]) if digits else None


def scored(values: Any, where: str, channels: int = 3) -> np.ndarray:
    """Coordinates and score of joints from a list of all numbers or of one list a joint.  # (V, channels)"""
    array = values_of(values, where)
    if array.ndim == 1 and len(array) and len(array) % channels == 0:
        array = array.reshape(-1, channels)
    if array.ndim != 2 or array.shape[1] != channels or not len(array):
        raise RecordingError(f'{where} has {array.size} numbers, not {channels} per joint.')
    return array


@np.errstate(over='ignore')  # numbers that are too large become infinite and are refused
def values_of(values: Any, where: str) -> np.ndarray:
    """An array of float32, NaN where the file has null or NaN."""
    try:
        array = np.array(values, dtype=np.float32)
    except (TypeError, ValueError, OverflowError) as error:
        raise RecordingError(f'{where} is not an array of numbers ({error}).') from None
    if np.isinf(array).any():
        raise RecordingError(f'{where} is not finite at {tuple(np.argwhere(np.isinf(array))[0].tolist())}.')
    return array


def unseen(person: np.ndarray) -> np.ndarray:
    """With all of a joint zero where one of its coordinates is NaN.  # (V, C + 1)"""
    return np.where(np.isnan(person[:, :-1]).any(1, keepdims=True), 0, person)


def rate_of(content: Any) -> float | None:
    """Frames per second, where a dict, or one in it, says so under a usual name."""
    found = search(content, RATES)
    return float(found) if found and math.isfinite(found) and 0 < found < 10000 else None


def size_of(content: Any) -> tuple[int, int] | None:
    """Height and width of the video, where a dict, or one in it, says so."""
    width, height = (search(content, (name, f'image{name}', f'video{name}', f'frame{name}')) for name in SIZES)
    whole = all(side and math.isfinite(side) and 1 < side < 100000 for side in (width, height))
    return (int(height), int(width)) if whole else None


def search(content: Any, names: Sequence[str]) -> float | None:
    """The number under one of the names, in a dict or those that it has."""
    if not isinstance(content, dict):
        return None
    for key, value in content.items():
        if plain(key) in names and isinstance(value, int | float) and not isinstance(value, bool):
            return value
    inner = (search(value, names) for key, value in content.items() if isinstance(value, dict) and len(content) < 50)
    return next((value for value in inner if value is not None), None)


def plain(key: Any) -> str:
    """A key without its spelling: 'frameRate', 'frame_rate' and 'Frame Rate' are one."""
    return re.sub(r'[\W_]+', '', str(key)).lower()
