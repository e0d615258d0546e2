"""Recordings as arrays."""

import numpy as np
import pytest
from raw_files import moving

from usdrl_mmaction.errors import RecordingError
from usdrl_mmaction.recordings.readers import read_clip, read_npz


def test_npz_with_all_it_may_have(tmp_path):
    keypoint, score = moving(2, coordinates=2), np.full((2, 6, 25), 0.5)
    np.savez(tmp_path / 'a.npz', keypoint=keypoint.astype(np.float64), keypoint_score=score, img_shape=(1080, 1920))
    clip = read_clip(tmp_path / 'a.npz')
    np.testing.assert_array_equal(clip.keypoint, keypoint)
    np.testing.assert_array_equal(clip.score, score)
    assert clip.img_shape == (1080, 1920)
    assert clip.keypoint.dtype == clip.score.dtype == np.float32


def test_npy_of_one_person(tmp_path):
    np.save(tmp_path / 'a.npy', moving()[0])
    np.testing.assert_array_equal(read_clip(tmp_path / 'a.npy').keypoint, moving())


def test_score_of_one_person(tmp_path):
    np.savez(tmp_path / 'a.npz', keypoint=moving()[0], keypoint_score=np.ones((6, 25)))
    assert read_npz(tmp_path / 'a.npz').score.shape == (1, 6, 25)


NAN = moving()
NAN[0, 3, 7, 1] = np.nan


@pytest.mark.parametrize(
    'arrays, message',
    [
        (dict(joints=moving()), "has no array 'keypoint'. It has: joints"),
        (dict(keypoint=NAN), r": 'keypoint' is not finite at \(0, 3, 7, 1\)"),
        (dict(keypoint=moving(coordinates=4)), r': .* with 2 or 3 coordinates, not \(1, 6, 25, 4\)'),
        (dict(keypoint=np.ones((6, 75))), r': .* with 2 or 3 coordinates, not \(6, 75\)'),
        (dict(keypoint=np.ones((1, 0, 25, 3))), r': .*, not \(1, 0, 25, 3\)'),
        (dict(keypoint=moving(), keypoint_score=np.ones((1, 6, 24))), r": 'keypoint_score' is \(1, 6, 24\), not"),
        (dict(keypoint=np.full((6, 25, 3), 'x')), ": 'keypoint' holds <U1, not numbers"),
        (dict(keypoint=moving(), img_shape=(1080, 1920, 3)), ": 'img_shape' is height and width"),
    ],
)
def test_broken_arrays_are_named(tmp_path, arrays, message):
    np.savez(tmp_path / 'a.npz', **arrays)
    with pytest.raises(RecordingError, match=f'a.npz ?{message}'):
        read_npz(tmp_path / 'a.npz')


def test_objects_are_not_unpickled_and_cut_or_empty_files_are_named(tmp_path):
    np.savez(tmp_path / 'a.npz', keypoint=np.array([print], dtype=object))
    with pytest.raises(RecordingError, match=r'a.npz is not a whole NPY or NPZ file of numbers \(.*pickle'):
        read_npz(tmp_path / 'a.npz')
    np.savez(tmp_path / 'b.npz', keypoint=moving())
    whole = (tmp_path / 'b.npz').read_bytes()
    for length in (0, 100, len(whole) // 2):
        (tmp_path / 'b.npz').write_bytes(whole[:length])
        with pytest.raises(RecordingError, match=r'b.npz is not a whole'):
            read_npz(tmp_path / 'b.npz')


def test_a_header_that_is_not_python(tmp_path):
    np.save(tmp_path / 'a.npy', moving())
    content = (tmp_path / 'a.npy').read_bytes().replace(b"'shape': (1, 6,", b"'shape': (1, \xf7,")
    (tmp_path / 'a.npy').write_bytes(content)
    with pytest.raises(RecordingError, match=r'a\.npy is not a whole NPY or NPZ file'):
        read_clip(tmp_path / 'a.npy')
