"""Recordings as arrays: in memory, or as NPZ files with an array of joints, or NPY files that are one."""

import re
from pathlib import Path
from typing import Any

import numpy as np

from usdrl_mmaction.errors import RecordingError
from usdrl_mmaction.skeletons import LAYOUTS

from ..clip import MOST_PEOPLE, Clip, seen_only
from .columns import SIZES
from .flat import unflatten, with_score, without_others

MEDIAPIPE = LAYOUTS['mediapipe']


# What tools call the array of joints, the likeliest first.
KEYS = (
    'keypoint keypoints keypoints_3d keypoints3d keypoints_2d keypoints2d positions_3d joints3d joints_3d joints2d '
    'joints_2d joints joint skeletons skeleton poses pose landmarks world_landmarks coords xyz positions data x arr_0'
)
SCORE = re.compile('score|conf|visib|likelihood', re.IGNORECASE)
RATES = ('fps', 'frame_rate', 'framerate', 'frequency', 'mocap_framerate')
LEAST = 5  # joints of an array that nobody named


def read_npz(path: str | Path) -> Clip:
    """The arrays of an NPZ file as ``from_arrays`` takes them, or an NPY file that is the keypoint array."""
    try:
        loaded = np.load(path, allow_pickle=False)
        arrays = loaded if isinstance(loaded, np.ndarray) else dict(_readable(loaded))
    except Exception as error:  # a damaged file can make numpy raise anything
        raise RecordingError(f'{path} is not a whole NPY or NPZ file of numbers ({error}).') from None
    return from_arrays(arrays, path)


def _readable(loaded):
    """The arrays of an NPZ file, without those of objects if there are others."""
    objects = []
    for key in loaded.files:
        try:
            yield key, loaded[key]
        except ValueError as error:
            if 'pickle' not in str(error):
                raise
            objects.append(error)
    if objects and len(objects) == len(loaded.files):
        raise objects[0]


def from_arrays(arrays: Any, name: str | Path) -> Clip:
    """A clip from an array of joints, or from a dict of arrays with one.

    The array is ``keypoint``, or the only one that joints can be: (M, T, V, C) or, of one person, (T, V, C) or (T, VC),
    with 2 or 3 coordinates and perhaps a score for each joint. A dict may also have a ``keypoint_score``, the same
    without C, an ``img_shape``, height and width, the names of the joints, and ``fps``. NaN is a joint that was not
    seen.
    """
    arrays = arrays if isinstance(arrays, dict) else {'keypoint': arrays}
    key = _key_of(arrays, name)
    given = _numbers(arrays[key], f"{name}: '{key}'")
    found = _joints_of(given, sure=key == 'keypoint')
    if found is None:
        raise RecordingError(
            f"{name}: '{key}' has to be (M, T, V, C), people, frames, joints and coordinates, or (T, V, C), with 2 or "
            f'3 coordinates and perhaps a score, or (T, VC) of a known layout, not {given.shape}.'
        )
    keypoint, score = found
    score = _score_of(arrays, keypoint.shape[:-1], name) if score is None else score
    shape = arrays.get('img_shape')
    if shape is not None:
        shape = np.asarray(shape)
        if shape.shape != (2,) or shape.dtype.kind not in 'fiu' or not (shape > 0).all():
            raise RecordingError(f"{name}: 'img_shape' is height and width, not {shape.tolist()}.")
        shape = tuple(map(int, shape))
    keypoint, score = seen_only(keypoint, score)
    return Clip(keypoint, score, shape, _names_of(arrays, keypoint.shape[2]), _fps_of(arrays))


def _key_of(arrays: dict, name: str | Path) -> str:
    """The array of joints."""
    if 'keypoint' in arrays:
        return 'keypoint'
    plausible = [
        key
        for key, value in arrays.items()
        if (array := _array(value)).dtype.kind in 'fiu'
        and not SCORE.search(str(key))
        and _joints_of(array, sure=False) is not None
    ]
    known = [key for key in KEYS.split() if key in {str(key).lower() for key in plausible}]
    if known:
        return next(key for key in plausible if str(key).lower() == known[0])
    if len(plausible) != 1:
        has = f'It has: {", ".join(map(str, arrays)) or "nothing"}.'
        several = f' {len(plausible)} of them could be joints: name one so.' if plausible else ''
        raise RecordingError(f"{name} has no array 'keypoint'. {has}{several}")
    return plausible[0]


def _joints_of(given: np.ndarray, sure: bool) -> tuple[np.ndarray, np.ndarray | None] | None:
    """Joints and scores, or None for an array of other things. Unless it is ``sure`` that they are joints, there are
    several.  # (M, T, V, C), (T, V, C) or (T, VC) -> (M, T, V, C), (M, T, V) or None"""
    if 0 in given.shape:
        return None
    if given.ndim == 2:
        return unflatten(without_others(given)[0])
    if given.ndim == 5 and given.shape[0] == 1 and given.shape[1] in (2, 3) and given.shape[3] in SIZES:
        given = given[0].transpose(3, 1, 2, 0)  # (1, C, T, V, M)
    if given.ndim == 5 and 1 in (given.shape[0], given.shape[-1]):
        given = given[0] if given.shape[0] == 1 else given[..., 0]
    if given.ndim == 4 and given.shape[-1] == 1 and given.shape[0] in (2, 3):  # (C, T, V, 1)
        given = given[..., 0].transpose(1, 2, 0)
    if given.ndim == 3:
        given = given[None]
    if given.ndim != 4:
        return None
    if given.shape[-2] in (2, 3) and given.shape[-1] in SIZES:  # (…, C, V)
        given = given.swapaxes(-1, -2)
    joints, channels = given.shape[-2:]
    if channels not in (2, 3, 4) and (joints, channels) != (len(MEDIAPIPE), 5):
        return None
    if not sure and (joints < LEAST or channels == joints):
        return None
    if given.shape[0] > MOST_PEOPLE >= given.shape[1]:  # (T, M, V, C)
        given = given.swapaxes(0, 1)
    return with_score(given)


def _array(value: Any) -> np.ndarray:
    """An array of whatever there is in a file or a dict; of objects, if it is none of numbers or words."""
    try:
        return np.asarray(value)
    except (TypeError, ValueError):  # lists of different lengths
        return np.array(None)


def _score_of(arrays: dict, shape: tuple[int, ...], name: str | Path) -> np.ndarray | None:
    """(M, T, V)"""
    keys = ['keypoint_score', *(key for key in arrays if SCORE.search(str(key)))]
    for key in keys:
        if arrays.get(key) is None:
            continue
        score = _array(arrays[key])
        if score.shape in (shape, shape[1:]) and shape[0] in (1, score.shape[0]):
            return _numbers(score, f"{name}: '{key}'").reshape(shape)
        if score.shape == (*shape, 1) or score.shape == (*shape[1:], 1):
            return _numbers(score, f"{name}: '{key}'").reshape(shape)
        if key == 'keypoint_score':
            raise RecordingError(f"{name}: 'keypoint_score' is {score.shape}, not {shape}.")
    return None


def _names_of(arrays: dict, joints: int) -> tuple[str, ...]:
    """The first array of as many different words as there are joints."""
    for words in map(_array, arrays.values()):
        if words.dtype.kind in 'US' and words.shape == (joints,):
            names = tuple(word.decode() if isinstance(word, bytes) else str(word) for word in words.tolist())
            if len(set(names)) == joints:
                return names
    return ()


def _fps_of(arrays: dict) -> float | None:
    for key in RATES:
        value = _array(arrays.get(key))
        if value.dtype.kind in 'fiu' and value.size == 1 and value.item() > 0:
            return float(value.item())
    return None


def numbers(values: Any, what: str) -> np.ndarray:
    """An array of finite float32; ``what`` names it in errors."""
    array = _numbers(values, what)
    if np.isnan(array).any():
        place = tuple(np.argwhere(np.isnan(array))[0].tolist())
        raise RecordingError(f'{what} is not finite at {place}. Write 0 where a joint was not seen.')
    return array


@np.errstate(over='ignore')  # numbers that are too large become infinite and are refused
def _numbers(values: Any, what: str) -> np.ndarray:
    """An array of float32 that may have NaN."""
    try:
        array = np.asarray(values)
    except (TypeError, ValueError) as error:
        raise RecordingError(f'{what} is not an array of numbers ({error}).') from None
    if array.dtype.kind not in 'fiub':
        raise RecordingError(f'{what} holds {array.dtype}, not numbers.')
    array = array.astype(np.float32, copy=False)
    if np.isinf(array).any():
        place = tuple(np.argwhere(np.isinf(array))[0].tolist())
        raise RecordingError(f'{what} is infinite at {place}. Write NaN or 0 where a joint was not seen.')
    return array
