"""What each augmentation means: what it leaves alone, what it sets to zero, what it is drawn from."""

import pytest
import torch
import torch.nn.functional as F

from usdrl_mmaction.models import CropResize, JointCorruption, MultiViewPreprocessor, Shear, Turn
from usdrl_mmaction.models.data_preprocessors.multi_view import resample
from usdrl_mmaction.skeletons import get_skeleton

NTU = get_skeleton('nturgb+d')


@pytest.fixture(autouse=True)
def seeded():
    torch.manual_seed(0)


def clips(batch=200, frames=6):
    return torch.randn(batch, 2, frames, 25, 3)


def test_resample_is_linear_interpolation_of_the_crop():
    padded = torch.randn(3, 40, 2)
    index, start, frames = torch.tensor([0, 2, 1, 1]), torch.tensor([0, 5, 33, 7]), torch.tensor([40, 30, 7, 1])
    ours = resample(padded, index, start, frames, 16)
    for i in range(4):
        crop = padded[index[i], start[i] : start[i] + frames[i]]
        expected = F.interpolate(crop.T[None], 16, mode='linear', align_corners=False)[0].T
        torch.testing.assert_close(ours[i], expected)


def test_a_crop_of_everything_at_its_own_length_changes_nothing():
    padded = torch.randn(2, 64, 3)
    crop = CropResize(num_frames=64, ratio=(1.0, 1.0), min_frames=1)
    torch.testing.assert_close(crop(padded, torch.tensor([64, 64]), torch.arange(2)), padded)


@pytest.mark.parametrize(
    'length, min_frames, shortest, longest', [(300, 64, 64, 300), (40, 64, 40, 40), (300, 8, 30, 300), (64, 64, 64, 64)]
)
def test_crops_lie_within_the_clip_and_their_range(length, min_frames, shortest, longest):
    clock = torch.full((1, 400, 1), torch.nan)
    clock[0, :length, 0] = torch.arange(length)  # each frame says when it is
    crop = CropResize(num_frames=400, ratio=(0.1, 1.0), min_frames=min_frames)
    views = crop(clock, torch.tensor([length]), torch.zeros(500, dtype=torch.long))[..., 0]
    assert views.isfinite().all()
    frames = (views[:, -1] - views[:, 0]).round() + 1
    assert frames.min() >= shortest and frames.max() <= longest
    if longest > shortest:
        assert frames.min() < shortest + 0.1 * length and frames.max() > longest - 0.1 * length
        assert views[:, 0].min() < 0.1 * length and views[:, -1].max() > 0.9 * (length - 1)


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


def test_turn_keeps_lengths_and_heights():
    before = clips(300)
    after = Turn(prob=1.0, angle=0.5)(before, NTU)
    torch.testing.assert_close(after[..., 1], before[..., 1])
    torch.testing.assert_close(after.norm(dim=-1), before.norm(dim=-1))
    flat_before, flat_after = (torch.complex(x[..., 0], x[..., 2]) for x in (before, after))
    angle = (flat_after / flat_before).angle()  # (B, M, T, V)
    torch.testing.assert_close(angle, angle[:, :1, :1, :1].expand_as(angle), rtol=0, atol=1e-3)
    angle = angle[:, 0, 0, 0]
    assert 0.45 < angle.abs().max() <= 0.501
    assert abs(angle.mean()) < 0.1


@pytest.mark.parametrize('augment', [JointCorruption, Shear, Turn])
def test_missing_joints_stay_zero_and_probability_zero_is_nothing(augment):
    before = clips(50)
    before[:, 1] = 0
    assert not augment(prob=1.0)(before, NTU)[:, 1].any()
    assert augment(prob=0.0)(before, NTU).equal(before)


def preprocessor(views=3, augmentations=()):
    return MultiViewPreprocessor(
        crop=dict(type='CropResize', num_frames=16, ratio=(0.5, 1.0), min_frames=4),
        augmentations=augmentations,
        num_views=views,
    )


def ragged():
    return {'inputs': [torch.randn(1, 2, frames, 25, 3) for frames in (5, 30, 11)], 'data_samples': list('abc')}


def test_ragged_clips_become_views():
    made = preprocessor()(ragged())
    assert made['inputs'].shape == (3, 3, 2, 16, 25, 3)
    assert made['data_samples'] == list('abc')


def test_views_are_made_from_their_own_clip_and_differ():
    data = {'inputs': [torch.full((1, 2, frames, 25, 3), float(i)) for i, frames in enumerate((5, 30, 11))]}
    views = preprocessor()(data)['inputs']
    for i in range(3):
        assert (views[:, i] == i).all()
    views = preprocessor()(ragged())['inputs']
    assert not views[0].equal(views[1])


def test_the_same_seed_gives_the_same_views():
    pieces = [dict(type='JointCorruption'), dict(type='Shear'), dict(type='Turn')]
    data = ragged()
    first, second = ((torch.manual_seed(7), preprocessor(augmentations=pieces)(data)['inputs'])[1] for _ in range(2))
    assert first.equal(second)
    assert not preprocessor(augmentations=pieces)(data)['inputs'].equal(first)
