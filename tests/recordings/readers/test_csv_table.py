"""CSV in its wide and long form."""

import numpy as np
import pytest
from raw_files import moving

from usdrl_mmaction.errors import RecordingError
from usdrl_mmaction.recordings.readers import read_csv

JOINTS = ('head', 'left_hand', 'foot')


def read(tmp_path, *lines):
    path = tmp_path / 'clip.csv'
    path.write_text('\n'.join(lines) + '\n')
    return read_csv(path)


def wide_header(channels='xyz', joints=JOINTS):
    return ','.join(f'{joint}_{channel}' for joint in joints for channel in channels)


def words(values):
    return ','.join(f'{value:.3f}' for value in np.ravel(values))


def test_wide_one_person(tmp_path):
    keypoint = moving(joints=3)
    clip = read(tmp_path, wide_header(), *map(words, keypoint[0]))
    np.testing.assert_array_equal(clip.keypoint, keypoint)
    assert clip.joints == JOINTS and clip.score is None and clip.keypoint.dtype == np.float32


def test_wide_people_gaps_and_any_order_of_lines(tmp_path):
    keypoint = moving(2, frames=5, joints=3, coordinates=2)
    keypoint[1, 0] = keypoint[:, 3] = 0
    lines = [f'{t + 100},anna,{words(keypoint[0, t])}' for t in (2, 0, 1, 4)]
    lines += [f'{t + 100}.0,ben,{words(keypoint[1, t])}' for t in (1, 4, 2)]
    clip = read(tmp_path, 'frame,person,' + wide_header('xy'), *lines)
    np.testing.assert_array_equal(clip.keypoint, keypoint)


def test_long_is_the_same_as_wide_and_has_scores(tmp_path):
    keypoint = moving(2, joints=3, coordinates=2)
    lines = [
        f'{m},{joint},{t},{words(keypoint[m, t, v])},0.{m + 1}{v}'
        for t in range(6)
        for m in range(2)
        for v, joint in enumerate(JOINTS)
    ]
    clip = read(tmp_path, 'person,joint,frame,x,y,score', *lines)
    np.testing.assert_array_equal(clip.keypoint, keypoint)
    np.testing.assert_allclose(clip.score[1, 3], (0.2, 0.21, 0.22))
    assert clip.joints == JOINTS


def test_long_joints_that_are_not_listed_are_missing_and_numbers_sort_joints(tmp_path):
    clip = read(tmp_path, 'frame,joint,x,y', '0,10,1,2', '0,2,3,4', '2,10,5,6')
    np.testing.assert_array_equal(clip.keypoint, [[[[3, 4], [1, 2]], [[0, 0], [0, 0]], [[0, 0], [5, 6]]]])
    assert clip.joints == ('2', '10')


@pytest.mark.parametrize(
    'lines, message',
    [
        (['a_x,a_y,b_x,b_y', '1,2,3,4', '1,2,3'], r'line 3: 3 fields, but the header has 4'),
        (['a_x,a_y,b_x,b_y', '1,2,3,4', '', '1,2,3,4'], r'line 3: 0 fields, but the header has 4'),
        (['a_x,a_y,b_x,b_y', '1,2,3,4', '1,2,,4'], r"line 3: '' is not a finite number. Write 0 where"),
        (['a_x,a_y', '1,2', '1,NaN'], r"line 3: 'NaN' is not a finite number"),
        (['a_x,a_y,b_x', '1,2,3'], r"line 1: joint 'b' has x, others have x, y"),
        (['a_x,a_y,time', '1,2,3'], r"line 1: column 'time' is not frame, person, JOINT_x"),
        (['a_x,a_y,a_x', '1,2,3'], r'line 1: two columns have the same name'),
        (['a_x;a_y', '1;2'], r'line 1: no columns of x and y. Are the fields separated by commas\?'),
        (['frame', '1'], r'line 1: no columns of x and y'),
        (['person,a_x,a_y', 'p,1,2'], r"line 1: a column 'person' needs a column 'frame'"),
        (['frame,a_x,a_y', '0,1,2', '1,1,2', '0,1,2'], r'line 4: the same person, frame and joint as in line 2'),
        (['frame,a_x,a_y', '0,1,2', 'b,1,2'], r"line 3: 'b' is not a whole number, but a frame was expected"),
        (['frame,joint,x,y,speed', '0,a,1,2,3'], r'line 1: the columns are frame\[,person\],joint'),
        (['joint,x,y', 'a,1,2'], r'line 1: the columns are frame\[,person\],joint'),
        (['frame,joint,x,y', '0,a,1,2', '0,a,1,2'], r'line 3: the same person, frame and joint as in line 2'),
    ],
)
def test_broken_tables_are_named_with_the_line(tmp_path, lines, message):
    with pytest.raises(RecordingError, match=f'clip.csv, {message}'):
        read(tmp_path, *lines)


def test_no_lines_and_time_stamps(tmp_path):
    with pytest.raises(RecordingError, match=r'clip.csv has a header and nothing below'):
        read(tmp_path, 'a_x,a_y')
    with pytest.raises(RecordingError, match=r'clip.csv: its 3 entries span 10000 frames. If these are times, number'):
        read(tmp_path, 'frame,a_x,a_y', '1700000000000,1,2', '1700000000033,1,2', '1700000009999,1,2')
