"""Recordings as arrays: in memory, or as NPZ files with a ``keypoint`` array, or NPY files that are one."""

from pathlib import Path
from typing import Any

import numpy as np

from usdrl_mmaction.errors import RecordingError
from usdrl_mmaction.skeletons import LAYOUTS

from ..clip import Clip

MEDIAPIPE = LAYOUTS['mediapipe']


def read_npz(path: str | Path) -> Clip:
    """The arrays of an NPZ file as ``from_arrays`` takes them, or an NPY file that is the keypoint array."""
    try:
        loaded = np.load(path, allow_pickle=False)
        arrays = loaded if isinstance(loaded, np.ndarray) else {key: loaded[key] for key in loaded.files}
    except Exception as error:  # a damaged file makes numpy raise whatever the damage spells
        raise RecordingError(f'{path} is no whole NPY or NPZ file of numbers ({error}).') from None
    return from_arrays(arrays, path)


def from_arrays(arrays: Any, name: str | Path) -> Clip:
    """A dict of ``keypoint``, (M, T, V, C) or, of one person, (T, V, C), with C = 2 or 3; it may have a
    ``keypoint_score``, the same without C, and an ``img_shape``, height and width. Or the ``keypoint`` alone.

    MediaPipe's landmarks may have their visibility, and their presence, as further coordinates.
    """
    arrays = arrays if isinstance(arrays, dict) else {'keypoint': arrays}
    if 'keypoint' not in arrays:
        raise RecordingError(f"{name} has no array 'keypoint'. It has: {', '.join(map(str, arrays)) or 'nothing'}.")
    keypoint, score = _numbers(arrays['keypoint'], 'keypoint', name), arrays.get('keypoint_score')
    if keypoint.shape[-2:] in ((len(MEDIAPIPE), 4), (len(MEDIAPIPE), 5)):
        keypoint, score = keypoint[..., :3], keypoint[..., 3]
    if keypoint.ndim not in (3, 4) or keypoint.shape[-1] not in (2, 3) or 0 in keypoint.shape:
        raise RecordingError(
            f"{name}: 'keypoint' is (M, T, V, C), people, frames, joints and coordinates, or (T, V, C), with 2 or 3 "
            f'coordinates, not {np.shape(arrays["keypoint"])}.'
        )
    if score is not None:
        score = _numbers(score, 'keypoint_score', name)
        if score.shape != keypoint.shape[:-1]:
            raise RecordingError(f"{name}: 'keypoint_score' is {score.shape}, not {keypoint.shape[:-1]}.")
        score = score.reshape(-1, *score.shape[-2:])
    return Clip(keypoint.reshape(-1, *keypoint.shape[-3:]), score, _img_shape(arrays, name))


def _numbers(values, field, name):
    try:
        array = np.asarray(values)
    except (TypeError, ValueError) as error:
        raise RecordingError(f"{name}: '{field}' is no array of numbers ({error}).") from None
    if array.dtype.kind not in 'fiub':
        raise RecordingError(f"{name}: '{field}' holds {array.dtype}, not numbers.")
    array = array.astype(np.float32, copy=False)
    if not np.isfinite(array).all():
        place = tuple(np.argwhere(~np.isfinite(array))[0].tolist())
        raise RecordingError(f"{name}: '{field}' is not finite at {place}. Write 0 where a joint was not seen.")
    return array


def _img_shape(arrays, name):
    if arrays.get('img_shape') is None:
        return None
    shape = np.asarray(arrays['img_shape'])
    if shape.shape != (2,) or shape.dtype.kind not in 'fiu' or not (shape > 0).all():
        raise RecordingError(f"{name}: 'img_shape' is height and width, not {shape.tolist()}.")
    return int(shape[0]), int(shape[1])
