"""Clips of any length become views of one."""

import pytest
import torch
import torch.nn.functional as F

from usdrl_mmaction.models import CropResize, MultiViewPreprocessor
from usdrl_mmaction.models.data_preprocessors.multi_view import resample


@pytest.fixture(autouse=True)
def seeded():
    torch.manual_seed(0)


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
    pieces = [dict(type='JointCorruption'), dict(type='Shear'), dict(type='Rotate')]
    data = ragged()
    first, second = ((torch.manual_seed(7), preprocessor(augmentations=pieces)(data)['inputs'])[1] for _ in range(2))
    assert first.equal(second)
    assert not preprocessor(augmentations=pieces)(data)['inputs'].equal(first)
