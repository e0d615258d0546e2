"""Pickles and joblib's files of pose estimators, read without running anything in them."""

import bz2
import gzip
import io
import lzma
import pickle
import zlib
from pathlib import Path
from typing import Any

import numpy as np

from usdrl_mmaction.datasets.safe_pickle import Forbidden, SafeUnpickler, finished
from usdrl_mmaction.errors import RecordingError

LARGEST = 1 << 31  # bytes of a file after decompression
COMPRESSED = {b'\x1f\x8b': gzip.open, b'BZ': bz2.open, b'\xfd7zXZ': lzma.open}  # by what a file begins with
ZLIB = b'\x78'


def read_pickled(path: Path) -> Any:
    """What a pickle or a file of joblib holds: arrays, containers, numbers and strings."""
    try:
        content = decompressed(path.read_bytes())
        if b'NumpyArrayWrapper' in content[: 1 << 20]:
            return finished(JoblibUnpickler(content).load(), {})
        return finished(SafeUnpickler(io.BytesIO(content)).load(), {})
    except Forbidden as error:
        raise RecordingError(
            f'{path} asks for {error}. A recording holds numpy arrays, containers, numbers and strings. Nothing else '
            'is read from it, and nothing in it was run. Save plain arrays, as NPZ.'
        ) from None
    except OSError as error:
        raise RecordingError(f'{path} cannot be read: {error.strerror or error}.') from None
    except Exception as error:  # a damaged pickle can make the unpickler raise anything
        raise RecordingError(f'{path} is not a whole pickle file ({type(error).__name__}: {error}).') from None


def decompressed(content: bytes) -> bytes:
    """What joblib compressed, up to a size that fits into memory: the rest is cut."""
    if content.startswith(ZLIB):
        return zlib.decompressobj().decompress(content, LARGEST)
    for magic, opened in COMPRESSED.items():
        if content.startswith(magic):
            return opened(io.BytesIO(content)).read(LARGEST)
    return content


class Wrapped:
    """Replaces joblib's NumpyArrayWrapper, behind which the numbers of an array stand in the file."""

    def __setstate__(self, state):
        self.shape, self.order, self.dtype = state['shape'], state.get('order', 'C'), state['dtype']
        self.aligned = state.get('numpy_array_alignment_bytes') is not None

    def read(self, file: io.BytesIO) -> np.ndarray:
        kind = finished(self.dtype, {})
        if not isinstance(kind, np.dtype) or kind.hasobject:
            raise Forbidden(f'arrays of the type {kind!r}')
        if self.aligned:
            file.read(file.read(1)[0])
        count = int(np.prod(self.shape, dtype=np.int64))
        content = file.read(count * kind.itemsize)
        return np.frombuffer(content, kind, count).reshape(self.shape, order=self.order).copy()


class JoblibUnpickler(pickle._Unpickler):
    """In Python, as the place in the file has to be known where an array begins."""

    def __init__(self, content: bytes):
        self.file = io.BytesIO(content)
        super().__init__(self.file)

    def find_class(self, module: str, name: str):
        if (module, name) == ('joblib.numpy_pickle', 'NumpyArrayWrapper'):
            return Wrapped
        return SafeUnpickler.find_class(self, module, name)

    def load_build(self):
        super().load_build()
        if isinstance(self.stack[-1], Wrapped):
            self.stack[-1] = self.stack[-1].read(self.file)

    dispatch = pickle._Unpickler.dispatch | {pickle.BUILD[0]: load_build}
