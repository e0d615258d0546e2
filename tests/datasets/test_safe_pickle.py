"""Arrays, containers, numbers and strings are read from a pickle; nothing else is, and nothing runs."""

import collections
import os
import pickle
import re

import numpy as np
import pytest

from usdrl_mmaction.datasets.safe_pickle import read_pickle
from usdrl_mmaction.errors import AnnotationError

ARRAYS = [
    *(np.arange(6).reshape(2, 3).astype(kind) for kind in ('f2', 'f4', 'f8', 'i1', 'i4', 'i8', 'u1', 'bool', 'c8')),
    np.arange(6, dtype='>f4').reshape(2, 3),
    np.asfortranarray(np.arange(6.0).reshape(2, 3)),
    np.arange(24).reshape(2, 3, 4).transpose(1, 0, 2),
    np.arange(12).reshape(3, 4)[:, ::2],
    np.array(['a', 'längere']),
    np.array([b'a', b'bc']),
    np.zeros((0, 3), np.float32),
    np.array(3.5),
]


def write(path, value, protocol=pickle.HIGHEST_PROTOCOL):
    path.write_bytes(value if isinstance(value, bytes) else pickle.dumps(value, protocol))
    return str(path)


@pytest.mark.parametrize('protocol', range(2, pickle.HIGHEST_PROTOCOL + 1))
def test_arrays_are_read_unchanged_and_in_native_byte_order(tmp_path, protocol):
    for array, read in zip(ARRAYS, read_pickle(write(tmp_path / 'a.pkl', ARRAYS, protocol)), strict=True):
        assert type(read) is np.ndarray and read.dtype == array.dtype.newbyteorder('=') and read.flags.writeable
        np.testing.assert_array_equal(read, array)


@pytest.mark.parametrize('protocol', range(2, pickle.HIGHEST_PROTOCOL + 1))
def test_numbers_strings_and_containers_are_read_unchanged(tmp_path, protocol):
    shared = [np.float32(1.5), np.int64(-3), np.bool_(True), np.str_('name')]
    value = dict(
        numbers=[1, 2.5, 1 + 2j, None, True, 10**30, *shared],
        strings=('é', b'bytes', bytearray(b'more')),
        sets=[{1, 'a'}, frozenset({2})],
        dicts=[collections.OrderedDict(b=1, a=2), collections.defaultdict(list, x=[1])],
        dtype=np.dtype('float16'),
        twice=[shared, shared],
    )
    read = read_pickle(write(tmp_path / 'a.pkl', value, protocol))
    assert read == value
    assert [type(number) for number in read['numbers']] == [type(number) for number in value['numbers']]
    assert read['twice'][0] is read['twice'][1]


def test_names_of_numpy_1_are_those_of_numpy_2(tmp_path):
    new = pickle.dumps(dict(array=np.arange(3), number=np.float32(2)), protocol=2)
    old = new.replace(b'numpy._core.', b'numpy.core.')
    assert old != new
    read = read_pickle(write(tmp_path / 'a.pkl', old))
    assert read['array'].tolist() == [0, 1, 2] and read['number'] == 2


def test_arrays_within_tuples_lists_and_each_other_are_arrays(tmp_path):
    array = np.arange(3)
    loop = [array, (array, [array])]
    loop.append(loop)
    read = read_pickle(write(tmp_path / 'a.pkl', loop, 4))
    assert read[2] is read
    assert all(type(part) is np.ndarray for part in (read[0], read[1][0], read[1][1][0]))


def test_containers_that_hold_each_other_many_times_take_no_time(tmp_path):
    value = np.arange(3)
    for _ in range(60):
        value = [value, value]
    assert len(read_pickle(write(tmp_path / 'a.pkl', value, 4))) == 2


class Call:
    """Pickles as a call."""

    def __init__(self, function, *args):
        self.call = function, args

    def __reduce__(self):
        return self.call


def named(name):
    """A pickle of something by its module and dotted name."""
    module, _, path = name.partition(':')
    return b'\x80\x04' + b''.join(b'\x8c' + bytes([len(part)]) + part.encode() for part in (module, path)) + b'\x93.'


@pytest.mark.parametrize('nest', [lambda evil: evil, lambda evil: {'split': {}, 'annotations': [{'keypoint': evil}]}])
def test_a_command_is_named_and_not_run(tmp_path, nest):
    path = write(tmp_path / 'evil.pkl', nest(Call(os.system, f'touch {tmp_path}/was_here')))
    with pytest.raises(AnnotationError, match=r"evil\.pkl asks for '(posix|nt)\.system'.*nothing in it was run"):
        read_pickle(path)
    assert not (tmp_path / 'was_here').exists()


@pytest.mark.parametrize('function, args', [(eval, ('1',)), (getattr, ([], 'append')), (__import__, ('os',))])
def test_builtins_are_named_and_not_run(tmp_path, function, args):
    for protocol in (0, 2, 4):
        with pytest.raises(AnnotationError, match=f"asks for '(__builtin__|builtins).{function.__name__}'"):
            read_pickle(write(tmp_path / 'evil.pkl', Call(function, *args), protocol))


@pytest.mark.parametrize(
    'name',
    [
        'numpy:ndarray.tofile',
        'numpy:load',
        'builtins:list.__class__',
        'collections:OrderedDict.__init__.__globals__',
        'numpy.core.multiarray:fromfile',
        'usdrl_mmaction.datasets.safe_pickle:os',
        'torch._utils:_rebuild_tensor_v2',
    ],
)
def test_there_is_no_way_round_by_names(tmp_path, name):
    with pytest.raises(AnnotationError, match=re.escape(name.replace(':', '.'))):
        read_pickle(write(tmp_path / 'evil.pkl', named(name)))


FROM_BUFFER, SCALAR = np.arange(2).__reduce_ex__(5)[0], np.float64(1).__reduce__()[0]
FORGED = {  # what numpy's own functions would take for objects, or read beyond the end of
    'objects from bytes': Call(np.ndarray, (2,), 'O8', b'\x01' * 16),
    'an array of objects': np.array([1, 'x'], object),
    'a structure': np.zeros(2, 'f4,i4'),
    'a long array': Call(FROM_BUFFER, b'1234', np.dtype('f4'), (1 << 40,), 'C'),
    'no memory': Call(FROM_BUFFER, None, np.dtype('f4'), (1 << 10,), 'C'),
    'a short scalar': Call(SCALAR, np.dtype('f8'), b'1'),
}


@pytest.mark.parametrize('value', FORGED.values(), ids=FORGED)
def test_forged_arrays_are_refused(tmp_path, value):
    with pytest.raises(AnnotationError, match=r'evil\.pkl'):
        read_pickle(write(tmp_path / 'evil.pkl', value, 4))


def test_a_state_cannot_make_an_array_longer(tmp_path):
    honest = pickle.dumps(np.arange(4, dtype='i8'), protocol=2)
    forged = honest.replace(b'K\x04\x85', b'K\x7f\x85')
    assert forged != honest
    with pytest.raises(AnnotationError):
        read_pickle(write(tmp_path / 'evil.pkl', forged))


def test_a_pickle_cannot_change_how_the_next_is_read(tmp_path):
    function, state = b'cnumpy.core.numeric\n_frombuffer\n', b'N}X\x0c\0\0\0__defaults__K\x01\x85s\x86'
    read_pickle(write(tmp_path / 'vandal.pkl', b'\x80\x02' + function + state + b'b.'))
    test_arrays_are_read_unchanged_and_in_native_byte_order(tmp_path, pickle.HIGHEST_PROTOCOL)
