"""A store: an annotation file as a folder with one file of frames, which is mapped clip by clip, and an index of the
rest. Opening it reads only the index, and processes share what they read."""

import math
import os
import pickle
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from usdrl_mmaction.errors import AnnotationError
from usdrl_mmaction.files import replacing

from .safe_pickle import read_pickle

FRAMES, INDEX = 'frames.bin', 'index.pkl'
FIELDS = ('keypoint', 'keypoint_score')  # what a clip has for every frame and joint
NUMBERS = 'biuf'  # kinds of dtypes
ALIGNMENT = 64


@dataclass(frozen=True, slots=True)
class StoredArray:
    """An array in a store. Indexing it, or making an array of it, reads that part from the file."""

    path: str
    offset: int
    dtype: np.dtype
    shape: tuple[int, ...]

    def __len__(self) -> int:
        return self.shape[0]

    def __getitem__(self, index) -> np.ndarray:
        # Mapped for this read only: pages that stay mapped count as the process's memory.
        return np.array(np.memmap(self.path, self.dtype, 'r', self.offset, self.shape)[index])

    def __array__(self, dtype=None, copy=None) -> np.ndarray:
        return self[:].astype(dtype or self.dtype, copy=False)


def open_store(path: str) -> dict:
    """The content of a store, as that of an annotation file, with a ``StoredArray`` for each array of frames."""
    index, frames = (os.path.abspath(os.path.join(path, name)) for name in (INDEX, FRAMES))
    if not (os.path.isfile(index) and os.path.isfile(frames)):
        raise AnnotationError(f'{path} is a folder, but not a store: it lacks the files {INDEX} and {FRAMES}.')
    content, num_bytes = read_pickle(index), os.path.getsize(frames)
    try:
        if content.pop('num_bytes') != num_bytes:
            raise ValueError(f'{FRAMES} has {num_bytes} bytes')
        for clip in content['annotations']:
            for field in FIELDS:
                if isinstance(clip.get(field), tuple):
                    clip[field] = _stored(frames, num_bytes, *clip[field])
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise AnnotationError(
            f'{path}: {INDEX} and {FRAMES} do not fit together ({type(error).__name__}: {error}). '
            'Make the store again with `usdrl pack`.'
        ) from error
    return content


def _stored(path: str, num_bytes: int, offset: int, dtype: str, *shape: int) -> StoredArray:
    array = StoredArray(path, offset, np.dtype(dtype), shape)
    size = array.dtype.itemsize * math.prod(shape)
    if array.dtype.kind not in NUMBERS or min(offset, *shape) < 0 or offset + size > num_bytes:
        raise ValueError(f'there is no {dtype} of shape {shape} at byte {offset}')
    return array


def write_store(content: dict, path: Path, progress=iter):
    """Writes the content of an annotation file as a store. ``progress`` may wrap the clips in a progress bar."""
    with replacing(path) as draft:
        draft.mkdir()
        with open(draft / FRAMES, 'wb') as file:
            clips = [_write_clip(clip, file) for clip in progress(content['annotations'])]
            num_bytes = file.tell()
        index = {**content, 'annotations': clips, 'num_bytes': num_bytes}
        (draft / INDEX).write_bytes(pickle.dumps(index, protocol=pickle.HIGHEST_PROTOCOL))


def _write_clip(clip: dict, file) -> dict:
    """Writes the frames of a clip and returns the rest of it, with the place of the frames."""
    places = {}
    for field in FIELDS:
        array = np.asarray(clip[field]) if field in clip else np.empty(0)
        if array.size and array.dtype.kind in NUMBERS:  # a map cannot be empty
            file.write(bytes(-file.tell() % ALIGNMENT))
            places[field] = file.tell(), array.dtype.str, *array.shape
            file.write(np.ascontiguousarray(array))
    return {**clip, **places}
