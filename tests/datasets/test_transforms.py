"""Normalisation moves and turns people as a whole; nothing that is missing becomes a joint."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from scipy.spatial.transform import Rotation

from usdrl_mmaction.datasets import NormalizeSkeleton, ResizeFrames

rng = np.random.default_rng(0)


def person(persons=2, frames=10, joints=25):
    return rng.normal(size=(persons, frames, joints, 3)).astype(np.float32)


def normalize(keypoint, **kwargs):
    return NormalizeSkeleton(**kwargs).transform(dict(keypoint=keypoint.copy()))['keypoint']


def test_the_first_persons_spine_is_the_origin_of_every_frame():
    done = normalize(person())
    np.testing.assert_allclose(done[0, :, 1], 0, atol=1e-6)


def test_shoulders_lie_along_x_in_the_first_frame():
    done = normalize(person())
    across = done[0, 0, 8] - done[0, 0, 4]
    assert across[0] > 0
    np.testing.assert_allclose(across[1:], 0, atol=1e-5)


def test_distances_within_a_frame_are_kept_also_between_persons():
    before = person()
    after = normalize(before)
    for t in range(10):
        flat_before, flat_after = before[:, t].reshape(-1, 3), after[:, t].reshape(-1, 3)
        np.testing.assert_allclose(
            np.linalg.norm(flat_before[:, None] - flat_before, axis=-1),
            np.linalg.norm(flat_after[:, None] - flat_after, axis=-1),
            atol=1e-5,
        )


def test_the_place_of_the_camera_does_not_matter_and_a_turn_about_the_shoulders_axis_does():
    before = person()
    np.testing.assert_allclose(normalize(before), normalize(before + 3), atol=1e-5)


def test_the_turn_is_the_smallest():
    before = person(persons=1)
    centred = before - before[:1, :, 1:2]
    rotation, _ = Rotation.align_vectors(normalize(before)[0, 0], centred[0, 0])
    across = centred[0, 0, 8] - centred[0, 0, 4]
    smallest = np.arccos(across[0] / np.linalg.norm(across))
    assert rotation.magnitude() == pytest.approx(smallest, abs=1e-4)


@pytest.mark.parametrize('direction', [1, -1])
def test_shoulders_along_x_already_or_the_other_way(direction):
    keypoint = np.zeros((1, 1, 25, 3), np.float32)
    keypoint[0, 0, 8] = (direction, 0, 0)
    keypoint[0, 0, 4] = (-direction, 0, 0)
    keypoint[0, 0, 3] = (0, 1, 0)
    done = normalize(keypoint)
    np.testing.assert_allclose(done[0, 0, 8], (1, 0, 0), atol=1e-6)
    np.testing.assert_allclose(done[0, 0, 3], (0, 1, 0), atol=1e-6)


def test_missing_joints_frames_and_persons_stay_zero_and_frames_stay_in_step():
    keypoint = person()
    keypoint[0, 0] = 0  # the first frame is empty: the turn comes from the second
    keypoint[1, 3:] = 0
    keypoint[0, 5, 7] = 0
    done = normalize(keypoint)
    assert done.shape == keypoint.shape
    missing = ~keypoint.any(-1)
    assert not done[missing].any()
    assert done[0, 5, 8].any()
    across = done[0, 1, 8] - done[0, 1, 4]
    np.testing.assert_allclose(across[1:], 0, atol=1e-5)


@pytest.mark.parametrize('keypoint', [np.zeros((1, 4, 25, 3)), np.zeros((1, 1, 25, 3))])
def test_nobody_at_all(keypoint):
    assert not normalize(keypoint).any()


def test_without_shoulders_nothing_turns():
    before = person(joints=20)
    np.testing.assert_allclose(normalize(before, center=3, shoulders=None), before - before[:1, :, 3:4], atol=1e-6)


@pytest.mark.parametrize('frames', [1, 10, 64, 200])
def test_resize_is_linear_interpolation_with_half_pixel_centres(frames):
    keypoint = person(frames=frames)
    results = ResizeFrames(64).transform(dict(keypoint=keypoint, total_frames=frames))
    assert results['keypoint'].shape == (2, 64, 25, 3) and results['total_frames'] == 64
    joint = torch.from_numpy(keypoint[:, :, 9].copy()).transpose(1, 2)
    expected = F.interpolate(joint, 64, mode='linear', align_corners=False).transpose(1, 2)
    np.testing.assert_allclose(results['keypoint'][:, :, 9], expected, atol=1e-6)
    if frames == 64:
        np.testing.assert_array_equal(results['keypoint'], keypoint)
