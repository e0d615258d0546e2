"""Recordings as arrays: NPZ files with a ``keypoint`` array, or NPY files that are one."""

from pathlib import Path

import numpy as np

from usdrl_mmaction.errors import AnnotationError

from ..clip import Clip


def read_npz(path: str | Path) -> Clip:
    """``keypoint`` is (M, T, V, C), or (T, V, C) of one person, with C = 2 or 3; an NPZ file may have
    ``keypoint_score``, the same without C, and ``img_shape``, height and width."""
    arrays = _load(path)
    if 'keypoint' not in arrays:
        raise AnnotationError(f"{path} has no array 'keypoint'. It has: {', '.join(arrays) or 'nothing'}.")
    keypoint = _numbers(arrays['keypoint'], 'keypoint', path)
    if keypoint.ndim == 3:
        keypoint = keypoint[None]
    if keypoint.ndim != 4 or keypoint.shape[-1] not in (2, 3) or 0 in keypoint.shape:
        raise AnnotationError(
            f"{path}: 'keypoint' is (M, T, V, C) or (T, V, C) with 2 or 3 coordinates, not {arrays['keypoint'].shape}."
        )
    score = arrays.get('keypoint_score')
    if score is not None:
        score = _numbers(score, 'keypoint_score', path)
        score = score[None] if score.ndim == 2 else score
        if score.shape != keypoint.shape[:3]:
            raise AnnotationError(f"{path}: 'keypoint_score' is {score.shape}, not {keypoint.shape[:3]}.")
    return Clip(keypoint, score, _img_shape(arrays, path))


def _load(path):
    try:
        loaded = np.load(path, allow_pickle=False)
        return {'keypoint': loaded} if isinstance(loaded, np.ndarray) else {key: loaded[key] for key in loaded.files}
    except Exception as error:  # a damaged file makes numpy raise whatever the damage spells
        raise AnnotationError(f'{path} is no whole NPY or NPZ file of numbers ({error}).') from None


def _numbers(array, key, path):
    if array.dtype.kind not in 'fiu':
        raise AnnotationError(f"{path}: '{key}' holds {array.dtype}, not numbers.")
    array = array.astype(np.float32)
    if not np.isfinite(array).all():
        place = tuple(np.argwhere(~np.isfinite(array))[0].tolist())
        raise AnnotationError(f"{path}: '{key}' is not finite at {place}. Write 0 where a joint was not seen.")
    return array


def _img_shape(arrays, path):
    if 'img_shape' not in arrays:
        return None
    shape = arrays['img_shape']
    if shape.shape != (2,) or not (shape > 0).all():
        raise AnnotationError(f"{path}: 'img_shape' is height and width, not {shape.tolist()}.")
    return int(shape[0]), int(shape[1])
