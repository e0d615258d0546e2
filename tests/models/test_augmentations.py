"""Each augmentation: what it changes, what it keeps, and the distribution that it is drawn from."""

import pytest
import torch
from scipy.spatial.transform import Rotation

from usdrl_mmaction.models.data_preprocessors.augmentations import (
    Jitter,
    JointCorruption,
    Mirror,
    Reverse,
    Rotate,
    Scale,
    Shear,
)
from usdrl_mmaction.skeletons import get_skeleton

NTU = get_skeleton('nturgb+d')


@pytest.fixture(autouse=True)
def seeded():
    torch.manual_seed(0)


def clips(batch=200, frames=6):
    return torch.randn(batch, 2, frames, 25, 3)


def test_corruption_acts_on_15_of_25_joints_of_half_the_clips_in_all_frames():
    before = clips(400)
    after = JointCorruption(prob=0.5, share=0.6, zero_prob=0.5)(before, NTU)
    changed = (after != before).any(-1)  # (B, M, T, V)
    assert (changed == changed[:, :1, :1]).all()  # the same joints for every person and frame
    per_clip = changed[:, 0, 0].sum(1)
    assert set(per_clip.tolist()) == {0, 15}
    assert 0.4 < (per_clip > 0).float().mean() < 0.6
    joints = changed[per_clip > 0, 0, 0].float().mean(0)
    assert (joints - 0.6).abs().max() < 0.15  # no joint is preferred


def test_corrupted_joints_are_zero_or_share_one_matrix():
    before = clips(300)
    after = JointCorruption(prob=1.0, share=0.6, zero_prob=0.5)(before, NTU)
    zeroed = 0
    for x, y in zip(before, after, strict=True):
        changed = (x != y).any(-1)
        if not y[changed].any():
            zeroed += 1
            continue
        matrix = torch.linalg.lstsq(x[changed], y[changed]).solution.T
        torch.testing.assert_close(x[changed] @ matrix.T, y[changed], rtol=1e-3, atol=1e-4)
        assert matrix.abs().max() <= 1.001
    assert 0.4 < zeroed / 300 < 0.6


def test_shear_has_ones_on_its_diagonal_and_bounded_others():
    before = clips(300)
    after = Shear(prob=0.5, amplitude=0.7)(before, NTU)
    matrices = torch.linalg.lstsq(before.flatten(1, 3), after.flatten(1, 3)).solution.mT  # (B, 3, 3)
    torch.testing.assert_close(before.flatten(1, 3) @ matrices.mT, after.flatten(1, 3), rtol=1e-3, atol=1e-3)
    torch.testing.assert_close(matrices.diagonal(dim1=1, dim2=2), torch.ones(300, 3), rtol=1e-3, atol=1e-3)
    off = matrices[:, ~torch.eye(3, dtype=bool)]
    assert 0.65 < off.abs().max() <= 0.701
    assert 0.4 < (off.abs().amax(1) > 1e-3).float().mean() < 0.6


def test_a_rotation_about_the_vertical_keeps_lengths_and_heights():
    before = clips(300)
    after = Rotate(prob=1.0, angle=(0, 0.5, 0))(before, NTU)
    torch.testing.assert_close(after[..., 1], before[..., 1])
    torch.testing.assert_close(after.norm(dim=-1), before.norm(dim=-1))
    flat_before, flat_after = (torch.complex(x[..., 0], x[..., 2]) for x in (before, after))
    angle = (flat_after / flat_before).angle()  # (B, M, T, V)
    torch.testing.assert_close(angle, angle[:, :1, :1, :1].expand_as(angle), rtol=0, atol=1e-3)
    angle = angle[:, 0, 0, 0]
    assert 0.45 < angle.abs().max() <= 0.501
    assert abs(angle.mean()) < 0.1


def test_rotation_is_about_x_then_y_then_z():
    before = clips(300)
    after = Rotate(prob=0.5, angle=(0.3, 0.6, 0.9))(before, NTU)
    matrices = torch.linalg.lstsq(before.flatten(1, 3), after.flatten(1, 3)).solution.mT
    angles = torch.from_numpy(Rotation.from_matrix(matrices.double()).as_euler('xyz')).abs()  # (B, 3)
    assert (angles.amax(0) <= torch.tensor([0.301, 0.601, 0.901])).all()
    assert (angles.amax(0) > torch.tensor([0.27, 0.54, 0.81])).all()
    assert 0.4 < (angles.amax(1) > 1e-3).float().mean() < 0.6
    torch.testing.assert_close(torch.linalg.det(matrices), torch.ones(300))


def test_rotation_of_two_coordinates_is_in_their_plane():
    before = clips()[..., :2]
    after = Rotate(prob=1.0, angle=(0.3, 0.6, 0.9))(before, NTU)
    turn = (torch.view_as_complex(after.contiguous()) / torch.view_as_complex(before.contiguous())).flatten(1)
    torch.testing.assert_close(turn, turn[:, :1].expand_as(turn), rtol=0, atol=1e-3)
    assert 0.8 < turn.angle().abs().max() <= 0.901


def test_rotation_needs_coordinates():
    with pytest.raises(ValueError, match='two or three coordinates, these have 4'):
        Rotate()(torch.randn(2, 1, 4, 25, 4), NTU)


def test_scale_is_one_factor_a_clip():
    before = clips(300)
    factor = (Scale(prob=0.5, amplitude=0.2)(before, NTU) / before).flatten(1)
    torch.testing.assert_close(factor, factor[:, :1].expand_as(factor))
    assert 0.8 <= factor.min() < 0.83 and 1.17 < factor.max() <= 1.2
    assert 0.4 < (factor[:, 0] != 1).float().mean() < 0.6


def test_jitter_is_independent_noise():
    before = clips(300)
    noise = Jitter(prob=0.5, std=0.05)(before, NTU) - before
    drawn = noise.flatten(1).any(1)
    assert 0.4 < drawn.float().mean() < 0.6
    noise = noise[drawn].flatten(1)
    assert abs(noise.std() - 0.05) < 0.001 and abs(noise.mean()) < 0.001
    assert torch.corrcoef(noise[:, :20].T).fill_diagonal_(0).abs().max() < 0.35


def test_mirror_swaps_the_pairs_and_the_sign_of_x():
    before = clips()
    after = Mirror(prob=1.0)(before, NTU)
    flip = torch.tensor([-1.0, 1.0, 1.0])
    torch.testing.assert_close(after[..., 4, :], before[..., 8, :] * flip)  # left shoulder, right shoulder
    torch.testing.assert_close(after[..., 23, :], before[..., 21, :] * flip)  # hand tips
    torch.testing.assert_close(after[..., 3, :], before[..., 3, :] * flip)  # the head has no pair
    assert Mirror(prob=1.0)(after, NTU).equal(before)
    assert 0.4 < (Mirror(prob=0.5)(before, NTU) != before).flatten(1).any(1).float().mean() < 0.6


def test_mirror_needs_pairs():
    with pytest.raises(ValueError, match='left and right'):
        Mirror()(clips()[..., :2, :], get_skeleton(dict(num_node=2, inward=[(1, 0)], center=0)))


def test_reverse_turns_time_around():
    before = clips()
    assert Reverse(prob=1.0)(before, NTU)[:, :, 0].equal(before[:, :, -1])
    assert 0.4 < (Reverse(prob=0.5)(before, NTU) != before).flatten(1).any(1).float().mean() < 0.6


@pytest.mark.parametrize('augment', [Jitter, JointCorruption, Mirror, Reverse, Rotate, Scale, Shear])
def test_missing_joints_stay_zero_and_probability_zero_is_nothing(augment):
    before = clips(50)
    before[:, 1] = 0
    assert not augment(prob=1.0)(before, NTU)[:, 1].any()
    assert augment(prob=0.0)(before, NTU).equal(before)
