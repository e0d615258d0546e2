"""NTU's .skeleton layout."""

import importlib.util
from pathlib import Path

import mmaction
import numpy as np
import pytest
from raw_files import moving, replace_line, write_skeleton

from usdrl_mmaction.errors import MissingFileError, RecordingError
from usdrl_mmaction.recordings.clip import by_activity
from usdrl_mmaction.recordings.readers import read_clip, read_skeleton_text


@pytest.fixture
def path(tmp_path):
    return tmp_path / 'clip.skeleton'


def test_exact_joints(path):
    keypoint = moving(2)
    write_skeleton(path, keypoint)
    clip = read_clip(path)
    np.testing.assert_array_equal(clip.keypoint, keypoint)
    assert clip.keypoint.dtype == np.float32 and clip.score is None


def test_bodies_take_the_places_of_a_frame_and_frames_without_bodies_stay(path):
    keypoint = moving(3)
    keypoint[:, 2] = 0
    keypoint[0, 4] = 0
    write_skeleton(path, keypoint)
    done = read_skeleton_text(path).keypoint
    assert not done[:, 2].any() and not done[2, 4].any()
    np.testing.assert_array_equal(done[:2, 4], keypoint[1:, 4])
    np.testing.assert_array_equal(done[:, 5], keypoint[:, 5])


def test_nobody_at_all(path):
    write_skeleton(path, np.zeros((1, 4, 25, 3)))
    assert read_skeleton_text(path).keypoint.shape == (0, 4, 0, 3)


def test_as_mmaction2s_own_script_reads_it(path):
    script = Path(mmaction.__file__).parent / '.mim/tools/data/skeleton/gen_ntu_rgbd_raw.py'
    if not script.is_file():
        pytest.skip('MMAction2 is installed without its tools')
    spec = importlib.util.spec_from_file_location('gen_ntu_rgbd_raw', script)
    theirs = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(theirs)
    keypoint = moving(2) * np.array([1, 3], np.float32)[:, None, None, None]  # the second is the more active
    write_skeleton(path, keypoint)
    np.testing.assert_allclose(by_activity(read_skeleton_text(path)).keypoint, theirs.read_xyz(str(path)), rtol=1e-6)


# Two frames of two bodies with 25 joints: line 2 is the first body count, 4 the first joint count, 5 the first joint.
@pytest.mark.parametrize(
    'number, text, message',
    [
        (1, '3', r'line 111: the file ends here, where the number of bodies in frame 3 of 3 should follow'),
        (1, '1', r'line 57: the frames that line 1 counts end before this line. Lines left: 55'),
        (1, '0', r'line 1: 0 cannot be the number of frames'),
        (1, 'x', r"line 1: 'x' is not a whole number, but the number of frames was expected"),
        (2, '-1', r'line 2: -1 cannot be the number of bodies in frame 1 of 2'),
        (4, '24', r"line 30: '72057594037931101 0 .*' is not a whole number, but the number of joints"),
        (31, '17', r'line 31: 17 joints, but the bodies before have 25'),
        (5, '0.1 0.2', r'line 5: 2 numbers, not 3'),
        (7, '0.1 nan 0.3 4 5', r"line 7: 'nan' is not a finite number"),
        (9, '0.1 0.2 0,3 4 5', r"line 9: '0,3' is not a finite number"),
    ],
)
def test_broken_files_are_named_with_the_line(path, number, text, message):
    write_skeleton(path, moving(2, frames=2))
    replace_line(path, number, text)
    with pytest.raises(RecordingError, match=f'clip.skeleton, {message}'):
        read_skeleton_text(path)


@pytest.mark.parametrize('lines', [1, 2, 3, 4, 5, 29, 30, 56, 100])
def test_truncated_files(path, lines):
    write_skeleton(path, moving(2, frames=2))
    path.write_text('\n'.join(path.read_text().splitlines()[:lines]))
    with pytest.raises(RecordingError, match=f'clip.skeleton, line {lines}: the file ends here'):
        read_skeleton_text(path)


def test_empty_absent_and_binary_files(path):
    with pytest.raises(MissingFileError, match=r'There is no file .*clip.skeleton'):
        read_skeleton_text(path)
    path.write_text('\n\n')
    with pytest.raises(RecordingError, match=r'clip.skeleton is empty'):
        read_skeleton_text(path)
    path.write_bytes(b'\x80\x04\x95')
    with pytest.raises(RecordingError, match=r'clip.skeleton is not a text file'):
        read_skeleton_text(path)
