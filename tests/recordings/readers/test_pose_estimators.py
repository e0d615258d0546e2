"""Files of MMPose and OpenPose, whose people are not tracked."""

import json

import numpy as np
import pytest
from raw_files import mmpose_instance, moving, write_openpose

from usdrl_mmaction.errors import RecordingError
from usdrl_mmaction.recordings.readers import read_clip

POSES = 100 * moving(2, frames=8, joints=17, coordinates=2)  # (2, T, V, 2)
POSES[1] = 1000 + POSES[0] + 9 * np.arange(8, dtype=np.float32)[:, None, None]  # the second moves more
FRAMES = [[mmpose_instance(POSES[m, t]) for m in ((0, 1) if t % 2 else (1, 0))] for t in range(8)]


def dump(tmp_path, content):
    (tmp_path / 'clip.json').write_text(json.dumps(content))
    return tmp_path / 'clip.json'


def numbered(frames, first=0):
    return [{'frame_id': first + t, 'instances': instances} for t, instances in enumerate(frames)]


@pytest.mark.parametrize(
    'content',
    [FRAMES, numbered(FRAMES), numbered(FRAMES, 1), {'meta_info': {}, 'instance_info': numbered(FRAMES, 1)}],
)
def test_every_form_of_mmpose_gives_the_same_people(tmp_path, content):
    clip = read_clip(dump(tmp_path, content))
    np.testing.assert_allclose(clip.keypoint, POSES[::-1], rtol=1e-6)
    np.testing.assert_allclose(clip.score, np.full((2, 8, 17), 0.9), rtol=1e-6)


def test_the_names_of_joints_are_read(tmp_path):
    names = {str(joint): f'part{joint}' for joint in range(17)}
    meta = {'keypoint_id2name': dict(reversed(names.items()))}
    clip = read_clip(dump(tmp_path, {'meta_info': meta, 'instance_info': numbered(FRAMES)}))
    assert clip.joints == tuple(f'part{joint}' for joint in range(17))


def test_frames_that_are_left_out_or_have_nobody_are_zero(tmp_path):
    content = [frame for frame in numbered(FRAMES, 3) if frame['frame_id'] != 5]
    content[4]['instances'] = []
    clip = read_clip(dump(tmp_path, content))
    expected = POSES[::-1].copy()
    expected[:, [2, 5]] = 0
    np.testing.assert_allclose(clip.keypoint, expected, rtol=1e-6)


def test_nobody_in_any_frame(tmp_path):
    assert read_clip(dump(tmp_path, [[], []])).keypoint.shape == (0, 2, 0, 2)


SHORT = mmpose_instance(POSES[0, 0, :16])
INFINITE = mmpose_instance(np.full((17, 2), np.inf))


@pytest.mark.parametrize(
    'content, message',
    [
        ({'instance_info': []}, "no frames. Expected a list of frames, or a dict with 'instance_info'"),
        ({'frames': []}, "no poses were found in it, .* It holds a dict of 'frames'"),
        ([], 'no poses were found in it, '),
        ([[mmpose_instance(POSES[0, 0])], [SHORT]], r'people of different shapes .*: \[\(16, 3\), \(17, 3\)\]'),
        (
            [[], [mmpose_instance(POSES[0, 0]), INFINITE]],
            "frame 1, instance 1: 'keypoints' is not finite at",
        ),
        ([[mmpose_instance(POSES[0, 0]), {'bbox': []}]], "frame 0, instance 1 has no 'keypoints' with 'keypoint_sc"),
        ([[{'bbox': []}]], 'no poses were found in it'),
        (
            [[{'keypoints': [[1, 2], [3]], 'keypoint_scores': [1, 1]}]],
            "frame 0, instance 0: 'keypoints' is not an array of num",
        ),
        (
            [[{'keypoints': [[1, 2], [3, 4]], 'keypoint_scores': [1]}]],
            r"frame 0, instance 0: .*'keypoint_scores' \(1,\)",
        ),
        ([{'frame_id': 1, 'instances': []}] * 2, "two frames have the same 'frame_id'"),
        ([{'frame_id': 'a', 'instances': []}], "'frame_id' 'a' of entry 0 is not a whole number"),
        ({'instance_info': [{'frame_id': 1}]}, "frame 1 of 1 has no list of 'instances'"),
    ],
)
def test_broken_mmpose_files_are_named(tmp_path, content, message):
    with pytest.raises(RecordingError, match=f'clip.json: {message}'):
        read_clip(dump(tmp_path, content))


def test_json_that_is_cut_short_is_named_with_the_line(tmp_path):
    text = json.dumps(FRAMES, indent=1).splitlines()[:50]
    (tmp_path / 'clip.json').write_text('\n'.join(text))
    with pytest.raises(RecordingError, match=r'clip.json, line 50: not JSON'):
        read_clip(tmp_path / 'clip.json')


def with_score(pose, score=0.5):
    return np.concatenate([pose, np.full((len(pose), 1), score, np.float32)], axis=1)


def test_openpose_people_gaps_and_undetected_joints(tmp_path):
    poses = POSES.copy()
    poses[:, :, 4] = 0
    frames = {t + 12: [with_score(poses[m, t]) for m in ((0, 1) if t % 2 else (1, 0))] for t in range(8) if t != 3}
    frames[12].append(np.zeros((17, 3), np.float32))  # a detection without joints
    write_openpose(tmp_path / 'video', frames)
    clip = read_clip(tmp_path / 'video')
    poses[:, 3] = 0
    np.testing.assert_allclose(clip.keypoint, poses[::-1], rtol=1e-6)
    assert clip.score[0, 0, 0] == 0.5 and not clip.score[:, 3].any()


@pytest.mark.parametrize(
    'text, message',
    [
        ('', 'video_1_keypoints.json is empty'),
        ('{"people": [', 'video_1_keypoints.json, line 1: not JSON'),
        ('{}', "video_1_keypoints.json has no list of 'people'"),
        ('{"people": [{}]}', "video_1_keypoints.json: person 0 has no list of numbers 'pose_keypoints_2d'"),
        ('{"people": [{"pose_keypoints_2d": [1, 2]}]}', "person 0: 'pose_keypoints_2d' has 2 numbers, not 3 per joint"),
        ('{"people": [{"pose_keypoints_2d": [1, 2, 1e99]}]}', "person 0: 'pose_keypoints_2d' is not finite"),
    ],
)
def test_broken_openpose_files_are_named(tmp_path, text, message):
    (tmp_path / 'video_1_keypoints.json').write_text(text)
    with pytest.raises(RecordingError, match=message):
        read_clip(tmp_path)


def test_folders_without_frames_and_unknown_formats(tmp_path):
    with pytest.raises(RecordingError, match='a folder of nothing, and none of them is a frame of people'):
        read_clip(tmp_path)
    (tmp_path / 'clip.xyz').touch()
    with pytest.raises(RecordingError, match=r"no reader for '\.xyz'\. Known are \.json, "):
        read_clip(tmp_path / 'clip.xyz')


def test_joints_that_are_nan_or_null_were_not_seen(tmp_path):
    content = [[mmpose_instance(POSES[0, 0])]]
    content[0][0]['keypoints'][3] = [None, 2.0]
    content[0][0]['keypoints'][5][1] = np.nan
    clip = read_clip(dump(tmp_path, content))
    seen = np.delete(np.arange(17), [3, 5])
    np.testing.assert_allclose(clip.keypoint[0, 0, seen], POSES[0, 0, seen], rtol=1e-6)
    assert not clip.keypoint[0, 0, [3, 5]].any()
