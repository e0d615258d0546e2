"""Joints are matched by name or order, and the most active people are kept."""

import numpy as np
import pytest
from raw_files import moving

from usdrl_mmaction.errors import RecordingError
from usdrl_mmaction.recordings.clip import Clip, by_activity, fit, keep_people, seen_only, with_fps
from usdrl_mmaction.skeletons import get_skeleton

COCO = get_skeleton('coco')


def test_named_joints_are_sorted_as_in_the_layout_and_others_left_out():
    keypoint, score = moving(joints=18), np.arange(18, dtype=np.float32) * np.ones((1, 6, 1), np.float32)
    names = ('hat', *reversed(COCO.names))
    done = fit(Clip(keypoint, score, joints=names), COCO, 'clip')
    np.testing.assert_array_equal(done.keypoint, keypoint[:, :, :0:-1])
    np.testing.assert_array_equal(done.score, score[:, :, :0:-1])
    assert done.joints == COCO.names


def test_names_are_the_same_in_capitals_and_with_spaces():
    names = [name.replace('_', ' ').title() for name in COCO.names]
    keypoint = moving(joints=17)
    np.testing.assert_array_equal(fit(Clip(keypoint, joints=tuple(names)), COCO, 'clip').keypoint, keypoint)


def test_names_that_mean_the_same_are_understood():
    names = ('Nose', 'LEye', 'REye', 'ear.left', 'ear.right', 'shoulder_left', 'RShoulder', *COCO.names[7:])
    keypoint = moving(joints=17)
    np.testing.assert_array_equal(fit(Clip(keypoint, joints=names), COCO, 'clip').keypoint, keypoint)


def test_joints_in_the_middle_of_others_are_estimated_on_request():
    keypoint, openpose = moving(joints=17), get_skeleton('openpose')
    clip = Clip(keypoint, keypoint[..., 0], joints=COCO.names)
    with pytest.raises(RecordingError, match='17 joints are named as in the layout, but not neck'):
        fit(clip, openpose, 'clip')
    done, neck = fit(clip, openpose, 'clip', estimate=True), openpose.joint('neck')
    np.testing.assert_array_equal(done.keypoint[:, :, neck], keypoint[:, :, [5, 6]].mean(2))
    np.testing.assert_array_equal(done.score[:, :, neck], keypoint[:, :, [5, 6], 0].min(2))


def test_without_names_of_the_layout_the_order_of_the_file_is_kept():
    keypoint = moving(joints=17)
    for joints in ((), tuple(f'marker{i}' for i in range(17))):
        assert fit(Clip(keypoint, joints=joints), COCO, 'clip').keypoint is keypoint


def test_a_joint_of_another_name_is_not_guessed():
    names = ('nos', *COCO.names[1:])
    with pytest.raises(RecordingError, match=r'clip: 16 joints are named as in the layout, but not nose\.'):
        fit(Clip(moving(joints=17), joints=names), COCO, 'clip')


def test_the_wrong_number_of_joints_and_nobody():
    with pytest.raises(RecordingError, match='clip: 25 joints, but the layout has 17'):
        fit(Clip(moving()), COCO, 'clip')
    with pytest.raises(RecordingError, match='clip: nobody is seen'):
        fit(Clip(np.zeros((1, 5, 17, 3), np.float32)), COCO, 'clip')


def test_impossible_coordinates_are_reported():
    keypoint = moving(joints=17)
    keypoint[0, 2, 3, 1] = -3e38
    with pytest.raises(RecordingError, match=r'clip: no joint can be at 3e\+38\. The file is damaged'):
        fit(Clip(keypoint), COCO, 'clip')
    keypoint[0, 2, 3, 1] = 1e6
    assert fit(Clip(keypoint), COCO, 'clip').keypoint is keypoint


def test_absent_people_are_left_out_and_the_others_keep_their_order():
    keypoint = moving(4)
    keypoint[[0, 2]] = 0
    score = np.arange(4, dtype=np.float32)[:, None, None] * np.ones((4, 6, 25), np.float32)
    done = keep_people(Clip(keypoint, score), 2)
    np.testing.assert_array_equal(done.keypoint, keypoint[[1, 3]])
    np.testing.assert_array_equal(done.score, score[[1, 3]])


def test_of_too_many_people_the_most_active_are_kept():
    still, flicker, walker = np.ones((3, 20, 17, 2), np.float32) * np.arange(1, 18)[:, None]
    flicker[3:] = 0
    walker += 5 * np.arange(20, dtype=np.float32)[:, None, None]
    keypoint = np.stack([flicker, still, walker])
    np.testing.assert_array_equal(keep_people(Clip(keypoint), 2).keypoint, keypoint[[2, 1]])
    np.testing.assert_array_equal(by_activity(Clip(keypoint)).keypoint, keypoint[[2, 1, 0]])
    unsure = np.ones((3, 20, 17), np.float32)
    unsure[2] = 0.01
    np.testing.assert_array_equal(by_activity(Clip(keypoint, unsure)).keypoint[0], still)


def test_what_stands_for_nothing_is_zero():
    keypoint = np.float32([[[1, 2], [np.nan, 3], [-1, -1], [-1, 2], [0, 0], [9999, 9999]]])
    score = np.float32([[0.5, 0.9, 0.9, 0.25, np.nan, 1]])
    seen, scored = seen_only(keypoint, score)
    np.testing.assert_array_equal(seen, [[[1, 2], [0, 0], [0, 0], [-1, 2], [0, 0], [0, 0]]])
    np.testing.assert_array_equal(scored, [[0.5, 0, 0, 0.25, 0, 0]])
    np.testing.assert_array_equal(seen_only(keypoint, 4 * score)[1], [[1, 0, 0, 0.5, 0, 0]])


@pytest.mark.parametrize('fps, frames', [(60, 12), (15, 3), (30, 6), (20, 4)])
def test_another_rate_keeps_times(fps, frames):
    times = np.arange(6, dtype=np.float32) / 30
    keypoint = np.float32([1, 2]) * (1 + times)[:, None, None] * np.ones((1, 6, 17, 2), np.float32)
    done = with_fps(Clip(keypoint, np.ones((1, 6, 17), np.float32), fps=30), fps)
    assert done.keypoint.shape == (1, frames, 17, 2) and done.score.shape == (1, frames, 17) and done.fps == fps
    expected = 1 + np.minimum(np.arange(frames) / fps, times[-1])
    np.testing.assert_allclose(done.keypoint[0, :, 0, 0], expected, rtol=1e-6)


def test_between_a_seen_and_an_unseen_joint_is_the_nearer():
    keypoint = np.float32([2, 0, 4, 6]).reshape(1, 4, 1, 1) * np.ones((1, 1, 1, 2), np.float32)
    done = with_fps(Clip(keypoint, fps=10), 25)
    np.testing.assert_allclose(done.keypoint[0, :, 0, 0], [2, 2, 0, 0, 4, 4, 4.8, 5.6, 6, 6], rtol=1e-6)
    assert with_fps(Clip(keypoint), 25).keypoint is keypoint
