"""Normalisation moves, turns and scales whole people, and missing joints stay missing."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from scipy.spatial.transform import Rotation

from usdrl_mmaction.datasets import MapLayout, NormalizeSkeleton, NormalizeSkeleton2D, ResizeFrames
from usdrl_mmaction.errors import AnnotationError
from usdrl_mmaction.skeletons import LAYOUTS

rng = np.random.default_rng(0)


def person(persons=2, frames=10, joints=25):
    return rng.normal(size=(persons, frames, joints, 3)).astype(np.float32)


def normalize(keypoint, **kwargs):
    return NormalizeSkeleton(**kwargs).transform(dict(keypoint=keypoint.copy()))['keypoint']


def test_the_first_persons_spine_is_the_origin_of_every_frame():
    done = normalize(person())
    np.testing.assert_allclose(done[0, :, 1], 0, atol=1e-6)


def test_shoulders_are_along_x_in_the_first_frame():
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
def test_shoulders_already_along_x_in_either_direction(direction):
    keypoint = np.zeros((1, 1, 25, 3), np.float32)
    keypoint[0, 0, 8] = (direction, 0, 0)
    keypoint[0, 0, 4] = (-direction, 0, 0)
    keypoint[0, 0, 3] = (0, 1, 0)
    done = normalize(keypoint)
    np.testing.assert_allclose(done[0, 0, 8], (1, 0, 0), atol=1e-6)
    np.testing.assert_allclose(done[0, 0, 3], (0, 1, 0), atol=1e-6)


def test_missing_joints_frames_and_persons_stay_zero_and_frames_keep_their_order():
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


def test_nothing_turns_unless_asked():
    before = person(joints=20)
    np.testing.assert_allclose(
        normalize(before, layout='kinect_v1', turn=False), before - before[:1, :, 1:2], atol=1e-6
    )


@pytest.mark.parametrize('layout', sorted(set(LAYOUTS) - {'hand'}))
@pytest.mark.parametrize('persons', [1, 2, 5])
def test_any_layout_and_number_of_persons(layout, persons):
    skeleton = LAYOUTS[layout]
    left, right = skeleton.shoulders
    done = normalize(person(persons, joints=len(skeleton)), layout=layout)
    np.testing.assert_allclose(done[0][:, list(skeleton.origin)].mean(1), 0, atol=1e-6)
    np.testing.assert_allclose((done[0, 0, right] - done[0, 0, left])[1:], 0, atol=1e-5)
    assert done.shape == (persons, 10, len(skeleton), 3) and done.dtype == np.float32


def test_a_hand_is_centred_on_its_wrist_and_not_turned():
    before = person(joints=21)
    np.testing.assert_allclose(normalize(before, layout='hand'), before - before[:1, :, :1], atol=1e-6)


def test_where_one_hip_is_missing_the_other_is_the_centre():
    keypoint = person(1, joints=17)
    keypoint[0, 3, 11] = 0
    done = normalize(keypoint, layout='coco', turn=False)
    np.testing.assert_allclose(done[0, 3], np.where(keypoint[0, 3] == 0, 0, keypoint[0, 3] - keypoint[0, 3, 12]))


def test_a_turn_of_the_camera_leaves_a_turn_about_the_shoulders():
    before = person(1)
    turned = (before @ Rotation.random(random_state=0).as_matrix().T).astype(np.float32)
    one, other = normalize(before).reshape(-1, 3), normalize(turned).reshape(-1, 3)
    rotation, distance = Rotation.align_vectors(other, one)
    assert distance < 1e-4
    np.testing.assert_allclose(rotation.apply([1, 0, 0]), [1, 0, 0], atol=1e-5)


def test_size_stays_unless_it_is_scaled_and_then_it_does_not_matter():
    before = person()
    np.testing.assert_allclose(normalize(3 * before), 3 * normalize(before), atol=1e-4)
    scaled = normalize(before, scale=True)
    np.testing.assert_allclose(normalize(3 * before, scale=True), scaled, atol=1e-5)
    lengths = np.linalg.norm(scaled[0][:, [12, 16]].mean(1) - scaled[0][:, [4, 8]].mean(1), axis=-1)
    assert np.median(lengths) == pytest.approx(1)
    ratio = np.linalg.norm(scaled, axis=-1) / np.linalg.norm(normalize(before), axis=-1).clip(1e-9)
    seen = ratio > 0.01
    np.testing.assert_allclose(ratio[seen], np.median(ratio[seen]), rtol=1e-4)  # one factor for the whole clip


@pytest.mark.parametrize(
    'transform, shape, message',
    [
        (NormalizeSkeleton(), (1, 4, 20, 3), "'clip7' has 20 joints of 3 coordinates, not 25 of 3"),
        (NormalizeSkeleton('coco'), (1, 4, 17, 2), 'not 17 of 3.*NormalizeSkeleton2D for pixels'),
        (NormalizeSkeleton2D(), (1, 4, 17, 3), 'not 17 of 2'),
        (MapLayout('coco', 'openpose'), (1, 4, 18, 2), "'clip7' has 18 joints, not 17. Set 'src'"),
    ],
)
def test_clips_that_do_not_fit_are_named(transform, shape, message):
    with pytest.raises(ValueError, match=message):
        transform.transform(dict(frame_dir='clip7', keypoint=np.ones(shape), total_frames=4))


def test_four_mean_bones_are_the_unit_without_a_torso():
    layout = dict(num_node=3, inward=[(1, 0), (2, 1)], center=0)
    clip = np.array([[[[1, 1, 1], [1, 2, 1], [1, 2, 4]]] * 5], dtype=np.float32)  # bones of 1 and 3
    clip[0, 3] = 0  # nobody is seen
    done = NormalizeSkeleton(layout, turn=False, scale=True).transform(dict(keypoint=clip))['keypoint']
    np.testing.assert_allclose(done[0, 0], np.array([[0, 0, 0], [0, 1, 0], [0, 1, 3]]) / 8, atol=1e-6)
    assert not done[0, 3].any()


def pixels(persons=2, frames=10, joints=17):
    return rng.uniform(100, 900, (persons, frames, joints, 2)).astype(np.float32)


def normalize2d(keypoint, img_shape=(1000, 2000), scores=None, **kwargs):
    results = dict(keypoint=keypoint.copy(), total_frames=keypoint.shape[1])
    results |= {} if img_shape is None else dict(img_shape=img_shape)
    results |= {} if scores is None else dict(keypoint_score=scores)
    results = NormalizeSkeleton2D(**kwargs).transform(results)
    assert 'keypoint_score' not in results
    return results['keypoint']


def test_pixels_come_to_the_unit_range_and_keep_their_proportions():
    keypoint = pixels()
    keypoint[0, 0, :4] = [(2000, 1000), (1e-9, 1e-9), (1000, 500), (1000, 700)]
    done = normalize2d(keypoint, torso=False, score=False)
    np.testing.assert_allclose(done[0, 0, :4], [(1, 0.5), (-1, -0.5), (0, 0), (0, 0.2)], atol=1e-6)
    np.testing.assert_allclose(done, (keypoint - (1000, 500)) / 1000, atol=1e-6)


def test_without_an_image_size_the_largest_coordinates_replace_it():
    done = normalize2d(pixels(), img_shape=None, torso=False, score=False)
    assert done.max() == pytest.approx(1, abs=0.01) and done.min() > -1


def test_place_and_size_in_the_image_do_not_matter_with_the_torso_as_unit():
    keypoint = pixels()
    done = normalize2d(keypoint, score=False)
    np.testing.assert_allclose(normalize2d(2.5 * keypoint + (30, 70), score=False), done, atol=1e-4)
    np.testing.assert_allclose(normalize2d(keypoint, img_shape=(480, 640), score=False), done, atol=1e-5)
    hips, shoulders = done[0][:, [11, 12]].mean(1), done[0][:, [5, 6]].mean(1)
    np.testing.assert_allclose(hips, 0, atol=1e-5)
    assert np.median(np.linalg.norm(shoulders - hips, axis=-1)) == pytest.approx(1, rel=1e-5)


def test_only_the_scale_changes_between_persons():
    keypoint = pixels(3)
    done = normalize2d(keypoint, score=False)
    before, after = (array - array[:1, :, :1] for array in (keypoint, done))
    factor = np.median(after[1:] / before[1:])
    np.testing.assert_allclose(after, factor * before, atol=1e-3)


def test_zero_joints_stay_zero_also_in_the_score_and_frames_keep_their_order():
    keypoint, score = pixels(), rng.uniform(0.1, 1, (2, 10, 17))
    keypoint[0, 4] = 0
    keypoint[1, :5] = 0
    keypoint[0, 7, 3] = 0
    missing = ~keypoint.any(-1)
    for torso in (True, False):
        done = normalize2d(keypoint, scores=score, torso=torso)
        assert done.shape == (2, 10, 17, 3) and not done[missing].any()
        np.testing.assert_allclose(done[..., 2][~missing], score[~missing], rtol=1e-6)


def test_a_frame_without_the_first_person_is_centred_where_it_was_last():
    keypoint = pixels()
    keypoint[0, [0, 4, 5]] = 0
    done = normalize2d(keypoint, score=False)
    length = np.linalg.norm(keypoint[1, 1, 0] - keypoint[1, 1, 1]) / np.linalg.norm(done[1, 1, 0] - done[1, 1, 1])
    for frame, known in [(0, 1), (4, 3), (5, 3)]:
        hips = keypoint[0, known, [11, 12]].mean(0)
        np.testing.assert_allclose(done[1, frame], (keypoint[1, frame] - hips) / length, atol=1e-4)


def test_a_missing_score_is_1_and_the_score_may_be_left_out():
    keypoint = pixels()
    assert (normalize2d(keypoint)[..., 2] == 1).all()
    assert normalize2d(keypoint, score=False).shape[-1] == 2
    assert normalize2d(keypoint, scores=rng.uniform(size=(2, 10, 17)), score=False).shape[-1] == 2


@pytest.mark.parametrize('shape', [(1, 4, 17, 2), (0, 4, 17, 2)])
def test_nobody_at_all_in_2d(shape):
    assert not normalize2d(np.zeros(shape, np.float32)).any()


def test_joints_move_to_where_the_other_layout_has_them():
    keypoint, score = pixels(), rng.uniform(size=(2, 10, 17)).astype(np.float32)
    results = MapLayout('coco', 'openpose').transform(dict(keypoint=keypoint, keypoint_score=score))
    for joint, name in enumerate(LAYOUTS['openpose'].names):
        if name == 'neck':
            assert not results['keypoint'][:, :, joint].any() and not results['keypoint_score'][:, :, joint].any()
        else:
            same = LAYOUTS['coco'].joint(name)
            np.testing.assert_array_equal(results['keypoint'][:, :, joint], keypoint[:, :, same])
            np.testing.assert_array_equal(results['keypoint_score'][:, :, joint], score[:, :, same])


def test_mapping_there_and_back_keeps_common_joints():
    keypoint = person(joints=20)
    there = MapLayout('kinect_v1', 'nturgb+d').transform(dict(keypoint=keypoint))
    assert there['keypoint'].shape == (2, 10, 25, 3)
    np.testing.assert_array_equal(MapLayout('nturgb+d', 'kinect_v1').transform(there)['keypoint'], keypoint)


def test_custom_layouts_map_by_name_in_any_word_order():
    mine = dict(num_node=3, inward=[(1, 0), (2, 0)], center=0, names=['hip_center', 'shoulder_right', 'antenna'])
    keypoint = person(joints=25)
    done = MapLayout('nturgb+d', mine).transform(dict(keypoint=keypoint))['keypoint']
    np.testing.assert_array_equal(done[:, :, :2], keypoint[:, :, [0, 8]])
    assert not done[:, :, 2].any()


@pytest.mark.parametrize('dst', ['hand', dict(num_node=2, inward=[(1, 0)], center=0)])
def test_layouts_without_common_joints_do_not_map(dst):
    with pytest.raises(ValueError, match='No joint corresponds'):
        MapLayout('coco', dst)


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


def test_scores_are_resized_with_the_joints():
    keypoint = person(frames=30)
    results = ResizeFrames(64).transform(dict(keypoint=keypoint, keypoint_score=keypoint[..., 0], total_frames=30))
    np.testing.assert_array_equal(results['keypoint_score'], results['keypoint'][..., 0])


def test_a_clip_without_frames_is_named():
    with pytest.raises(AnnotationError, match="Clip 'a' has no frames"):
        ResizeFrames(64).transform(dict(frame_dir='a', keypoint=np.zeros((1, 0, 25, 3), np.float32)))
