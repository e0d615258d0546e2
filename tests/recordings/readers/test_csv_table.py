"""Tables as people and tools write them: wide, long and without names; one clip or many."""

import numpy as np
import pytest
from raw_files import moving

from usdrl_mmaction.errors import RecordingError
from usdrl_mmaction.recordings.readers import read_clip, read_csv
from usdrl_mmaction.recordings.readers.csv_table import parts_of, read_part, tells_parts
from usdrl_mmaction.recordings.readers.table import read_table
from usdrl_mmaction.skeletons import LAYOUTS, joint_mapping

JOINTS = ('head', 'left_hand', 'foot')
COCO = LAYOUTS['coco'].names
FLAT = moving(joints=17, coordinates=2)  # (1, 6, 17, 2)
DEEP = moving(joints=17)
BODY = moving(joints=33)


def read(tmp_path, *lines):
    path = tmp_path / 'clip.csv'
    path.write_text('\n'.join(lines) + '\n')
    return read_csv(path)


def wide_header(channels='xyz', joints=JOINTS):
    return ','.join(f'{joint}_{channel}' for joint in joints for channel in channels)


def words(values, delimiter=','):
    return delimiter.join(f'{value:.3f}' for value in np.ravel(values))


def rows(keypoint, delimiter=','):
    return [words(frame, delimiter) for frame in keypoint[0]]


def camel(name):
    return ''.join(word.title() for word in name.split('_'))


def last_first(name):
    return '_'.join([*name.split('_')[1:], name.split('_')[0]])


# --- Names of columns -----------------------------------------------------------------------------------------------
SPELLINGS = {
    'snake': lambda joint, axis: f'{joint}_{axis}',
    'capitals': lambda joint, axis: f'{joint.upper()}_{axis}',
    'side last': lambda joint, axis: f'{last_first(joint)}_{axis}',
    'camel': lambda joint, axis: f'{camel(joint)}{axis.upper()}',
    'camel, side last': lambda joint, axis: f'{camel(last_first(joint))}_{axis.upper()}',
    'spaced': lambda joint, axis: f'{joint.replace("_", " ").title()} {axis}',
    'unit': lambda joint, axis: f'{joint} {axis} (m)',
    'dot': lambda joint, axis: f'{joint}.{axis}',
    'axis first': lambda joint, axis: f'{axis}_{joint}',
    'abbreviated': lambda joint, axis: f'{joint.replace("left_", "L").replace("right_", "R")}_{axis}',
    'glued': lambda joint, axis: f'{joint.replace("_", "")}{axis}',
    'with words': lambda joint, axis: f'landmark_{joint}_pos_{axis}',
    'hyphen': lambda joint, axis: f'{joint.replace("_", "-")}-{axis}',
}


@pytest.mark.parametrize('spelling', SPELLINGS)
def test_joints_are_known_in_any_spelling(tmp_path, spelling):
    header = ','.join(SPELLINGS[spelling](joint, axis) for joint in COCO for axis in 'xyz')
    clip = read(tmp_path, header, *rows(DEEP))
    mapping = joint_mapping(clip.joints, COCO)
    assert not mapping.missing
    np.testing.assert_array_equal(mapping(clip.keypoint), DEEP)


@pytest.mark.parametrize(
    'name',
    [
        '{axis}{joint}',
        '{joint}_{axis}',
        'landmark_{joint}_{axis}',
        '{axis}_{joint}',
        'kp{joint}_{axis}',
        'pose_{axis}_{joint}',
        'p{joint}_{axis}',
        'Joint {joint} {axis}',
    ],
)
@pytest.mark.parametrize('first', [0, 1])
def test_numbered_joints_are_in_the_order_of_their_numbers(tmp_path, name, first):
    order = np.random.default_rng(0).permutation(33)
    header = ','.join(name.format(joint=first + joint, axis=axis) for joint in order for axis in 'xyz')
    clip = read(tmp_path, f'class,{header}', *(f'squat,{line}' for line in rows(BODY[:, :, order])))
    np.testing.assert_array_equal(clip.keypoint, BODY)
    assert clip.joints == () and clip.score is None and clip.notes == ()


def test_all_axes_one_after_another(tmp_path):
    header = ','.join(f'{axis}{joint}' for axis in 'xyz' for joint in range(33))
    clip = read(tmp_path, header, *rows(BODY.swapaxes(2, 3)))
    np.testing.assert_array_equal(clip.keypoint, BODY)


@pytest.mark.parametrize('score', ['score', 'visibility', 'likelihood', 'confidence', 'Conf', 'prob', 'v'])
def test_scores_have_many_names(tmp_path, score):
    header = ','.join(f'{joint}_{channel}' for joint in COCO for channel in ('x', 'y', score))
    values = np.concatenate([FLAT, np.full((1, 6, 17, 1), 0.25)], -1)
    clip = read(tmp_path, header, *rows(values))
    np.testing.assert_array_equal(clip.keypoint, FLAT)
    np.testing.assert_array_equal(clip.score, 0.25)


def test_percentages_become_scores_up_to_one(tmp_path):
    clip = read(tmp_path, 'a_x,a_y,a_score', '1,2,50', '1,2,100')
    np.testing.assert_array_equal(clip.score[0, :, 0], [0.5, 1])


def test_rotations_states_and_other_columns_are_left_out_with_a_note(tmp_path):
    others = ('RotX', 'RotY', 'RotZ', 'tracked')
    header = ','.join(f'{camel(joint)}_{channel}' for joint in COCO for channel in ('X', 'Y', 'Z', *others))
    values = np.concatenate([DEEP, np.full((1, 6, 17, 4), 9.0)], -1)
    clip = read(tmp_path, f'Temperature,{header}', *(f'21,{line}' for line in rows(values)))
    np.testing.assert_array_equal(clip.keypoint, DEEP)
    assert len(clip.notes) == 1 and clip.notes[0].startswith('69 columns are not used: Temperature, Nose_RotX')


def test_world_coordinates_come_before_those_of_the_image(tmp_path):
    image = ','.join(f'{joint}_{axis}' for joint in COCO for axis in 'xyz')
    world = ','.join(f'{joint}_world_{axis}' for joint in COCO for axis in 'xyz')
    clip = read(tmp_path, f'{image},{world}', *(f'{words(np.ones(51))},{line}' for line in rows(DEEP)))
    np.testing.assert_array_equal(clip.keypoint, DEEP)


def test_a_box_beside_named_joints_is_no_joint(tmp_path):
    clip = read(tmp_path, f'x1,y1,x2,y2,{wide_header("xy", COCO)}', *(f'1,2,3,4,{line}' for line in rows(FLAT)))
    np.testing.assert_array_equal(clip.keypoint, FLAT)


def test_holistic_landmarks_have_their_pose_first(tmp_path):
    values = moving(joints=75)
    header = ','.join(f'{axis}{joint}' for joint in range(1, 76) for axis in 'xyz')
    np.testing.assert_array_equal(read(tmp_path, header, *rows(values)).keypoint, values[:, :, :33])


# --- Headers, delimiters, numbers -----------------------------------------------------------------------------------
@pytest.mark.parametrize('delimiter', [',', ';', '\t', ' ', ', ', '|'])
def test_delimiters(tmp_path, delimiter):
    header = wide_header('xy', COCO).replace(',', delimiter)
    np.testing.assert_array_equal(read(tmp_path, header, *rows(FLAT, delimiter)).keypoint, FLAT)
    keypoint = swaying(joints=17, coordinates=2)
    np.testing.assert_array_equal(read(tmp_path, *rows(keypoint, delimiter)).keypoint, keypoint)


@pytest.mark.parametrize('delimiter', [';', '\t'])
def test_decimal_commas(tmp_path, delimiter):
    header = wide_header('xy', COCO).replace(',', delimiter)
    lines = [line.replace('.', ',') for line in rows(FLAT, delimiter)]
    np.testing.assert_array_equal(read(tmp_path, header, *lines).keypoint, FLAT)


HEADERS = {
    'index of pandas': [f',{wide_header("xy", COCO)}'],
    'names above axes': [',' + ','.join(f'{j},{j}' for j in COCO), ',' + ','.join(['x,y'] * 17)],
    'and the name of the index': [
        ',' + ','.join(f'{j},{j}' for j in COCO), ',' + ','.join(['x,y'] * 17), 'frame' + ',' * 34
    ],
    'merged cells': [',' + ','.join(f'{j},' for j in COCO), ',' + ','.join(['X,Y'] * 17)],
    'scorer': ['scorer' + ',net' * 34, 'bodyparts,' + ','.join(f'{j},{j}' for j in COCO), 'coords' + ',x,y' * 17],
    'a title': ['Recorded by Anna', '', f'frame,{wide_header("xy", COCO)}'],
    'R, without a name': [wide_header('xy', COCO)],
    'NumPy': ['# a clip', f'# frame,{wide_header("xy", COCO)}'],
}  # fmt: skip


@pytest.mark.parametrize('kind', HEADERS)
def test_headers(tmp_path, kind):
    clip = read(tmp_path, *HEADERS[kind], *(f'{t},{line}' for t, line in enumerate(rows(FLAT))))
    np.testing.assert_array_equal(clip.keypoint, FLAT)
    assert clip.joints == COCO


def test_individuals_above_joints(tmp_path):
    people = moving(2, joints=17, coordinates=2)
    header = [
        'scorer' + ',net' * 68,
        'individuals' + ',anna' * 34 + ',ben' * 34,
        'bodyparts,' + ','.join([*(f'{joint},{joint}' for joint in COCO)] * 2),
        'coords' + ',x,y' * 34,
    ]
    clip = read(tmp_path, *header, *(f'{t},{words(people[:, t])}' for t in range(6)))
    np.testing.assert_array_equal(clip.keypoint, people)
    assert clip.joints == COCO


def test_numbers_of_joints_above_axes(tmp_path):
    header = [','.join(f'{joint},{joint}' for joint in range(17)), ','.join(['x', 'y'] * 17)]
    np.testing.assert_array_equal(read(tmp_path, *header, *rows(FLAT)).keypoint, FLAT)


@pytest.mark.parametrize(
    'header', ['x,y,z' + ',x,y,z' * 16, 'x,y,z' + ''.join(f',x.{i},y.{i},z.{i}' for i in range(1, 17))]
)
def test_axes_without_joints(tmp_path, header):
    np.testing.assert_array_equal(read(tmp_path, header, *rows(DEEP)).keypoint, DEEP)


def test_ends_of_lines_that_have_a_delimiter_too_many_or_are_empty(tmp_path):
    lines = [f'{line},' for line in rows(FLAT)]
    np.testing.assert_array_equal(read(tmp_path, wide_header('xy', COCO), *lines).keypoint, FLAT)
    doubled = [part for line in rows(FLAT) for part in (line, '')]
    np.testing.assert_array_equal(read(tmp_path, 'sep=,', wide_header('xy', COCO), *doubled).keypoint, FLAT)


def test_windows_encoding(tmp_path):
    path = tmp_path / 'clip.csv'
    path.write_bytes('\r\n'.join([wide_header('xy', COCO), *rows(FLAT)]).encode('utf-16'))
    np.testing.assert_array_equal(read_csv(path).keypoint, FLAT)


@pytest.mark.parametrize('nothing', ['', 'NaN', 'nan', 'NA', 'null', 'None', '-'])
def test_a_missing_number_is_an_unseen_joint(tmp_path, nothing):
    clip = read(tmp_path, 'a_x,a_y,b_x,b_y', f'1,2,{nothing},4', '5,6,7,8', f'{nothing},{nothing},0,1')
    np.testing.assert_array_equal(clip.keypoint[0], [[[1, 2], [0, 0]], [[5, 6], [7, 8]], [[0, 0], [0, 1]]])


@pytest.mark.parametrize('nothing', ['-1', '-1.0', '-9999'])
def test_minus_one_is_an_unseen_joint(tmp_path, nothing):
    clip = read(tmp_path, 'a_x,a_y,a_score', f'{nothing},{nothing},{nothing}', '-1,2,0.5', '0.5,0.5,-1')
    np.testing.assert_array_equal(clip.keypoint[0, :, 0], [[0, 0], [-1, 2], [0.5, 0.5]])
    np.testing.assert_array_equal(clip.score[0, :, 0], [0, 0.5, 0])


def test_a_first_frame_without_anybody(tmp_path):
    clip = read(tmp_path, wide_header('xy', COCO), ',' * 33, *rows(FLAT))
    np.testing.assert_array_equal(clip.keypoint[:, 1:], FLAT)
    assert not clip.keypoint[:, 0].any()


# --- Frames, times and people ---------------------------------------------------------------------------------------
def test_wide_people_gaps_and_any_order_of_lines(tmp_path):
    keypoint = moving(2, frames=5, joints=3, coordinates=2)
    keypoint[1, 0] = keypoint[:, 3] = 0
    lines = [f'{t + 100},anna,{words(keypoint[0, t])}' for t in (2, 0, 1, 4)]
    lines += [f'{t + 100}.0,ben,{words(keypoint[1, t])}' for t in (1, 4, 2)]
    clip = read(tmp_path, 'frame,person,' + wide_header('xy'), *lines)
    np.testing.assert_array_equal(clip.keypoint, keypoint)


@pytest.mark.parametrize('person', ['track_id', 'BodyID', 'Person', 'id', 'track'])
@pytest.mark.parametrize('frame', ['frame_idx', 'Frame#', 'timestamp', None])
@pytest.mark.parametrize('together', [False, True])
def test_people_by_their_ids(tmp_path, person, frame, together):
    keypoint = moving(2, joints=3)
    cells = [(t, m) for t in range(6) for m in range(2)]
    cells = sorted(cells, key=lambda cell: cell[1]) if together else cells
    lines = [f'{t},7205{m},{words(keypoint[m, t])}' for t, m in cells]
    header = f'{frame},{person},{wide_header()}'
    if frame is None:
        header, lines = header.removeprefix('None,'), [line.split(',', 1)[1] for line in lines]
    np.testing.assert_array_equal(read(tmp_path, header, *lines).keypoint, keypoint)


def test_people_beside_each_other(tmp_path):
    keypoint = moving(2, joints=3)
    header = ','.join(f'person{m}_{joint}_{axis}' for m in (1, 2) for joint in JOINTS for axis in 'xyz')
    clip = read(tmp_path, header, *(words(keypoint[:, t]) for t in range(6)))
    np.testing.assert_array_equal(clip.keypoint, keypoint)
    assert clip.joints == JOINTS


def test_an_id_of_each_row_is_no_person(tmp_path):
    clip = read(tmp_path, f'id,{wide_header()}', *(f'{90 + t},{line}' for t, line in enumerate(rows(moving(joints=3)))))
    np.testing.assert_array_equal(clip.keypoint, moving(joints=3))


def test_each_fifth_frame_and_names_of_images(tmp_path):
    for name in ('{}', 'img_{:04d}.png', 'day1/{}.jpg'):
        lines = [f'{name.format(5 * t)},{line}' for t, line in enumerate(rows(FLAT))]
        clip = read(tmp_path, f'frame,{wide_header("xy", COCO)}', *lines)
        np.testing.assert_array_equal(clip.keypoint, FLAT)


@pytest.mark.parametrize(
    'name, time, fps',
    [
        ('time', lambda t: f'{t / 30:.3f}', 30),
        ('Timestamp', lambda t: f'{1606000000000 + t * 40}', 25),
        ('timestamp_ms', lambda t: f'{t * 200}', 5),
        ('Time (s)', lambda t: f'{t * 0.1:.2f}', 10),
        ('timestamp', lambda t: f'{t * 33333}', 30),
        ('RelativeTime', lambda t: f'{t * 333333}', 30),
        ('timestamp_ns', lambda t: f'{t * 20000000}', 50),
        ('datetime', lambda t: f'2024-05-01 10:00:00.{t * 40:03d}', 25),
        ('time', lambda t: f'10:00:0{t * 0.2:.2f}', 5),
        ('time', lambda t: f'{t}', None),
        ('video_fps', lambda t: '24', 24),
    ],
)
def test_times_tell_the_frames_per_second(tmp_path, name, time, fps):
    lines = [f'{time(t)},{line}' for t, line in enumerate(rows(FLAT))]
    clip = read(tmp_path, f'{name},{wide_header("xy", COCO)}', *lines)
    assert clip.fps == (fps and pytest.approx(fps, rel=0.02)) and clip.notes == ()
    np.testing.assert_array_equal(clip.keypoint, FLAT)


def test_more_people_than_anybody_films_are_the_most_seen_ones(tmp_path):
    lines = [f'{t},{m},{t},{m + 1}' for t in range(40) for m in range(20) if m != 3 or t < 9]
    clip = read(tmp_path, 'frame,track_id,a_x,a_y', *lines)
    assert clip.keypoint.shape == (16, 40, 1, 2) and clip.notes == (
        'the 16 people with the most frames are read, of 20',
    )
    assert 4 not in clip.keypoint[:, 0, 0, 1]


# --- Long -----------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize('joint, spell', [
    ('joint', lambda v: COCO[v]), ('Keypoint', lambda v: COCO[v].replace('_', ' ').title()),
    ('landmark_name', lambda v: COCO[v].upper()), ('kpt_idx', str), ('landmark_id', lambda v: f'{v}.0'),
])  # fmt: skip
def test_long(tmp_path, joint, spell):
    keypoint = moving(2, joints=17, coordinates=2)
    lines = [
        f'{m},{spell(v)},{t},{words(keypoint[m, t, v])},0.{m + 1}{v:02d}'
        for t in range(6)
        for m in range(2)
        for v in range(17)
    ]
    clip = read(tmp_path, f'person,{joint},Frame,X,Y,Confidence', *lines)
    np.testing.assert_array_equal(clip.keypoint, keypoint)
    np.testing.assert_allclose(clip.score[1, 3, :3], (0.2, 0.201, 0.202))
    assert not joint_mapping(clip.joints, COCO).missing if clip.joints else spell(3)[0] == '3'


def test_long_without_frames_and_without_a_header(tmp_path):
    lines = [f'{camel(joint)},{words(DEEP[0, t, v])}' for t in range(6) for v, joint in enumerate(COCO)]
    np.testing.assert_array_equal(read(tmp_path, 'joint,x,y,z', *lines).keypoint, DEEP)
    np.testing.assert_array_equal(read(tmp_path, *lines).keypoint, DEEP)
    lines = [f'{n // 17},{line}' for n, line in enumerate(lines)]
    np.testing.assert_array_equal(read(tmp_path, *lines).keypoint, DEEP)


def test_long_joints_that_are_not_listed_are_missing_and_numbers_sort_joints(tmp_path):
    clip = read(tmp_path, 'frame,joint,x,y', '0,10,1,2', '0,2,3,4', '2,10,5,6')
    np.testing.assert_array_equal(clip.keypoint, [[[[3, 4], [1, 2]], [[0, 0], [0, 0]], [[0, 0], [5, 6]]]])
    assert clip.joints == ()


def test_long_of_pose_and_hands(tmp_path):
    lines = [
        f'{t},{t}-{group}-{v},{group},{v},{t + 1},{v + 1},'
        for t in range(6)
        for group, size in (('face', 9), ('left_hand', 21), ('pose', 33))
        for v in range(size)
    ]
    clip = read(tmp_path, 'frame,row_id,type,landmark_index,x,y,z', *(line + '0.5' for line in lines))
    assert clip.joints[:2] == ('nose', 'left_eye_inner') and 'left_hand_9' in clip.joints
    assert clip.keypoint[0, 2, clip.joints.index('right_foot_index'), 1] == 33


def test_a_numbered_joint_that_is_never_there_keeps_its_place(tmp_path):
    lines = [f'{t},{v},{t + 1},{v + 1}' for t in range(6) for v in range(17) if v != 4]
    clip = read(tmp_path, 'frame,joint,x,y', *lines)
    assert clip.keypoint.shape == (1, 6, 17, 2) and not clip.keypoint[:, :, 4].any()
    np.testing.assert_array_equal(clip.keypoint[0, 0, :, 1], [*range(1, 5), 0, *range(6, 18)])


# --- Without names --------------------------------------------------------------------------------------------------
def swaying(**shape):
    keypoint = moving(**shape)
    return np.round(keypoint + 0.3 * np.sin(np.arange(6))[:, None, None], 3).astype(np.float32)


SCORED = np.concatenate([100 * swaying(joints=17, coordinates=2), np.full((1, 6, 17, 1), 0.9, np.float32)], -1)


@pytest.mark.parametrize('joints, coordinates', [(17, 3), (17, 2), (33, 3), (25, 3), (20, 2), (25, 2)])
@pytest.mark.parametrize('before', ['', '{0},', '{0},{0}.5,', 'img{0}.jpg,squat,'])
def test_rows_of_numbers(tmp_path, joints, coordinates, before):
    keypoint = swaying(joints=joints, coordinates=coordinates)
    lines = [before.format(t) + line for t, line in enumerate(rows(keypoint))]
    np.testing.assert_array_equal(read(tmp_path, *lines).keypoint, keypoint)
    names = ','.join(f'f{n}' for n in range(lines[0].count(',') + 1))
    np.testing.assert_array_equal(read(tmp_path, names, *lines).keypoint, keypoint)


def test_rows_of_numbers_with_scores_and_two_people(tmp_path):
    clip = read(tmp_path, *rows(SCORED))
    np.testing.assert_allclose(clip.keypoint, SCORED[..., :2], rtol=1e-5)
    np.testing.assert_allclose(clip.score, 0.9)
    people = swaying(persons=2)
    np.testing.assert_array_equal(read(tmp_path, *(words(people[:, t]) for t in range(6))).keypoint, people)


def test_numbers_that_pandas_gives_to_columns(tmp_path):
    for before in ('', ','):
        header = before + ','.join(map(str, range(99)))
        lines = [f'{t},{line}' if before else line for t, line in enumerate(rows(BODY))]
        np.testing.assert_array_equal(read(tmp_path, header, *lines).keypoint, BODY)


@pytest.mark.parametrize('spell', [
    lambda pose: str([round(float(value), 3) for value in pose.ravel()]),
    lambda pose: str([[round(float(value), 3) for value in joint] for joint in pose]),
    lambda pose: str([dict(zip('xyz', (round(float(v), 3) for v in joint), strict=True)) for joint in pose]),
    words,
])  # fmt: skip
@pytest.mark.parametrize('name', ['keypoints', 'pose', 'landmarks', 'skeleton'])
def test_lists_in_one_column(tmp_path, spell, name):
    keypoint = swaying(joints=33)
    lines = [f'{t},0,"{spell(pose)}"' for t, pose in enumerate(keypoint[0])]
    clip = read(tmp_path, f'frame,person_id,{name}', *lines[:3], '3,0,""', *lines[4:])
    keypoint[:, 3] = 0
    np.testing.assert_array_equal(clip.keypoint, keypoint)
    with pytest.raises(RecordingError, match=r'line 4: a list of 98 numbers, but others have 99'):
        read(tmp_path, f'frame,{name}', *(f'{t},"{words(np.ones(99 - (t == 2)))}"' for t in range(4)))


# --- Many clips -----------------------------------------------------------------------------------------------------
def many(tmp_path, header, *lines):
    path = tmp_path / 'clips.csv'
    path.write_text('\n'.join([header, *lines]) + '\n')
    assert tells_parts(path)
    return {part.name: (part.label, part.subject, read_part(part).keypoint) for part in parts_of(path)}


@pytest.mark.parametrize('clip', ['video', 'clip_id', 'Sequence', 'file_name', 'video_path'])
def test_clips_of_one_table(tmp_path, clip):
    clips = [moving(joints=3, seed=seed) for seed in range(4)]
    lines = [
        f'v{n},{t},{"walk" if n % 2 else "sit"},{line}'
        for n, one in enumerate(clips)
        for t, line in enumerate(rows(one))
    ]
    found = many(tmp_path, f'{clip},frame,class,{wide_header()}', *lines)
    assert [(name, label) for name, (label, _, _) in found.items()] == [
        ('v0', 'sit'), ('v1', 'walk'), ('v2', 'sit'), ('v3', 'walk')
    ]  # fmt: skip
    for (_, _, keypoint), one in zip(found.values(), clips, strict=True):
        np.testing.assert_array_equal(keypoint, one)


def test_subjects_and_trials_together_name_a_clip(tmp_path):
    lines = [f'{s},{n},{"walk"},{words(moving(joints=3)[0, t])}' for s in 'ab' for n in (1, 2) for t in range(6)]
    found = many(tmp_path, f'subject,trial,action,{wide_header()}', *lines)
    assert list(found) == ['a_1', 'a_2', 'b_1', 'b_2'] and found['b_2'][:2] == ('walk', 'b')


def test_runs_of_a_label_are_clips_unless_the_frames_go_on(tmp_path):
    lines = [f'{name},{line}' for name in ('sit', 'walk', 'sit') for line in rows(moving(joints=3))]
    found = many(tmp_path, f'class,{wide_header()}', *lines)
    assert [(name, label) for name, (label, _, _) in found.items()] == [
        ('sit_1', 'sit'), ('walk_1', 'walk'), ('sit_2', 'sit')
    ]  # fmt: skip
    found = many(tmp_path, f'frame,class,{wide_header()}', *(f'{t},{line}' for t, line in enumerate(lines)))
    assert len(found) == 1 and found[''][2].shape == (1, 18, 3, 3)


def test_ids_of_clips_one_after_another(tmp_path):
    lines = [f'clip{n},{line}' for n in range(2) for line in rows(moving(joints=3, seed=n))]
    (tmp_path / 'clips.csv').write_text('\n'.join([f'id,{wide_header()}', *lines]))
    assert [part.name for part in parts_of(tmp_path / 'clips.csv')] == ['clip0', 'clip1']


def test_long_tables_of_many_clips(tmp_path):
    lines = [f'v{n},walk,{t},{v},{n},{v + 1}' for n in range(2) for t in range(4) for v in range(17)]
    found = many(tmp_path, 'video,label,frame,joint,x,y', *lines)
    assert {name: keypoint.shape for name, (_, _, keypoint) in found.items()} == dict.fromkeys(
        ('v0', 'v1'), (1, 4, 17, 2)
    )


def test_names_of_images_are_no_clips(tmp_path):
    lines = [f'chair/{t}.jpg,{line},0,chair' for t, line in enumerate(rows(FLAT))]
    clip = read(tmp_path, f'file_name,{wide_header("xy", COCO)},class_no,class_name', *lines)
    np.testing.assert_array_equal(clip.keypoint, FLAT)
    assert [part.label for part in parts_of(tmp_path / 'clip.csv')] == ['chair']


def test_one_clip_is_asked_of_a_table_of_many(tmp_path):
    with pytest.raises(RecordingError, match=r'clip.csv holds 2 clips, told apart by video: '):
        read(tmp_path, f'video,{wide_header("xy")}', *(f'{n},1,2,3,4,5,6' for n in 'ab' for _ in range(3)))


# --- What is broken -------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    'lines, message',
    [
        (['a_x,a_y,b_x,b_y', '1,2,3,4', '1,2,3'], r'line 3: 3 fields, but the header has 4'),
        (['a_x,a_y,b_x,b_y', '1,2,3,4', '1,2,3,4', '1'], r'line 4: 1 field, but the header has 4'),
        ([words(np.ones(51)), words(np.ones(51)), words(np.ones(50))], r'line 3: 50 fields, but others have 51'),
        (['a_x,a_y', '1,2', '1,here'], r"line 3: 'here' is not a number. Leave the field of an unseen joint empty"),
        (['a_x,a_y', '1,2', '1,inf'], r"line 3: 'inf' is not a number"),
        (['a_x,a_y', '1,2', '1,1e300'], r"line 3: '1e300' is not a number"),
        (['a_x,a_y,a_x', '1,2,3'], r"line 1: two columns have the same name, 'a_x'"),
        (['frame,speed', '1,2'], r'line 1: no columns of x and y of joints in: frame, speed. Name them like'),
        (['1,2,3', '4,5,6'], r'line 1: 3 numbers in each line. Name them like .*17, 18'),
        (['frame,a_x,a_y', '0,1,2', '1,1,2', '0,1,2'], r'line 4: the same person and frame as in line 2. Tell people'),
        (['frame,a_x,a_y', '0,1,2', 'b,1,2'], r"line 3: 'b' is not a whole number, but a frame was expected"),
        (['frame,joint,x,y', '0,a,1,2', '0,a,1,2'], r'line 3: the same person, frame and joint as in line 2'),
    ],
)
def test_broken_tables_are_named_with_the_line(tmp_path, lines, message):
    with pytest.raises(RecordingError, match=f'clip.csv, {message}'):
        read(tmp_path, *lines)


def test_no_lines_and_no_text(tmp_path):
    with pytest.raises(RecordingError, match=r'clip.csv has a header and nothing below'):
        read(tmp_path, 'a_x,a_y')
    with pytest.raises(RecordingError, match=r'clip.csv is empty'):
        read(tmp_path, '')
    (tmp_path / 'clip.csv').write_bytes(bytes(range(256)))
    with pytest.raises(RecordingError, match=r'clip.csv is not a text file'):
        read_csv(tmp_path / 'clip.csv')


def test_a_table_in_a_text_file_may_begin_with_labels(tmp_path):
    header = ','.join(f'{axis}{joint}' for joint in range(33) for axis in 'xyz')
    (tmp_path / 'a.txt').write_text('\n'.join([f'class,{header}', *(f'squat,{line}' for line in rows(BODY))]))
    np.testing.assert_array_equal(read_clip(tmp_path / 'a.txt').keypoint, BODY)


def test_times_in_the_place_of_frame_numbers(tmp_path):
    clip = read(tmp_path, 'frame,a_x,a_y', '1700000000000,1,2', '1700000000033,3,4', '1700000009999,5,6')
    np.testing.assert_array_equal(clip.keypoint[0, :, 0], [[1, 2], [3, 4], [5, 6]])


def test_a_table_of_labels_has_a_header(tmp_path):
    path = tmp_path / 'labels.csv'
    path.write_text('name;label\na;walk\n')
    assert read_table(path).header == ['name', 'label']
    path.write_text('name,name\na,walk\n')
    with pytest.raises(RecordingError, match='line 1: two columns have the same name'):
        read_table(path)
