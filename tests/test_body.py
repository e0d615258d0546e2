"""Every body layout becomes one body, and a clip in another place, unit or position of the axes the same clip."""

import numpy as np
import pytest
import torch
from scipy.spatial.transform import Rotation

from usdrl_mmaction.body import (
    BODY,
    FRONT,
    PELVIS,
    THORAX,
    add_pelvis,
    body_mapping,
    evident_layout,
    fill_gaps,
    in_frame,
    recognise,
    upright,
)
from usdrl_mmaction.datasets import ToBody
from usdrl_mmaction.datasets.synthetic.movement import make_movement
from usdrl_mmaction.errors import ConfigError, LayoutError
from usdrl_mmaction.skeletons import LAYOUTS, joint_mapping

BODIES = [name for name in LAYOUTS if name != 'hand']
KINECT_V1_NAMES = (
    'HipCenter Spine ShoulderCenter Head ShoulderLeft ElbowLeft WristLeft HandLeft ShoulderRight ElbowRight WristRight '
    'HandRight HipLeft KneeLeft AnkleLeft FootLeft HipRight KneeRight AnkleRight FootRight'
)
FLORENCE = (  # fifteen joints without hands and feet
    'head neck spine left_shoulder left_elbow left_wrist right_shoulder right_elbow right_wrist left_hip left_knee '
    'left_ankle right_hip right_knee right_ankle'
)


@pytest.fixture(scope='module')
def clip() -> np.ndarray:
    """Somebody who walks, in 25 joints and metres, y up and the face towards -z.  # (1, T, 25, 3)"""
    clips = make_movement(12, seed=3)['annotations']
    return max((item['keypoint'][:1] for item in clips), key=lambda keypoint: keypoint.std(1).sum())


def as_body(keypoint, layout='nturgb+d') -> np.ndarray:
    return ToBody(layout).transform(dict(keypoint=keypoint))['keypoint']


@pytest.mark.parametrize('layout', BODIES)
def test_every_joint_of_the_body_comes_from_every_layout(layout):
    mapping = body_mapping(layout)
    assert not mapping.missing
    assert all(sum(source.values()) == pytest.approx(1) for source in mapping.sources)
    for joint, source in zip(BODY.names, mapping.sources, strict=True):
        other = {'left': 'right', 'right': 'left'}.get(joint.split('_')[0], 'nothing')
        assert not any(other in LAYOUTS[layout].names[index] for index in source)


@pytest.mark.parametrize('names', [KINECT_V1_NAMES.split(), FLORENCE.split(), FLORENCE.split()[::-1]])
def test_a_layout_of_ones_own_is_read_by_its_names(names):
    layout = dict(names=names, parents=[None, *[0] * (len(names) - 1)])
    assert not body_mapping(layout).missing


def test_what_is_no_body_is_refused():
    with pytest.raises(LayoutError, match='no body: it needs shoulders, hips and at least 8 joints'):
        body_mapping('hand')


SAME_SIZE = [('nturgb+d', 'openpose_25'), ('openpose_25', 'nturgb+d'), ('coco', 'h36m'), ('h36m', 'coco')]


@pytest.mark.parametrize('layout, other', SAME_SIZE)
@pytest.mark.parametrize('axes', [3, 2])
def test_layouts_of_as_many_joints_are_told_apart_by_proportions(layout, other, axes):
    mapping = joint_mapping(LAYOUTS['nturgb+d'].names, LAYOUTS[layout].names, estimate=True)
    for item in make_movement(20, seed=5)['annotations']:
        keypoint = 1000 * mapping(item['keypoint'])[..., :axes]
        assert recognise(keypoint) == evident_layout(keypoint, other) == layout
        assert evident_layout(keypoint, layout) is None


def test_nothing_is_evident_in_noise_and_where_one_layout_has_as_many_joints(clip):
    noise = np.random.default_rng(0).uniform(-1, 1, (1, 30, 25, 3)).astype(np.float32)
    assert evident_layout(noise, 'nturgb+d') is evident_layout(noise, 'openpose_25') is None
    assert evident_layout(clip[:, :, :20], 'kinect_v1') is None
    assert recognise(clip[:, :, :20]) == 'kinect_v1'


def test_hands_and_feet_are_estimated_along_the_limb(clip):
    """From COCO's joints, hands are within 8 cm of where they are, and feet within 20 cm."""
    recorded = body_mapping('nturgb+d')(clip)
    estimated = body_mapping('coco')(joint_mapping(LAYOUTS['nturgb+d'].names, LAYOUTS['coco'].names)(clip))
    for joint, most in (('left_hand', 0.08), ('right_hand', 0.08), ('left_foot', 0.2), ('right_foot', 0.2)):
        far = np.linalg.norm((recorded - estimated)[..., BODY.joint(joint), :], axis=-1)
        assert far.max() < most and far.min() > 0


def test_an_estimate_needs_all_of_its_joints(clip):
    coco = joint_mapping(LAYOUTS['nturgb+d'].names, LAYOUTS['coco'].names)(clip)
    coco[:, 5, LAYOUTS['coco'].joint('left_elbow')] = 0
    hand = body_mapping('coco')(coco)[0, :, BODY.joint('left_hand')]
    assert not hand[5].any() and hand[4].any()


@pytest.mark.parametrize('unit', [1.0, 1000.0, 0.01])
@pytest.mark.parametrize('axes', [
    [[1, 0, 0], [0, 1, 0], [0, 0, 1]], [[1, 0, 0], [0, 0, -1], [0, 1, 0]], [[-1, 0, 0], [0, -1, 0], [0, 0, 1]],
    [[0, 1, 0], [-1, 0, 0], [0, 0, 1]],
])  # fmt: skip
def test_unit_place_and_axes_do_not_matter(clip, unit, axes):
    standing = clip[:, :1] + 0.2 * (clip - clip[:, :1])
    moved = (standing @ np.array(axes, float).T + (0.3, 2, 1)) * unit
    np.testing.assert_allclose(as_body(moved), as_body(standing), atol=2e-3)


def test_only_what_is_turned_far_is_turned_back(clip):
    """People seen from up to 45 degrees stay so, others are turned to 45 degrees."""

    def angle(keypoint):
        left, right = (keypoint[0, :, BODY.joint(f'{side}_shoulder')] for side in ('left', 'right'))
        hips = keypoint[0, :, BODY.joint('right_hip')] - keypoint[0, :, BODY.joint('left_hip')]
        across = (right - left + hips).sum(0)
        return np.arctan2(across[2], across[0])

    start = angle(as_body(clip))
    for turn in (-150, -40, 0, 30, 100, 179):
        turned = clip @ Rotation.from_euler('y', turn, degrees=True).as_matrix().T
        expected = np.clip(np.angle(np.exp(1j * (start - np.deg2rad(turn)))), -FRONT, FRONT)
        assert angle(as_body(turned)) == pytest.approx(expected, abs=0.02)


def test_a_picture_from_the_front_is_the_clip_without_depth(clip):
    """A camera 100 m in front, whose image has x to the right and y down."""
    body = body_mapping('nturgb+d')(clip)
    pixels = np.stack([-body[..., 0], -body[..., 1]], axis=-1) / (100 + body[..., 2:]) * 1e5 + (960, 540)
    flat, solid = as_body(pixels, 'body'), as_body(clip)
    assert not flat[..., 2].any()
    np.testing.assert_allclose(flat[..., :2], solid[..., :2], atol=0.05)


def test_the_pelvis_is_the_path_and_the_rest_is_relative(clip):
    body = as_body(clip)
    torso = np.linalg.norm(body[0, :, THORAX], axis=-1)
    assert np.quantile(torso, 0.8) == pytest.approx(1, abs=0.01)
    np.testing.assert_allclose(body[0, :, PELVIS].mean(0), 0, atol=1e-3)
    hips = [BODY.joint('left_hip'), BODY.joint('right_hip')]
    np.testing.assert_allclose(body[0][:, hips].mean(1), 0, atol=1e-4)


def test_gaps_are_filled_and_absence_is_not(clip):
    lost = clip.copy()
    wrist = LAYOUTS['nturgb+d'].joint('right_wrist')
    lost[:, 3:6, wrist], lost[:, -2:] = 0, 0
    body, filled = body_mapping('nturgb+d')(lost), BODY.joint('right_wrist')
    complete = fill_gaps(body)
    line = np.linspace(clip[0, 2, wrist], clip[0, 6, wrist], 5)[1:-1]
    np.testing.assert_allclose(complete[0, 3:6, filled], line, atol=1e-5)
    assert not complete[:, -2:].any()
    never = body.copy()
    never[:, :, filled] = 0
    assert not fill_gaps(never)[:, :, filled].any()


def test_people_at_a_desk_get_a_pelvis(clip):
    body = body_mapping('nturgb+d')(clip)
    desk = body.copy()
    for name in BODY.names:
        if name == 'pelvis' or name.split('_')[-1] in ('hip', 'knee', 'ankle', 'foot'):
            desk[:, :, BODY.joint(name)] = 0
    pelvis = add_pelvis(desk)[0, :, PELVIS]
    assert np.linalg.norm(pelvis - body[0, :, PELVIS], axis=-1).mean() < 0.25
    assert np.isfinite(as_body(desk, 'body')).all()
    np.testing.assert_array_equal(add_pelvis(body), body)


def test_layouts_of_as_many_joints_are_told_apart_by_their_bones(clip):
    ntu = LAYOUTS['nturgb+d'].names
    for layout in ('nturgb+d', 'h36m'):
        keypoint = joint_mapping(ntu, LAYOUTS[layout].names, estimate=True)(clip)
        assert recognise(keypoint) == recognise(keypoint[..., :2]) == layout
    coco = joint_mapping(ntu, LAYOUTS['coco'].names)(clip)
    coco[:, :, :5] = clip[:, :, [LAYOUTS['nturgb+d'].joint('head')]]  # where the face is
    assert recognise(coco) == 'coco'
    with pytest.raises(LayoutError, match='25 joints without names can be nturgb'):
        recognise(np.ones((1, 2, 25, 3)))
    with pytest.raises(LayoutError, match='no known layout of a body has 5 joints'):
        recognise(np.ones((1, 2, 5, 3)))


def test_empty_and_still_clips_stay_numbers():
    for keypoint in (np.zeros((1, 4, 17, 2)), np.ones((2, 1, 17, 3)), np.full((1, 3, 17, 2), 5.0)):
        assert np.isfinite(as_body(keypoint, 'coco')).all()


def test_who_is_seen_longest_comes_first(clip):
    both = np.concatenate([clip * 0, clip])
    both[0, 0] = clip[0, 0]
    body = as_body(both)
    assert body[0].any((1, 2)).all() and body[1].any((1, 2)).sum() == 1


def test_clips_of_another_layout_are_refused(clip):
    with pytest.raises(ConfigError, match='has 25 joints of 3 coordinates, not 17 of 2 or 3'):
        as_body(clip, 'coco')


def test_upright_leaves_clips_that_lie():
    lying = np.zeros((1, 2, len(BODY), 3), np.float32)
    lying[..., THORAX, :] = (0.4, 0.35, 0.1)
    np.testing.assert_array_equal(upright(lying), lying)


def test_batches_and_single_clips_are_the_same(clip):
    body = torch.from_numpy(upright(body_mapping('nturgb+d')(clip)))
    batch = torch.stack([body, 2 * body])
    torch.testing.assert_close(in_frame(batch)[1], in_frame(body[None])[0], atol=1e-4, rtol=0)
