"""Videos become clips by whatever pose estimator is installed. Here it is one that sees white squares as people: the
real ones are tested in tests/video and tests/full."""

import json
import sys
import wave
from types import ModuleType

import numpy as np
import pytest
from square_videos import COCO, FIGURE, FPS, FRAMES, HEIGHT, WIDTH, write_video

from usdrl_mmaction.apis import SkeletonInferencer
from usdrl_mmaction.datasets import read_annotations
from usdrl_mmaction.errors import MissingFileError, RecordingError, UsageError
from usdrl_mmaction.recordings.clip import Clip
from usdrl_mmaction.recordings.readers import read_clip
from usdrl_mmaction.recordings.recording import Recording, find_recordings, read_body, read_recording
from usdrl_mmaction.recordings.video import PoseModels, choose_backend, read_video, read_videos
from usdrl_mmaction.skeletons import LAYOUTS


def test_a_portrait_video_becomes_a_clip_in_its_pixels(squares, tmp_path):
    clip = read_clip(write_video(tmp_path / 'walk.mp4', people=2))
    assert clip.keypoint.shape == (2, FRAMES, 17, 2) and clip.joints == COCO
    assert (clip.img_shape, clip.fps, squares.fps) == ((HEIGHT, WIDTH), FPS, FPS)
    upper, lower = sorted(clip.keypoint, key=lambda person: person[0, 0, 1])
    for person, y in ((upper, 40), (lower, 120)):
        middle = np.stack([29.5 + np.arange(FRAMES), np.full(FRAMES, y - 0.5)], axis=-1)
        np.testing.assert_allclose(person, middle[:, None] + FIGURE, atol=1)
    np.testing.assert_allclose(clip.score, 0.9)


def test_a_person_who_is_not_seen_for_a_while_is_zero_there(squares, tmp_path):
    clip = read_video(write_video(tmp_path / 'walk.avi', shown=lambda frame: not 5 <= frame < 9))
    np.testing.assert_array_equal(clip.keypoint.any((0, 2, 3)), [not 5 <= frame < 9 for frame in range(FRAMES)])


def test_the_estimator_is_opened_once(squares, tmp_path):
    for name in ('a.avi', 'b.avi'):
        read_clip(write_video(tmp_path / name))
    assert squares.opened == 1


@pytest.mark.parametrize('turn, matrix', [(90, (0, 1, -1, 0)), (180, (-1, 0, 0, -1)), (270, (0, -1, 1, 0))])
def test_a_video_of_a_turned_phone_is_read_upright(squares, tmp_path, turn, matrix):
    path = write_video(tmp_path / 'turned.mp4', frames=3)
    content = bytearray(path.read_bytes())
    a, b, c, d = (value << 16 for value in matrix)
    start = content.index(b'tkhd') + 44  # version, times, track, duration, layer, volume; then the matrix
    old = np.frombuffer(bytes(content[start : start + 36]), '>i4')
    assert old.tolist() == [1 << 16, 0, 0, 0, 1 << 16, 0, 0, 0, 1 << 30]
    content[start : start + 36] = np.array([a, b, 0, c, d, 0, 0, 0, 1 << 30], '>i4').tobytes()
    path.write_bytes(content)
    clip = read_video(path)
    assert clip.img_shape == ((HEIGHT, WIDTH) if turn == 180 else (WIDTH, HEIGHT))
    x, y = clip.keypoint[0, 0].mean(0) - FIGURE.mean(0)
    expected = {90: (HEIGHT - 40, 30), 180: (WIDTH - 30, HEIGHT - 40), 270: (40, WIDTH - 30)}[turn]
    np.testing.assert_allclose((x, y), expected, atol=2)


def cut(path):
    path.write_bytes(write_video(path.with_name('whole.mp4')).read_bytes()[:-700])  # its index is at its end


def only_sound(path):
    with wave.open(str(path), 'wb') as file:
        file.setnchannels(1), file.setsampwidth(2), file.setframerate(8000)
        file.writeframes(bytes(16000))


@pytest.mark.parametrize('damage, message', [
    (lambda path: path.write_bytes(b''), 'has no frames, or is not a video that OpenCV can read'),
    (lambda path: path.write_text('no video'), 'has no frames, or is not a video'),
    (cut, 'has no frames, or is not a video'),
    (only_sound, 'has no frames, or is not a video'),
    (lambda path: write_video(path, frames=0), 'has no frames, or is not a video'),
    (lambda path: write_video(path, people=0), 'nobody is seen in it'),
])  # fmt: skip
def test_a_file_without_people_is_refused_in_one_line(squares, tmp_path, damage, message, run_command, capfd):
    path = tmp_path / 'bad.mp4'
    damage(path)
    with pytest.raises(RecordingError, match=rf'bad\.mp4.*{message}'):
        read_clip(path)
    with pytest.raises(SystemExit, match=message) as end:
        run_command('infer', path)
    assert '\n' not in end.value.code
    assert capfd.readouterr().err == ''  # nothing of OpenCV or FFmpeg either


def test_a_video_that_ends_early_is_read_that_far_and_named(squares, tmp_path, capfd):
    content = write_video(tmp_path / 'whole.avi', frames=40).read_bytes()
    path = tmp_path / 'cut.avi'
    path.write_bytes(content[: len(content) // 2])
    clip = read_video(path)
    assert 5 < clip.keypoint.shape[1] < 30
    assert capfd.readouterr().err == (
        f'{path}: only {clip.keypoint.shape[1]} of 40 frames can be read. The file is damaged.\n'
    )


def test_a_missing_video_is_missing(squares, tmp_path):
    with pytest.raises(MissingFileError, match=r'there\.mp4'):
        read_clip(tmp_path / 'there.mp4')


def test_without_an_estimator_the_message_says_what_to_install(tmp_path, run_command):
    path = write_video(tmp_path / 'walk/walk.avi')
    message = (
        'error: reading videos needs a pose estimator, and none is installed: '
        "pip install 'usdrl-mmaction[video]' (one person, nothing to download), or pip install rtmlib (several people)."
    )
    for command in (
        ['infer', path],
        ['convert', tmp_path, tmp_path / 'out.pkl', '--layout', 'coco'],
        ['extract', path],
    ):
        with pytest.raises(SystemExit) as end:
            run_command(*command)
        assert end.value.code == message


@pytest.mark.parametrize('pose, message', [
    ('mediapipe', r"mediapipe needs mediapipe: pip install 'usdrl-mmaction\[video\]'"),
    ('pose_landmarker.task', r'mediapipe needs mediapipe'),
    ('rtmo.onnx', r'rtmlib needs rtmlib, onnxruntime: pip install rtmlib'),
    ('mmpose::a_config.py', r"mmpose needs mmcv .*, mmdet, mmpose: .* 'usdrl-mmaction\[full\]'"),
    ('openpose', r"'openpose' is no pose estimator: give mmpose, rtmlib, mediapipe.* \(\.py, \.onnx, \.task\)"),
])  # fmt: skip
def test_an_estimator_that_is_not_there_is_named_with_the_command_to_install_it(pose, message):
    with pytest.raises(UsageError, match=message):
        choose_backend(pose)


def test_what_is_installed_is_used_those_of_several_people_first(monkeypatch):
    for package in ('mediapipe', 'rtmlib', 'onnxruntime'):
        module = ModuleType(package)
        module.__spec__ = sys.__spec__
        monkeypatch.setitem(sys.modules, package, module)
        assert choose_backend() == ('rtmlib' if package == 'onnxruntime' else 'mediapipe')
    assert choose_backend('mediapipe') == 'mediapipe' and choose_backend('pose.task') == 'mediapipe'


def test_many_videos_are_read_with_one_line_and_the_bad_ones_returned(squares, tmp_path, capfd):
    good, bad = write_video(tmp_path / 'good.avi'), tmp_path / 'bad.avi'
    bad.write_text('no video')
    clips, faults = read_videos([good, bad], PoseModels('squares'))
    assert list(clips) == [good] and [str(fault).split()[0] for fault in faults] == [str(bad)]
    assert capfd.readouterr().err.startswith('read 1 of 2 videos with squares: ')


def test_videos_below_a_folder_become_a_data_set(squares, tmp_path, run_command, capfd):
    for name in ('walk/a.avi', 'walk/b.mp4', 'stand/c.avi'):
        write_video(tmp_path / 'videos' / name)
    (tmp_path / 'videos/stand/d.mp4').write_text('no video')
    out = tmp_path / 'out.pkl'
    run_command('convert', tmp_path / 'videos', out, '--layout', 'coco', '--val-share', 0)
    content = read_annotations(str(out))
    assert content['meta']['classes'] == ['stand', 'walk'] and content['meta']['fps'] == FPS
    assert {item['frame_dir']: item['label'] for item in content['annotations']} == {
        'walk/a': 1, 'walk/b': 1, 'stand/c': 0
    }  # fmt: skip
    (item,) = (item for item in content['annotations'] if item['frame_dir'] == 'walk/a')
    np.testing.assert_array_equal(item['keypoint'], read_clip(tmp_path / 'videos/walk/a.avi').keypoint)
    assert item['img_shape'] == (HEIGHT, WIDTH)
    assert 'd.mp4 has no frames' in capfd.readouterr().err


def test_segments_in_seconds_go_by_the_rate_of_the_videos(squares, tmp_path, run_command):
    write_video(tmp_path / 'videos/day.avi')
    (tmp_path / 'segments.csv').write_text('video,label,start_s,end_s\nday,walk,0.4,0.8\n')
    out = tmp_path / 'out.pkl'
    run_command('convert', tmp_path / 'videos', out, '--layout', 'body', '--segments', tmp_path / 'segments.csv')
    assert read_annotations(str(out))['annotations'][0]['segments'].tolist() == [[1, 5, 10]]


def test_python_and_the_command_take_a_video_as_any_recording(squares, tmp_path, run_command, capsys):
    path = write_video(tmp_path / 'walk.avi', people=2)
    (result,) = SkeletonInferencer()(str(path))
    assert (result['name'], result['frames'], result['people']) == (str(path), FRAMES, 2)
    (tmp_path / 'bad.mp4').write_text('no video')
    with pytest.raises(SystemExit, match='1 of 2 recordings could not be used'):
        run_command('infer', path, tmp_path / 'bad.mp4', '--pose', 'squares', '--features', '--out', tmp_path / 'out')
    assert 'not answered: ' in capsys.readouterr().err
    (found,) = json.loads((tmp_path / 'out/results.json').read_text())
    np.testing.assert_allclose(found['features'], result['features'], atol=1e-5)


def test_recordings_that_were_read_already_are_taken_as_they_are(squares, tmp_path):
    path = write_video(tmp_path / 'walk.avi')
    recording = Recording('mine', read_video(path))
    for given in (recording, [recording]):
        (found,) = find_recordings(given)
        np.testing.assert_array_equal(read_body(found).keypoint, read_body(Recording('x', path)).keypoint)


def test_joints_of_mediapipe_in_pixels_are_for_models_of_pixels():
    joints = LAYOUTS['mediapipe'].names
    keypoint = np.random.default_rng(0).uniform(100, 500, (1, 8, 33, 2)).astype(np.float32)
    recording = Recording('new.mp4', Clip(keypoint, np.ones((1, 8, 33), np.float32), (640, 480), joints, 30.0))
    found = read_recording(recording, LAYOUTS['coco'], 2)
    np.testing.assert_array_equal(found.keypoint, keypoint[:, :, [joints.index(name) for name in COCO]])
    with pytest.raises(RecordingError, match=r'new\.mp4: .* Choose a model of pixels'):
        read_recording(recording, LAYOUTS['nturgb+d'], 3)
