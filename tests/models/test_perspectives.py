"""Each augmentation does what its name says, to the share of the clips that it is asked for, and nothing else."""

import math

import numpy as np
import pytest
import torch
from mmengine.config import Config

from usdrl_mmaction.body import BODY, PELVIS, body_mapping, in_frame, in_torsos, upright
from usdrl_mmaction.commands.common import find_config
from usdrl_mmaction.datasets.synthetic.movement import make_movement
from usdrl_mmaction.errors import ConfigError
from usdrl_mmaction.models import MultiViewPreprocessor
from usdrl_mmaction.models.data_preprocessors.perspectives import (
    BodyFrame,
    Camera,
    FrameRate,
    Occlusion,
    Proportions,
    SensorJoints,
    SensorNoise,
    SwapPeople,
    SwapSides,
)
from usdrl_mmaction.skeletons import bone

FRAMES = 64
PARENTS = list(BODY.parents)


@pytest.fixture(scope='module')
def movement() -> torch.Tensor:
    found = []
    for item in make_movement(100, seed=5)['annotations']:
        keypoint = upright(body_mapping('nturgb+d')(item['keypoint'][:1]))
        if keypoint.shape[1] >= FRAMES and len(found) < 40:
            found.append(np.concatenate([keypoint[:, :FRAMES], 0 * keypoint[:, :FRAMES]]))
    return in_torsos(torch.from_numpy(np.stack(found)))


@pytest.fixture
def clips(movement) -> torch.Tensor:
    """40 clips of one person who moves, in torsos; there is no second person.  # (40, 2, T, V, 3)"""
    torch.manual_seed(0)
    return movement.clone()


def changed(before, after) -> torch.Tensor:
    """Which clips differ.  # (B,)"""
    return (before != after).flatten(1).any(1)


def lengths(clips) -> torch.Tensor:
    return bone(clips, BODY).norm(dim=-1)


@pytest.mark.parametrize('augment', [
    SensorJoints(), Proportions(), Camera(), SensorNoise(), Occlusion(1.0), SwapSides(1.0), FrameRate(1.0),
    SwapPeople(1.0), BodyFrame(),
], ids=lambda augment: type(augment).__name__)  # fmt: skip
def test_absent_people_stay_absent_and_numbers_finite(augment, clips):
    views = augment(clips, BODY)
    assert views.shape == clips.shape and views.isfinite().all()
    assert not views[:, 1].any()
    assert not augment(torch.zeros_like(clips), BODY).any()


@pytest.mark.parametrize('kind', [SensorJoints, Proportions, SensorNoise, Occlusion, SwapSides, FrameRate, SwapPeople])
def test_prob_is_the_share_of_the_clips_that_change(kind, clips):
    clips = clips[:, :1].repeat(10, 2, 1, 1, 1)
    clips[:, 1] += 0.5
    assert not changed(clips, kind(prob=0.0)(clips, BODY)).any()
    share = changed(clips, kind(prob=0.4)(clips, BODY)).float().mean()
    expected = 1 - 0.6**3 if kind is SensorJoints else 0.4  # three groups of joints
    assert share == pytest.approx(expected, abs=0.08)


def test_a_depth_camera_keeps_lengths_and_looks_about_from_the_front(clips):
    views = Camera(flat=0.0, mixed=0.0, turn=0.3, tilt=0.1)(clips, BODY)
    torch.testing.assert_close(lengths(views), lengths(clips), atol=1e-4, rtol=1e-4)
    left, right = BODY.shoulders
    across = [(c[:, 0, :, right] - c[:, 0, :, left]).sum(1) for c in (clips, views)]
    turned = torch.atan2(across[1][:, 2], across[1][:, 0]) - torch.atan2(across[0][:, 2], across[0][:, 0])
    assert 0.1 < torch.atan2(turned.sin(), turned.cos()).std() < 0.7


def test_a_colour_camera_gives_pictures_without_depth_from_anywhere(clips):
    views = Camera(flat=1.0, mixed=0.0)(clips, BODY)
    assert not views[..., 2].any() and views[..., 0].any()
    far = Camera(flat=1.0, mixed=0.0, tilt=0.0, distance=(1e5, 1e5))(clips, BODY)
    torch.testing.assert_close(far[..., 1], clips[..., 1], atol=1e-2, rtol=0)  # height is what no turn changes
    assert (lengths(far) <= lengths(clips) + 1e-2).all()
    share = (
        (~Camera(flat=0.3, mixed=0.0, views=1)(clips.repeat(10, 1, 1, 1, 1), BODY)[..., 2].flatten(1).any(1))
        .float()
        .mean()
    )
    assert share == pytest.approx(0.3, abs=0.08)


def test_the_views_of_a_clip_have_the_same_kind_of_camera_but_for_some(clips):
    clips = clips.repeat(40, 1, 1, 1, 1)
    for mixed, least, most in ((0.0, 0, 0), (0.4, 0.25, 0.45)):  # of four views, an eighth are alike by chance
        flat = ~Camera(flat=0.5, mixed=mixed)(clips, BODY)[..., 2].flatten(1).any(1)
        count = flat.view(4, -1).sum(0)
        assert least <= ((count > 0) & (count < 4)).float().mean() <= most


def test_a_camera_for_another_number_of_views_is_refused():
    with pytest.raises(ConfigError, match='Camera was set to 4 views of a clip and there are 2'):
        MultiViewPreprocessor(dict(type='CropResize'), [dict(type='Camera')], 'body', num_views=2)


def test_what_is_nearer_is_larger_in_a_picture():
    clip = torch.zeros(1, 1, 1, len(BODY), 3)
    clip[..., 3, :], clip[..., 4, :] = torch.tensor([0, 1.0, -2]), torch.tensor([0, 1.0, 2])
    camera = Camera(flat=1.0, mixed=0.0, views=1, tilt=0.0, distance=(10.0, 10.0))
    heights = torch.stack([camera(clip, BODY)[0, 0, 0, [3, 4], 1] for _ in range(200)])
    assert heights.max() == pytest.approx(10 / 8, abs=0.01) and heights.min() == pytest.approx(10 / 12, abs=0.01)
    torch.testing.assert_close((1 / heights).sum(1), torch.full((200,), 2.0))  # one as near as the other is far


def test_sensors_without_hands_and_feet_have_them_along_the_limb(clips):
    views = SensorJoints(prob=1.0)(clips, BODY)
    for end, last, before, beyond in (('hand', 'wrist', 'elbow', 0.32), ('foot', 'ankle', 'knee', 0.2)):
        for side in ('left', 'right'):
            end_at, at, from_ = (views[:, 0, :, BODY.joint(f'{side}_{part}')] for part in (end, last, before))
            torch.testing.assert_close(end_at, at + beyond * (at - from_), atol=1e-4, rtol=0)
    kept = [BODY.joint(name) for name in BODY.names if name.split('_')[-1] not in ('hand', 'foot', 'head')]
    torch.testing.assert_close(views[..., kept, :], clips[..., kept, :])


def test_other_proportions_are_other_lengths_in_the_same_directions(clips):
    views = Proportions(amplitude=0.2)(clips, BODY)
    before, after = (bone(c[:, :1], BODY) for c in (clips, views))
    ratio = (after.norm(dim=-1) / before.norm(dim=-1).clamp(min=1e-3))[..., 1:]
    assert ratio.std(2).max() < 1e-2  # the same in all frames
    assert 0.1 < ratio.mean(2).std() < 0.25 and ratio.min() > 0.59 and ratio.max() < 1.41
    cosine = torch.cosine_similarity(before, after, dim=-1)[..., 1:]
    assert cosine[before[..., 1:, :].norm(dim=-1) > 0.05].min() > 0.999
    torch.testing.assert_close(views[..., PELVIS, :], clips[..., PELVIS, :])


def test_noise_has_its_strength_and_pictures_stay_flat(clips):
    white = SensorNoise(white=0.05, slow=0.0)(clips, BODY) - clips
    slow = SensorNoise(white=0.0, slow=0.05)(clips, BODY) - clips
    for noise in (white, slow):
        assert 0.005 < noise[:, 0].std() < 0.05
    step = [noise[:, 0].diff(dim=1).std() / noise[:, 0].std() for noise in (white, slow)]
    assert step[0] > 1.2 > 0.5 > step[1]
    flat = clips * torch.tensor([1.0, 1, 0])
    assert not SensorNoise()(flat, BODY)[..., 2].any()


def test_an_occluded_limb_is_missing_in_the_whole_clip(clips):
    views = Occlusion(1.0)(clips, BODY)
    missing = ~views[:, 0].any(-1)  # (B, T, V)
    assert (missing.all(1) == missing.any(1)).all()
    count = missing[:, 0].sum(1)
    assert count.min() >= 1 and count.max() <= 6 and len(count.unique()) > 2
    torch.testing.assert_close(views[:, 0][~missing], clips[:, 0][~missing])


def test_sides_are_exchanged_for_a_while(clips):
    views = SwapSides(1.0, longest=0.25)(clips, BODY)
    swapped = (views != clips)[:, 0].flatten(2).any(2)  # (B, T)
    assert swapped.sum(1).max() <= 0.25 * FRAMES + 1 and swapped.any(1).float().mean() > 0.8
    assert ((swapped[:, 1:] != swapped[:, :-1]).sum(1) <= 2).all()
    left, right = np.transpose(BODY.mirror)
    for side, other in ((left, right), (right, left)):
        torch.testing.assert_close(views[:, 0][swapped][:, side], clips[:, 0][swapped][:, other])


def test_a_slower_camera_keeps_some_frames_and_lines_between_them(clips):
    time = torch.linspace(0, 1, FRAMES).view(1, 1, -1, 1, 1)
    straight = torch.ones_like(clips) * (1 + time)
    torch.testing.assert_close(FrameRate(1.0)(straight, BODY), straight, atol=0.06, rtol=0)
    views = FrameRate(1.0, fewest=8)(clips, BODY)
    bends = views[:, 0].diff(n=2, dim=1).flatten(2).abs().amax(2) > 1e-5
    assert bends.sum(1).float().mean() < 0.8 * FRAMES  # straight in between
    torch.testing.assert_close(views[:, :, 0], clips[:, :, 0])


def test_people_change_places_only_where_there_are_two(clips):
    two = clips.clone()
    two[:20, 1] = two[:20, 0] + 1
    views = SwapPeople(1.0)(two, BODY)
    torch.testing.assert_close(views[:20], two[:20].flip(1))
    torch.testing.assert_close(views[20:], two[20:])


def test_the_views_of_the_foundation_encoder_are_in_its_frame(clips):
    cfg = Config.fromfile(find_config('pretrain_foundation')).model.data_preprocessor
    cfg.pop('type')
    preprocessor, data = MultiViewPreprocessor(**cfg), dict(inputs=[clip[None] for clip in clips])
    views = preprocessor(data, training=True)['inputs']
    whole = preprocessor(data)['inputs']
    torch.testing.assert_close(whole, in_frame(clips), atol=1e-4, rtol=0)
    assert views.shape == (4, 40, 2, 64, len(BODY), 3) and views.isfinite().all()
    torch.testing.assert_close(in_frame(restored(views[0])), views[0], atol=2e-2, rtol=0)
    apart = (views[0] - views[1]).flatten(1).norm(dim=1)
    assert apart.min() > 1 and math.isfinite(apart.max())


def restored(views) -> torch.Tensor:
    """Joints where they are in space, from those relative to their pelvis."""
    pelvis = views[..., [PELVIS], :]
    absolute = torch.cat([pelvis, views[..., 1:, :] + pelvis], dim=-2)
    return absolute * views.any(-1, keepdim=True)
