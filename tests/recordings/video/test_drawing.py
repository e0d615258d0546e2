"""Skeletons and answers are drawn over the video that they come from."""

import cv2
import numpy as np
import pytest
from square_videos import COCO, FPS, FRAMES, write_video

from usdrl_mmaction.commands.infer import lines
from usdrl_mmaction.recordings.video import read_video
from usdrl_mmaction.recordings.video.drawing import draw_video, text_box


def read_frames(path) -> np.ndarray:
    source = cv2.VideoCapture(str(path))
    return np.stack([source.read()[1] for _ in range(int(source.get(cv2.CAP_PROP_FRAME_COUNT)))])


@pytest.mark.parametrize('suffix', ['.avi', '.mp4', '.webm'])
def test_bones_and_answers_are_drawn_where_they_belong(squares, tmp_path, suffix):
    path = write_video(tmp_path / 'walk.avi', shape=(240, 320))
    out, clip = tmp_path / f'out{suffix}', read_video(path)
    draw_video(path, out, clip, lambda frame: ['wave 97%'] if frame < 10 else [])
    before, after = (read_frames(each).astype(int) for each in (path, out))
    assert after.shape == before.shape and cv2.VideoCapture(str(out)).get(cv2.CAP_PROP_FPS) == pytest.approx(FPS, 0.01)
    changed = np.abs(after - before).max(-1) > 60  # (T, H, W)
    for number in range(FRAMES):
        left_knee, left_ankle = (clip.keypoint[0, number, COCO.index(name)] for name in ('left_knee', 'left_ankle'))
        x, y = ((left_knee + left_ankle) / 2).round().astype(int)
        assert changed[number, y - 1 : y + 2, x - 1 : x + 2].any()
        assert not changed[number, 150:, 150:].any()  # where nobody is
    text = changed[:, :14, :80].sum((1, 2))
    assert text[:10].min() > 20 and not text[10:].any()


def test_people_and_frames_that_were_not_seen_are_not_drawn(squares, tmp_path):
    path = write_video(tmp_path / 'walk.avi', shown=lambda frame: frame < 10)
    clip = read_video(path)
    clip.score[:, 5:] = 0.1
    draw_video(path, tmp_path / 'out.avi', clip, lambda frame: [])
    changed = np.abs(read_frames(tmp_path / 'out.avi').astype(int) - read_frames(path)).max((1, 2, 3)) > 60
    np.testing.assert_array_equal(changed, np.arange(FRAMES) < 5)


def test_text_outside_ascii_has_letters():
    boxes = [text_box(text, 20) for text in ('ходьба', 'бегать', '??????')]
    assert all(box.max() == 255 for box in boxes) and boxes[0].shape != boxes[2].shape
    assert not np.array_equal(boxes[0][:, :60], boxes[1][:, :60])


def test_a_person_at_the_edge_and_far_outside_can_be_drawn(squares, tmp_path):
    path = write_video(tmp_path / 'walk.avi', people=2)
    clip = read_video(path)
    clip.keypoint[0, :, :5] = 1e8
    clip.keypoint[1] += np.float32([-300, 500])
    draw_video(path, tmp_path / 'out.avi', clip, lambda frame: ['a very long answer ' * 20] * 9)
    assert len(read_frames(tmp_path / 'out.avi')) == FRAMES


def test_the_command_draws_one_video_or_many(squares, tmp_path, run_command, monkeypatch, capsys):
    first, second = (write_video(tmp_path / 'videos' / name) for name in ('a.avi', 'b.avi'))
    monkeypatch.chdir(first.parent)
    run_command('infer', './a.avi', '--draw', tmp_path / 'one.avi')
    run_command('infer', first, second, '--draw', tmp_path / 'many')
    assert [path.name for path in sorted(tmp_path.rglob('*.mp4'))] == ['a.mp4', 'b.mp4']
    assert len(read_frames(tmp_path / 'one.avi')) == FRAMES
    assert capsys.readouterr().out.count('wrote ') == 3


@pytest.mark.parametrize('inputs, out, message', [
    (['a.avi'], 'a.avi', 'would overwrite a video'),
    (['a.avi', 'b.avi'], 'out.mp4', 'a folder for many'),
    (['a.avi'], 'out.gif', r'a file of \.mp4, .* not .*out\.gif'),
    (['x.npy'], 'out.mp4', 'draws over videos, and none is given'),
])  # fmt: skip
def test_what_cannot_be_drawn_is_said_before_anything_is_read(squares, tmp_path, run_command, inputs, out, message):
    for name in ('a.avi', 'b.avi'):
        write_video(tmp_path / name)
    with pytest.raises(SystemExit, match=message):
        run_command('infer', *(tmp_path / name for name in inputs), '--draw', tmp_path / out)
    assert squares.opened == 0


def test_lines_are_the_answers_of_the_frame():
    segments = [dict(label=1, name='walk', start=2, end=5, score=0.9), dict(label=2, start=4, end=9, score=0.5)]
    found = [lines(dict(segments=segments), frame) for frame in (1, 2, 4, 8, 9)]
    assert found == [[], ['walk 90%'], ['walk 90%', '2 50%'], ['2 50%'], []]
    wave, jump = [dict(label=0, name='wave', score=0.6)], [dict(label=1, name='jump', score=0.3)]
    persons = [dict(person=0, actions=wave), dict(person=2, actions=jump)]
    assert lines(dict(actions=wave, persons=persons), 7) == ['wave 60%', '1: wave 60%', '3: jump 30%']
    assert lines(dict(actions=jump, unknown=True), 0) == ['unknown'] and lines(dict(features=[1.0]), 0) == []
