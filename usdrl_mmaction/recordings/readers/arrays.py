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
    except Exception as error:  # a damaged file can make numpy raise anything
        raise RecordingError(f'{path} is not a whole NPY or NPZ file of numbers ({error}).') from None
    return from_arrays(arrays, path)


def from_arrays(arrays: Any, name: str | Path) -> Clip:
    """A clip from a dict of ``keypoint``, (M, T, V, C) or (T, V, C) of one person, with C = 2 or 3, or from this array
    alone. A dict may also have a ``keypoint_score``, the same without C, and an ``img_shape``, height and width.

    MediaPipe's landmarks may have their visibility, and then their presence, as further coordinates.
    """
    arrays = arrays if isinstance(arrays, dict) else {'keypoint': arrays}
    if 'keypoint' not in arrays:
        raise RecordingError(f"{name} has no array 'keypoint'. It has: {', '.join(map(str, arrays)) or 'nothing'}.")
    keypoint, score = numbers(arrays['keypoint'], f"{name}: 'keypoint'"), arrays.get('keypoint_score')
    if keypoint.shape[-2:] in ((len(MEDIAPIPE), 4), (len(MEDIAPIPE), 5)):
        keypoint, score = keypoint[..., :3], keypoint[..., 3]
    if keypoint.ndim not in (3, 4) or keypoint.shape[-1] not in (2, 3) or 0 in keypoint.shape:
        raise RecordingError(
            f"{name}: 'keypoint' has to be (M, T, V, C), people, frames, joints and coordinates, or (T, V, C), with 2 "
            f'or 3 coordinates, not {np.shape(arrays["keypoint"])}.'
        )
    if score is not None:
        score = numbers(score, f"{name}: 'keypoint_score'")
        if score.shape != keypoint.shape[:-1]:
            raise RecordingError(f"{name}: 'keypoint_score' is {score.shape}, not {keypoint.shape[:-1]}.")
        score = score.reshape(-1, *score.shape[-2:])
    shape = arrays.get('img_shape')
    if shape is not None:
        shape = np.asarray(shape)
        if shape.shape != (2,) or shape.dtype.kind not in 'fiu' or not (shape > 0).all():
            raise RecordingError(f"{name}: 'img_shape' is height and width, not {shape.tolist()}.")
        shape = tuple(map(int, shape))
    return Clip(keypoint.reshape(-1, *keypoint.shape[-3:]), score, shape)


@np.errstate(over='ignore')  # numbers that are too large become infinite and are refused
def numbers(values: Any, what: str) -> np.ndarray:
    """An array of finite float32; ``what`` names it in errors."""
    try:
        array = np.asarray(values)
    except (TypeError, ValueError) as error:
        raise RecordingError(f'{what} is not an array of numbers ({error}).') from None
    if array.dtype.kind not in 'fiub':
        raise RecordingError(f'{what} holds {array.dtype}, not numbers.')
    array = array.astype(np.float32, copy=False)
    if not np.isfinite(array).all():
        place = tuple(np.argwhere(~np.isfinite(array))[0].tolist())
        raise RecordingError(f'{what} is not finite at {place}. Write 0 where a joint was not seen.')
    return array
