"""Recordings of every form, whole and broken."""

import json
import pickle
import re

import numpy as np
import pytest
import torch
from raw_files import mmpose_instance, moving, replace_line, write_openpose, write_skeleton

from usdrl_mmaction.body import body_mapping
from usdrl_mmaction.datasets.synthetic.movement import make_movement
from usdrl_mmaction.errors import AnnotationError, MissingFileError, RecordingError
from usdrl_mmaction.recordings.clip import Clip
from usdrl_mmaction.recordings.recording import (
    Recording,
    find_recordings,
    known_layout,
    read_body,
    read_content,
    read_recording,
    recordings_below,
)
from usdrl_mmaction.skeletons import LAYOUTS, get_skeleton, joint_mapping

NTU, COCO, BODY_25, MEDIAPIPE = map(get_skeleton, ('nturgb+d', 'coco', 'openpose_25', 'mediapipe'))
KEYPOINT = moving(persons=2)  # (2, 6, 25, 3)
FLAT = 100 * moving(persons=1, joints=17, coordinates=2)


def read(source, skeleton=NTU, channels=3):
    (recording,) = find_recordings(source)
    return read_recording(recording, skeleton, channels)


def write_csv(path):
    names = [f'{joint}_{axis}' for joint in NTU.names for axis in 'xyz']
    rows = [
        f'{frame},{person},' + ','.join(map(str, KEYPOINT[person, frame].ravel()))
        for frame in range(6)
        for person in range(2)
    ]
    path.write_text('\n'.join([f'frame,person,{",".join(names)}', *rows]))


def write_pickle(path):
    item = dict(frame_dir='day1/clip', label=0, total_frames=6, keypoint=KEYPOINT)
    path.write_bytes(pickle.dumps(dict(split={}, annotations=[item, {**item, 'frame_dir': 'other'}])))


WRITERS = {
    'a.npz': lambda path: np.savez(path, keypoint=KEYPOINT),
    'a.npy': lambda path: np.save(path, KEYPOINT),
    'a.csv': write_csv,
    'a.skeleton': lambda path: write_skeleton(path, KEYPOINT),
}


@pytest.mark.parametrize('name', WRITERS)
def test_files_of_joints_in_3d(tmp_path, name):
    WRITERS[name](tmp_path / name)
    np.testing.assert_array_equal(read(tmp_path / name).keypoint, KEYPOINT)
    assert find_recordings(str(tmp_path / name))[0].name == str(tmp_path / name)


@pytest.mark.parametrize('source', [KEYPOINT, torch.from_numpy(KEYPOINT), {'keypoint': KEYPOINT.tolist()}])
def test_arrays_and_annotations(source):
    np.testing.assert_array_equal(read(source).keypoint, KEYPOINT)


def test_one_person_without_an_axis_for_people():
    np.testing.assert_array_equal(read(KEYPOINT[1]).keypoint, KEYPOINT[1:])
    clip = read({'keypoint': FLAT[0], 'keypoint_score': np.ones((6, 17)), 'img_shape': (480, 640)}, COCO, 2)
    assert clip.keypoint.shape == (1, 6, 17, 2) and clip.score.shape == (1, 6, 17) and clip.img_shape == (480, 640)


def test_an_annotation_file_has_many(tmp_path):
    write_pickle(tmp_path / 'a.pkl')
    recordings = find_recordings([tmp_path / 'a.pkl', KEYPOINT, {'frame_dir': 'mine', 'keypoint': KEYPOINT}])
    assert [recording.name for recording in recordings] == ['day1/clip', 'other', 'recording 1', 'mine']
    np.testing.assert_array_equal(read_recording(recordings[1], NTU, 3).keypoint, KEYPOINT)


def test_mmpose(tmp_path):
    meta = {'dataset_name': 'coco', 'keypoint_id2name': {str(i): name for i, name in enumerate(COCO.names)}}
    frames = [{'frame_id': t + 1, 'instances': [mmpose_instance(FLAT[0, t])]} for t in range(6)]
    (tmp_path / 'a.json').write_text(json.dumps({'meta_info': meta, 'instance_info': frames}))
    clip = read(tmp_path / 'a.json', COCO, 2)
    np.testing.assert_allclose(clip.keypoint, FLAT, rtol=1e-6)
    np.testing.assert_allclose(clip.score, 0.9)


def test_openpose(tmp_path):
    pose = np.concatenate([100 * moving(joints=25, coordinates=2)[0], np.full((6, 25, 1), 0.5)], -1)
    write_openpose(tmp_path / 'video', {t: [pose[t]] for t in range(6)})
    clip = read(tmp_path / 'video', BODY_25, 2)
    np.testing.assert_allclose(clip.keypoint[0], pose[..., :2], rtol=1e-6)
    np.testing.assert_allclose(clip.score, 0.5)


# --- MediaPipe ------------------------------------------------------------------------------------------------------
LANDMARKS = np.random.default_rng(0).uniform(0.1, 1, (6, 33, 5)).astype(np.float32)  # x, y, z, visibility, presence


def test_mediapipe_s_landmarks_in_its_own_layout():
    clip = read(LANDMARKS, MEDIAPIPE)
    np.testing.assert_array_equal(clip.keypoint[0], LANDMARKS[..., :3])
    np.testing.assert_array_equal(clip.score[0], LANDMARKS[..., 3])
    np.testing.assert_array_equal(read(LANDMARKS[..., :3], MEDIAPIPE).keypoint, clip.keypoint)


def test_mediapipe_s_landmarks_in_the_axes_of_a_sensor():
    clip = read(LANDMARKS, NTU)
    turned = LANDMARKS[..., :3] * [-1, -1, 1]

    def mean(*names):
        return turned[:, [MEDIAPIPE.joint(name) for name in names]].mean(1)

    for name, expected in {
        'left_wrist': mean('left_wrist'),
        'right_knee': mean('right_knee'),
        'spine_base': mean('left_hip', 'right_hip'),
        'spine_shoulder': mean('left_shoulder', 'right_shoulder'),
        'spine_mid': mean('left_hip', 'right_hip', 'left_shoulder', 'right_shoulder'),
        'right_foot': mean('right_foot_index'),
    }.items():
        np.testing.assert_allclose(clip.keypoint[0, :, NTU.joint(name)], expected, rtol=1e-6, err_msg=name)
    hips = [MEDIAPIPE.joint('left_hip'), MEDIAPIPE.joint('right_hip')]
    np.testing.assert_array_equal(clip.score[0, :, NTU.joint('spine_base')], LANDMARKS[:, hips, 3].min(1))


def test_a_middle_is_of_the_joints_that_are_seen():
    landmarks = LANDMARKS[..., :3].copy()
    landmarks[:, MEDIAPIPE.joint('left_hip')] = 0
    clip = read(landmarks, NTU).keypoint[0]
    np.testing.assert_array_equal(clip[:, NTU.joint('spine_base')], clip[:, NTU.joint('right_hip')])
    assert not clip[:, NTU.joint('left_hip')].any()


@pytest.mark.parametrize('layout', ['coco', 'kinect_v1', 'h36m', 'openpose', 'openpose_25'])
def test_mediapipe_s_landmarks_in_every_layout(layout):
    clip = read(LANDMARKS, get_skeleton(layout), channels=2)
    assert clip.keypoint.shape == (1, 6, len(get_skeleton(layout)), 2) and clip.keypoint.all()
    where = get_skeleton(layout).joint('left_elbow')
    np.testing.assert_array_equal(clip.keypoint[0, :, where], LANDMARKS[:, MEDIAPIPE.joint('left_elbow'), :2])


# --- Layouts and tables ---------------------------------------------------------------------------------------------
def walk_in(layout):
    mapping = joint_mapping(NTU.names, LAYOUTS[layout].names, estimate=True)
    return mapping(make_movement(1)['annotations'][0]['keypoint'])


@pytest.mark.parametrize('asked, given', [('nturgb+d', 'openpose_25'), ('coco', 'h36m'), ('h36m', 'coco')])
def test_joints_that_lie_as_in_another_layout_are_refused(asked, given):
    keypoint = walk_in(given)
    message = f'recording 0: its .. joints lie as those of {given}, not of {asked}'
    with pytest.raises(RecordingError, match=re.escape(message).replace(r'\.\.', '..')):
        read(keypoint, get_skeleton(asked))
    np.testing.assert_array_equal(read(keypoint, get_skeleton(given)).keypoint, keypoint)
    (recording,) = find_recordings(dict(keypoint=keypoint, layout=asked))  # an annotation file that says so
    assert read_recording(recording, get_skeleton(asked), 3).joints == ()


def test_names_in_any_order_become_joints_of_any_layout(tmp_path):
    names = [f'{name.partition("_")[2]}_{name.partition("_")[0]}' for name in LAYOUTS['kinect_v1'].names]
    rows = [','.join(map(str, frame.ravel())) for frame in walk_in('kinect_v1')[0]]
    (tmp_path / 'a.csv').write_text('\n'.join([','.join(f'{n}_{axis}' for n in names for axis in 'xyz'), *rows]))
    clip = read(tmp_path / 'a.csv', NTU)
    np.testing.assert_allclose(clip.keypoint[:, :, :20], walk_in('nturgb+d')[:, :, :20], atol=0.3)
    assert known_layout(read_content(find_recordings(tmp_path / 'a.csv')[0])) == 'kinect_v1'


@pytest.mark.parametrize(
    'layout', ['nturgb+d', 'coco', 'h36m', 'openpose_25', 'mediapipe', 'halpe', 'smpl', 'kinect_v1']
)
def test_the_layout_of_a_clip_is_known_by_names_or_proportions(layout):
    keypoint, names = walk_in(layout), LAYOUTS[layout].names
    assert known_layout(Clip(keypoint, joints=names[::-1])) == layout
    assert known_layout(Clip(keypoint)) == layout
    assert known_layout(Clip(keypoint, joints=tuple(f'marker{n}' for n in range(len(names))))) == layout


def test_a_table_of_many_recordings(tmp_path):
    header = ','.join(f'{name}_{axis}' for name in NTU.names for axis in 'xyz')
    rows = [f'v{m},wave,{",".join(map(str, KEYPOINT[m, t].ravel()))}' for m in range(2) for t in range(6)]
    (tmp_path / 'clips.csv').write_text('\n'.join([f'video,class,{header}', *rows]))
    found = find_recordings(tmp_path / 'clips.csv')
    assert [(recording.name, recording.label) for recording in found] == [
        (f'{tmp_path}/clips.csv/v{m}', 'wave') for m in range(2)
    ]
    for m, recording in enumerate(found):
        np.testing.assert_array_equal(read_recording(recording, NTU, 3).keypoint, KEYPOINT[m : m + 1])
    assert (
        list(recordings_below(tmp_path)) == ['clips/v0', 'clips/v1'] == list(recordings_below(tmp_path / 'clips.csv'))
    )


def test_what_is_left_out_is_said_once(tmp_path, caplog):
    for name in ('a', 'b'):
        write_csv(tmp_path / f'{name}.csv')
        lines = (tmp_path / f'{name}.csv').read_text().splitlines()
        lines = [f'{line},{"humidity" if n == 0 else 5}' for n, line in enumerate(lines)]
        (tmp_path / f'{name}.csv').write_text('\n'.join(lines))
        np.testing.assert_array_equal(read(tmp_path / f'{name}.csv').keypoint, KEYPOINT)
    assert [record.getMessage() for record in caplog.records] == [f'{tmp_path}/a.csv: 1 column is not used: humidity.']


# --- What is broken -------------------------------------------------------------------------------------------------
INFINITE = KEYPOINT.copy()
INFINITE[0, 3, 7, 1] = np.inf


@pytest.mark.parametrize(
    'source, message',
    [
        (
            np.random.default_rng(0).normal(size=(6, 74)),
            r"recording 0: 'keypoint' has to be \(M, T, V, C\), .*, not \(6, 74\)",
        ),
        (np.ones((1, 6, 25, 6)), r"'keypoint' has to be .* 2 or 3 coordinates .*, not \(1, 6, 25, 6\)"),
        (np.ones((1, 0, 25, 3)), r'not \(1, 0, 25, 3\)'),
        (np.ones((6, 7, 3)), 'recording 0: 7 joints, but the layout has 25'),
        (KEYPOINT[..., :2], r"'keypoint' \(2, 6, 25, 2\) has 2 coordinates per joint, but the model was trained on 3"),
        (INFINITE, r"'keypoint' is infinite at \(0, 3, 7, 1\)"),
        ([['left', 'right']], "recording 0: 'keypoint' holds <U5, not numbers"),
        ([[[[1, 2], [3]]]], "recording 0: 'keypoint' is not an array of numbers"),
        (np.zeros((6, 25, 3)), 'recording 0: nobody is seen in it'),
        ({'frame_dir': 'x', 'pose': 1}, "x has no array 'keypoint'. It has: frame_dir, pose"),
        (
            {'frame_dir': 'x', 'keypoint': KEYPOINT, 'keypoint_score': np.ones((2, 6, 24))},
            r"x: 'keypoint_score' is \(2, 6, 24\), not \(2, 6, 25\)",
        ),
    ],
)
def test_broken_arrays(source, message):
    with pytest.raises(RecordingError, match=message):
        read([source] if not isinstance(source, list) else source)


def break_npz(path):
    np.savez(path, keypoint=KEYPOINT[..., 0])


def break_csv(path):
    write_csv(path)
    replace_line(path, 3, '0,1,nothing')


def break_skeleton(path):
    write_skeleton(path, KEYPOINT)
    replace_line(path, 4, '24')


def break_pickle(path):
    path.write_bytes(pickle.dumps([1, 2]))


def break_mmpose(path):
    path.write_text(json.dumps([{'frame_id': 0, 'instances': [{'keypoints': [[1, 2, 3, 4]], 'keypoint_scores': [1]}]}]))


def break_openpose(path):
    write_openpose(path, {0: [np.ones((25, 2))]})


@pytest.mark.parametrize(
    'name, write, message',
    [
        ('a.npz', break_npz, r"'keypoint' has to be \(M, T, V, C\), .* not \(2, 6, 25\)"),
        ('a.csv', break_csv, 'line 3: 3 fields, but the header has 77'),
        ('a.skeleton', break_skeleton, 'line 30: .* the number of joints was expected'),
        ('a.pkl', break_pickle, "not of a dict with 'split' and 'annotations': found list"),
        ('a.json', break_mmpose, r"'keypoints' are \(1, 4\) and 'keypoint_scores' \(1,\)"),
        ('video', break_openpose, "person 0: 'pose_keypoints_2d' has 50 numbers, not 3 per joint"),
        ('a.xyz', lambda path: path.write_text('1'), "no reader for '.xyz'"),
        ('folder', lambda path: path.mkdir(), 'has no recordings'),
        ('nothing.pkl', lambda path: None, 'There is no annotation file'),
        ('nothing.csv', lambda path: None, 'There is no recording'),
    ],
)
def test_broken_files_are_named(tmp_path, name, write, message):
    write(tmp_path / name)
    kinds = {'a.pkl': AnnotationError, 'nothing.pkl': MissingFileError, 'nothing.csv': MissingFileError}
    with pytest.raises(kinds.get(name, RecordingError), match=f'(?s){name}.*{message}|{message}.*{name}'):
        read(tmp_path / name)


def test_any_layout_of_a_body_is_read_as_the_body(tmp_path):
    walk = make_movement(1)['annotations'][0]['keypoint']
    expected = body_mapping('nturgb+d')(walk)
    np.save(tmp_path / 'walk.npy', walk)
    content = dict(split={}, annotations=[dict(frame_dir='walk', label=0, total_frames=walk.shape[1], keypoint=walk)])
    for name, meta in (
        ('named', dict(layout='nturgb+d')),
        ('joints', dict(joints=LAYOUTS['nturgb+d'].names)),
        ('bare', {}),
    ):
        (tmp_path / f'{name}.pkl').write_bytes(pickle.dumps({**content, 'meta': meta}))
    for given in (tmp_path / 'walk.npy', walk, *(tmp_path / f'{name}.pkl' for name in ('named', 'joints', 'bare'))):
        (recording,) = find_recordings(given)
        clip = read_body(recording)
        np.testing.assert_allclose(clip.keypoint, expected, atol=1e-5)
        assert clip.joints == LAYOUTS['body'].names
    other = read_body(Recording('walk', walk[:, :, :20]), 'kinect_v1')
    assert other.keypoint.shape[2] == 19


@pytest.mark.parametrize('array, layout, message', [
    (np.zeros((5, 25, 3)), None, 'nobody is seen'),
    (np.ones((5, 25, 3)), None, '25 joints without names can be nturgb.d or openpose_25: give the layout'),
    (np.ones((5, 7, 3)), None, 'no known layout of a body has 7 joints'),
    (np.ones((5, 17, 3)), 'nturgb+d', '17 joints are not those of the layout nturgb'),
    (np.ones((5, 21, 3)), 'hand', 'This layout is no body'),
])  # fmt: skip
def test_what_is_no_body_is_refused_by_name(array, layout, message):
    with pytest.raises(RecordingError, match=f'clip: {message}'):
        read_body(Recording('clip', array), layout)
