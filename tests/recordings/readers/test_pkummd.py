"""The text files of PKU-MMD."""

import numpy as np
import pytest
from raw_files import moving, replace_line, write_pkummd

from usdrl_mmaction.errors import RecordingError
from usdrl_mmaction.recordings.readers.pkummd import read_pkummd, read_segments, read_split


def test_exact_joints_and_an_absent_second_person(tmp_path):
    keypoint = moving(2)
    keypoint[1, :3] = 0
    write_pkummd(tmp_path / 'video.txt', keypoint)
    done = read_pkummd(tmp_path / 'video.txt').keypoint
    np.testing.assert_array_equal(done, keypoint)
    assert done.dtype == np.float32


@pytest.mark.parametrize(
    'number, text, message',
    [
        (6, ' '.join(['0.5'] * 100), '100 numbers, not 150'),
        (2, ' '.join(['0.5'] * 151), '151 numbers, not 150'),
        (3, '', '0 numbers, not 150'),
        (4, ' '.join(['0.5'] * 149 + ['nan']), "'nan' is not a finite number"),
        (4, ' '.join(['0.5'] * 149 + ['1e99']), "'1e99' is not a finite number"),
        (1, ' '.join(['0.5'] * 149 + ['0.5.1']), "'0.5.1' is not a finite number"),
    ],
)
def test_broken_frames_are_named_with_the_line(tmp_path, number, text, message):
    write_pkummd(tmp_path / 'video.txt', moving(2))
    replace_line(tmp_path / 'video.txt', number, text)
    with pytest.raises(RecordingError, match=rf'video.txt, line {number}: {message}'):
        read_pkummd(tmp_path / 'video.txt')


def test_segments_are_as_given(tmp_path):
    (tmp_path / 'labels.txt').write_text('51,0,10,2\n 3, 20, 31, 1\n1,50,60,2\n\n')
    segments, faults = read_segments(tmp_path / 'labels.txt', frames=55)
    assert segments == [(51, 0, 10, 1), (3, 20, 31, 2), (1, 50, 60, 3)] and not faults


@pytest.mark.parametrize(
    'text, message',
    [
        ('3,10', "2 fields, not label,start,end,confidence: '3,10'"),
        ('0,10,20,1', 'label 0 is not among 1 to 51'),
        ('52,10,20,1', 'label 52 is not among 1 to 51'),
        ('3,20,10,1', 'a segment cannot be from 20 to 10'),
        ('3,10,10,1', 'a segment cannot be from 10 to 10'),
        ('3,-5,10,1', 'a segment cannot be from -5 to 10'),
        ('3,100,120,1', 'the segment from 100 to 120 is after the 100 frames of the video'),
        ('3,nan,120,1', "'nan' is not a whole number, but a start was expected"),
    ],
)
def test_a_broken_segment_is_named_and_the_others_remain(tmp_path, text, message):
    (tmp_path / 'labels.txt').write_text(f'1,0,10,2\n{text}\n2,30,40,2\n')
    segments, (fault,) = read_segments(tmp_path / 'labels.txt', frames=100)
    assert [segment.label for segment in segments] == [1, 2]
    assert f'labels.txt, line 2: {message}' in str(fault)


@pytest.mark.parametrize('header', ['Validataion videos:', 'Validation', 'VALID'])
def test_splits(tmp_path, header):
    (tmp_path / 'cross.txt').write_text(f'Training videos:\n0002-L, 0003-L,\n0005-M\n{header}\n0004-L, 0006-R\n')
    assert read_split(tmp_path / 'cross.txt') == {'train': ['0002-L', '0003-L', '0005-M'], 'val': ['0004-L', '0006-R']}


@pytest.mark.parametrize(
    'text, message',
    [
        ('a, b\nTrain\nc\nValid\nd\n', ", line 1: 'a' is before a header"),
        ('Train\na, b\nValid\nc, a\n', ", line 4: 'a' is for training and for validation"),
        ('Train\na, b\n', ' has no names for val'),
        ('', ' is empty'),
    ],
)
def test_broken_splits(tmp_path, text, message):
    (tmp_path / 'cross.txt').write_text(text)
    with pytest.raises(RecordingError, match=f'cross.txt{message}'):
        read_split(tmp_path / 'cross.txt')
