"""Pickles from unknown places, read without running anything in them. They may hold numpy arrays, containers, numbers
and strings; a file that asks for anything else is refused."""

import codecs
import pickle
import re
from collections import OrderedDict, defaultdict
from typing import Any

import numpy as np

from usdrl_mmaction.errors import AnnotationError
from usdrl_mmaction.files import missing


def read_pickle(path: str) -> Any:
    """The content of a pickle file."""
    try:
        with open(path, 'rb') as file:
            return finished(SafeUnpickler(file).load(), {})
    except Forbidden as error:
        raise AnnotationError(
            f'{path} asks for {error}. An annotation file holds numpy arrays, containers, numbers and strings. '
            'Nothing else is read from it, and nothing in it was run. If it is yours, save plain values; if not, do '
            'not open it with other programs.'
        ) from error
    except FileNotFoundError:
        raise missing(path) from None
    except OSError:
        raise
    except Exception as error:  # a damaged pickle can make the unpickler raise anything
        raise AnnotationError(
            f'{path} is not a whole pickle file ({type(error).__name__}: {error}). Make or download it again: it '
            'may be cut short or damaged.'
        ) from error


class Forbidden(pickle.UnpicklingError):
    """A pickle asks for something that is not allowed."""


class SafeUnpickler(pickle.Unpickler):
    def find_class(self, module: str, name: str):
        if (module, name) in PLAIN:
            return PLAIN[module, name]
        make = NUMPY.get((re.sub(r'^numpy\.core\b', 'numpy._core', module), name))
        if make is None:
            raise Forbidden(f"'{module}.{name}'")
        return lambda *args: make(*args)  # a new one each time: a pickle may set attributes of what it is given


class PickledDtype:
    """Replaces ``numpy.dtype``, whose ``__setstate__`` accepts any size and any flag."""

    def __init__(self, text, align=False, copy=True):
        if not isinstance(text, str) or not re.fullmatch(r'[biufcSU]\d+', text):
            raise Forbidden(f'arrays of the type {text!r}')
        self.dtype = np.dtype(text)

    def __setstate__(self, state):
        self.dtype = self.dtype.newbyteorder(state[1])


class PickledArray:
    """Replaces ``numpy.ndarray``, which would accept bytes as addresses of objects."""

    def __init__(self, kind, shape, typecode):
        self.array = np.empty(0)

    def __setstate__(self, state):
        _, shape, dtype, fortran, data = state
        self.array = from_buffer(data, dtype, shape, 'F' if fortran else 'C')


def from_buffer(buffer, dtype: PickledDtype, shape, order, axis_order=None) -> np.ndarray:
    buffer = memoryview(buffer)
    if axis_order is not None:  # the axes are in the order of memory
        array = np.ndarray(shape, dtype.dtype, buffer).transpose(axis_order)
    else:
        array = np.ndarray(shape, dtype.dtype, buffer, order=order)
    return array.astype(array.dtype.newbyteorder('='), copy=not array.flags.writeable)


def scalar(dtype: PickledDtype, data) -> np.generic:
    return from_buffer(data, dtype, (), 'C')[()]


def finished(value: Any, seen: dict) -> Any:
    """The value with arrays in place of their replacements. ``seen`` maps containers, which may contain each other, to
    what they became."""
    if isinstance(value, PickledArray):
        return value.array
    if isinstance(value, PickledDtype):
        return value.dtype
    if id(value) not in seen and isinstance(value, tuple):
        parts = tuple(finished(part, seen) if type(part) in UNFINISHED else part for part in value)
        seen[id(value)] = parts, value  # keeps the id from being used again
    elif id(value) not in seen and isinstance(value, dict | list):
        seen[id(value)] = (value,)
        for key, part in value.items() if isinstance(value, dict) else enumerate(value):
            if type(part) in UNFINISHED:
                value[key] = finished(part, seen)
    return seen.get(id(value), (value,))[0]


UNFINISHED = {PickledArray, PickledDtype, dict, list, tuple, OrderedDict, defaultdict}
BUILTINS = {kind.__name__: kind for kind in (bytearray, bytes, complex, dict, float, frozenset, int, list, set)}
PLAIN = {
    **{(module, name): kind for module in ('builtins', '__builtin__') for name, kind in BUILTINS.items()},
    ('collections', 'OrderedDict'): OrderedDict,
    ('collections', 'defaultdict'): defaultdict,
    ('_codecs', 'encode'): codecs.encode,  # bytes in the oldest protocols
    ('numpy', 'ndarray'): 'numpy.ndarray',  # the kind of array that _reconstruct is asked for; never called
}
NUMPY = {
    ('numpy', 'dtype'): PickledDtype,
    ('numpy._core.multiarray', '_reconstruct'): PickledArray,
    ('numpy._core.multiarray', 'scalar'): scalar,
    ('numpy._core.numeric', '_frombuffer'): from_buffer,
}
