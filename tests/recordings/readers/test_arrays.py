"""Recordings as arrays."""

import numpy as np
import pytest
import torch
from raw_files import moving

from usdrl_mmaction.errors import RecordingError
from usdrl_mmaction.recordings.readers import read_clip, read_npz
from usdrl_mmaction.recordings.readers.arrays import from_arrays


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
SEEN = np.where(np.isnan(NAN).any(-1, keepdims=True), 0, NAN)


@pytest.mark.parametrize(
    'array, keypoint',
    [
        (NAN, SEEN),
        (np.where(np.isnan(NAN).any(-1, keepdims=True), -1, NAN), SEEN),
        (moving()[0].reshape(6, 75), moving()),
        (moving(joints=33, coordinates=4)[0].reshape(6, 132), moving(joints=33, coordinates=4)[..., :3]),
        (np.insert(moving()[0].reshape(6, 75), 0, np.arange(6), axis=1), moving()),
        (np.pad(moving(joints=33)[0].reshape(6, 99), [(0, 0), (0, 126)]), moving(joints=33)),  # and two hands
        (moving().transpose(3, 1, 2, 0), moving()),  # (C, T, V, 1)
        (moving(2).transpose(3, 1, 2, 0)[None], moving(2)),  # (1, C, T, V, M)
        (moving().swapaxes(2, 3), moving()),  # (M, T, C, V)
        (np.repeat(moving(2), 4, axis=1).swapaxes(0, 1), np.repeat(moving(2), 4, axis=1)),  # (T, M, V, C)
    ],
)  # fmt: skip
@pytest.mark.parametrize('key', ['keypoint', 'reconstruction', None])
def test_arrays_of_every_shape(tmp_path, array, keypoint, key):
    path = tmp_path / ('a.npz' if key else 'a.npy')
    np.savez(path, **{key: array}) if key else np.save(path, array)
    np.testing.assert_array_equal(read_clip(path).keypoint, keypoint)


def test_the_fourth_number_is_a_score_and_the_third_beside_pixels():
    four = from_arrays(np.concatenate([moving(), np.full((1, 6, 25, 1), 0.5)], -1), 'a')
    np.testing.assert_array_equal(four.keypoint, moving())
    np.testing.assert_array_equal(four.score, 0.5)
    pixels = 100 * moving(coordinates=2)
    third = from_arrays(np.concatenate([pixels, np.full((1, 6, 25, 1), 0.5)], -1), 'a')
    np.testing.assert_array_equal(third.keypoint, pixels)
    np.testing.assert_array_equal(third.score, 0.5)


def test_what_else_a_file_of_arrays_says(tmp_path):
    names = np.array([f'joint{number}' for number in range(25)])
    more = dict(fps=25, labels=np.arange(6), names=names, confidences=np.full((6, 25), 0.5), boxes=np.ones((6, 4)))
    np.savez(tmp_path / 'a.npz', joints_3d=moving()[0], camera=np.array([None], object), **more)
    clip = read_clip(tmp_path / 'a.npz')
    np.testing.assert_array_equal(clip.keypoint, moving())
    np.testing.assert_array_equal(clip.score, 0.5)
    assert clip.fps == 25 and clip.joints == tuple(names)


def test_dicts_of_tensors_lists_and_other_things():
    content = dict(
        frame_dir='a', poses=torch.from_numpy(moving()), ragged=[[1], [2, 3]], fps=torch.tensor(20), what=None
    )
    clip = from_arrays(content, 'a')
    np.testing.assert_array_equal(clip.keypoint, moving())
    assert clip.fps == 20


def test_of_several_arrays_the_one_with_a_known_name(tmp_path):
    np.savez(tmp_path / 'a.npz', keypoints=moving(), other=moving(2))
    np.testing.assert_array_equal(read_clip(tmp_path / 'a.npz').keypoint, moving())
    np.savez(tmp_path / 'a.npz', one=moving(), other=moving(2))
    with pytest.raises(RecordingError, match=r"no array 'keypoint'. It has: one, other. 2 of them could be joints"):
        read_clip(tmp_path / 'a.npz')


INFINITE = moving()
INFINITE[0, 3, 7, 1] = np.inf


@pytest.mark.parametrize(
    'arrays, message',
    [
        (dict(boxes=np.ones((6, 4))), "has no array 'keypoint'. It has: boxes"),
        (dict(keypoint=INFINITE), r": 'keypoint' is infinite at \(0, 3, 7, 1\)"),
        (dict(keypoint=moving(coordinates=6)), r': .* with 2 or 3 coordinates .*, not \(1, 6, 25, 6\)'),
        (dict(keypoint=np.random.default_rng(0).normal(size=(6, 74))), r': .* of a known layout, not \(6, 74\)'),
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
