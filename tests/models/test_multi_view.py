"""Clips of any length become views of one length."""

import pytest
import torch
import torch.nn.functional as F

from usdrl_mmaction.models import CropResize, MultiViewPreprocessor
from usdrl_mmaction.models.data_preprocessors.multi_view import resample


@pytest.fixture(autouse=True)
def seeded():
    torch.manual_seed(0)


def test_resample_is_linear_interpolation_of_the_crop():
    film = torch.randn(100, 2, 5, 3)
    start, frames = torch.tensor([0, 5, 93, 7]), torch.tensor([40, 30, 7, 1])
    ours = resample(film, start, frames, 16)
    for i in range(4):
        crop = film[start[i] : start[i] + frames[i]].flatten(1)  # (T, M*V*C)
        expected = F.interpolate(crop.T[None], 16, mode='linear', align_corners=False)[0].T.view(16, 2, 5, 3)
        torch.testing.assert_close(ours[i], expected.transpose(0, 1))


def test_a_crop_of_everything_at_its_own_length_changes_nothing():
    film = torch.randn(128, 1, 3, 2)
    start, frames = CropResize(num_frames=64, ratio=(1.0, 1.0), min_frames=1)(torch.tensor([64, 64]))
    assert start.tolist() == [0, 0] and frames.tolist() == [64, 64]
    torch.testing.assert_close(resample(film, start + torch.tensor([0, 64]), frames, 64), film.view(2, 1, 64, 3, 2))


@pytest.mark.parametrize(
    'length, min_frames, shortest, longest', [(300, 64, 64, 300), (40, 64, 40, 40), (300, 8, 30, 300), (64, 64, 64, 64)]
)
def test_crops_lie_within_the_clip_and_their_range(length, min_frames, shortest, longest):
    start, frames = CropResize(ratio=(0.1, 1.0), min_frames=min_frames)(torch.full((500,), length))
    assert start.min() >= 0 and (start + frames).max() <= length
    assert frames.min() >= shortest and frames.max() <= longest
    if longest > shortest:
        assert frames.min() < shortest + 0.1 * length and frames.max() > longest - 0.1 * length
        assert start.min() < 0.1 * length and (start + frames).max() > 0.9 * length


def preprocessor(views=3, augmentations=()):
    return MultiViewPreprocessor(
        crop=dict(type='CropResize', num_frames=16, ratio=(0.5, 1.0), min_frames=4),
        augmentations=augmentations,
        num_views=views,
    )


def ragged():
    return {'inputs': [torch.randn(1, 2, frames, 25, 3) for frames in (5, 30, 11)], 'data_samples': list('abc')}


def test_ragged_clips_become_views():
    made = preprocessor()(ragged(), True)
    assert made['inputs'].shape == (3, 3, 2, 16, 25, 3)
    assert made['data_samples'] == list('abc')


def test_whole_clips_when_not_training():
    data = ragged()
    whole = preprocessor(augmentations=[dict(type='Shear', prob=1.0)])(data)['inputs']
    for clip, resized in zip(data['inputs'], whole, strict=True):
        frames = clip[0].flatten(2).transpose(1, 2)  # (M, V*C, T)
        expected = F.interpolate(frames, 16, mode='linear').transpose(1, 2).view(2, 16, 25, 3)
        torch.testing.assert_close(resized, expected)


def test_views_are_made_from_their_own_clip_and_differ():
    data = {'inputs': [torch.full((1, 2, frames, 25, 3), float(i)) for i, frames in enumerate((5, 30, 11))]}
    views = preprocessor()(data, True)['inputs']
    for i in range(3):
        assert (views[:, i] == i).all()
    views = preprocessor()(ragged(), True)['inputs']
    assert not views[0].equal(views[1])


def test_the_same_seed_gives_the_same_views():
    pieces = [dict(type='JointCorruption'), dict(type='Shear'), dict(type='Rotate')]
    data = ragged()
    first, second = (
        (torch.manual_seed(7), preprocessor(augmentations=pieces)(data, True)['inputs'])[1] for _ in range(2)
    )
    assert first.equal(second)
    assert not preprocessor(augmentations=pieces)(data, True)['inputs'].equal(first)


def test_views_keep_their_precision_under_autocast():
    pieces, data = [dict(type='JointCorruption'), dict(type='Shear'), dict(type='Rotate')], ragged()
    torch.manual_seed(7)
    plain = preprocessor(augmentations=pieces)(data, True)['inputs']
    torch.manual_seed(7)
    with torch.autocast('cpu', torch.bfloat16):
        assert preprocessor(augmentations=pieces)(data, True)['inputs'].equal(plain)
