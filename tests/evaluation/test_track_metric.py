"""Windows become whole videos, whatever order and process they come from, and without holding them in memory."""

import tempfile
import tracemalloc
from pathlib import Path

import numpy as np
import pytest
import torch
import torch.distributed as dist
import torch.multiprocessing as mp
from mmaction.registry import METRICS

from usdrl_mmaction.errors import PredictionError
from usdrl_mmaction.evaluation.metrics import TrackMetric

WINDOW, STRIDE, CLASSES = 16, 6, 4
LENGTHS = {'b': 50, 'a': 16, 'short': 5, 'c': 33}
FILES = ('x_results.json', 'x_ground_truth.json', 'x_tracks.npz')


def starts(length):
    last = max(length - WINDOW, 0)
    return [*range(0, last, STRIDE), last]


def make_windows():
    """Random scores; those of frames past the end of a video are nonsense."""
    generator = torch.Generator().manual_seed(0)
    windows = []
    for video, length in LENGTHS.items():
        segments = np.array([(1, 0, length // 2), (2, length // 2, length)])
        for start in starts(length):
            scores = (3 * torch.randn(WINDOW, CLASSES, generator=generator)).softmax(1)
            scores[length - start :] = torch.nan
            windows.append(dict(video=video, start=start, num_frames=length, segments=segments, scores=scores))
    return windows


def mean_of(windows, video, frame):
    """Of all windows that show a frame."""
    return np.mean(
        [
            window['scores'][frame - window['start']].numpy()
            for window in windows
            if window['video'] == video and window['start'] <= frame < window['start'] + WINDOW
        ],
        axis=0,
    )


class Keep(TrackMetric):
    """Keeps what it is handed."""

    default_prefix = 'keep'

    def compute_metrics(self, videos):
        self.kept = {name: video.scores.copy() for name, video in videos.items()}
        return {'videos': len(videos)}


def detect(folder, windows, batch=3, **options):
    metric = METRICS.build(
        dict(type='DetectionMetric', num_classes=CLASSES - 1, outfile_prefix=str(folder / 'x'), **options)
    )
    for first in range(0, len(windows), batch):
        metric.process(None, windows[first : first + batch])
    return metric.evaluate(len(windows))


def one_of_two(rank, folder):
    dist.init_process_group('gloo', init_method=f'file://{folder}/store', rank=rank, world_size=2)
    order = np.random.default_rng(1).permutation(len(make_windows()))
    order = [*order, *order[: -len(order) % 2 + 2]]  # a sampler repeats samples so that all processes have as many
    windows = make_windows()
    metrics = detect(folder, [windows[number] for number in order[rank::2]], batch=2)
    torch.save(metrics, folder / f'metrics{rank}.pth')
    dist.destroy_process_group()


def test_a_frame_gets_the_mean_of_the_windows_that_show_it():
    windows, metric = make_windows(), Keep()
    metric.process(None, windows)
    assert metric.evaluate(len(windows)) == {'keep/videos': 4}
    assert list(metric.kept) == sorted(LENGTHS)
    for video, length in LENGTHS.items():
        expected = np.stack([mean_of(windows, video, frame) for frame in range(length)])
        np.testing.assert_allclose(metric.kept[video], expected, rtol=1e-6)


def test_a_video_of_one_window_has_the_scores_of_that_window():
    windows, metric = make_windows(), Keep()
    metric.process(None, windows)
    metric.evaluate(len(windows))
    for video in ('a', 'short'):
        scores = next(window['scores'] for window in windows if window['video'] == video)
        np.testing.assert_array_equal(metric.kept[video], scores[: LENGTHS[video]])


def test_whole_videos_are_taken_too():
    metric, scores = Keep(), torch.rand(7, 3)
    metric.process(None, [dict(video='v', segments=[], scores=scores)])
    metric.evaluate(1)
    np.testing.assert_array_equal(metric.kept['v'], scores)


@pytest.mark.parametrize('seed', range(3))
def test_order_batches_and_repetition_change_nothing(tmp_path, seed):
    windows, rng = make_windows(), np.random.default_rng(seed)
    shuffled = [windows[number] for number in rng.permutation(len(windows))]
    expected = detect(tmp_path / 'in order', windows)
    assert detect(tmp_path / 'shuffled', [*shuffled, *shuffled[:4]], batch=int(rng.integers(1, 6))) == expected
    for name in FILES:
        assert (tmp_path / 'shuffled' / name).read_bytes() == (tmp_path / 'in order' / name).read_bytes()


def test_two_processes_write_the_files_of_one(tmp_path):
    two = tmp_path / 'two'
    two.mkdir()
    mp.spawn(one_of_two, (two,), nprocs=2)
    expected = detect(tmp_path / 'one', make_windows())
    assert torch.load(two / 'metrics0.pth') == torch.load(two / 'metrics1.pth') == expected
    for name in FILES:
        assert (two / name).read_bytes() == (tmp_path / 'one' / name).read_bytes()


def test_a_metric_starts_again_and_leaves_no_files(tmp_path):
    windows, metric = make_windows(), Keep(collect_dir=str(tmp_path / 'here'))
    metric.process(None, windows)
    assert len(list((tmp_path / 'here').iterdir())) == 1
    metric.evaluate(len(windows))
    metric.process(None, [window for window in windows if window['video'] == 'a'])
    assert metric.evaluate(1) == {'keep/videos': 1}
    assert not list((tmp_path / 'here').iterdir())


def test_memory_does_not_hold_a_video(tmp_path):
    frames, classes = 300_000, 60
    metric = METRICS.build(dict(type='DetectionMetric', num_classes=classes - 1, outfile_prefix=str(tmp_path / 'x')))

    def evaluate(frames):
        scores = torch.full((1000, classes), 0.5)
        for start in range(0, frames, 1000):
            window = dict(video='long', start=start, num_frames=frames, segments=[(1, 0, 9)], scores=scores)
            metric.process(None, [window])
        metric.evaluate(frames // 1000)

    evaluate(1000)  # what is imported or cached at first is not the video's
    tracemalloc.start()
    evaluate(frames)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < frames * classes * 4 / 3  # the track is 72 MB; it is written to its file in pieces of 16 MB


def test_frames_in_no_window_are_named():
    windows, metric = make_windows(), Keep()
    metric.process(None, [window for window in windows if window['video'] != 'b' or window['start'] != 0])
    with pytest.raises(PredictionError, match='Video b: frames 0 to 5 are in no window'):
        metric.evaluate(9)


def test_windows_that_another_machine_cannot_see_are_named(monkeypatch):
    metric = Keep()
    metric.process(None, make_windows())
    elsewhere = str(Path(tempfile.gettempdir(), 'not on this machine'))
    monkeypatch.setattr(
        'usdrl_mmaction.evaluation.metrics.track_metric.all_gather_object', lambda part: [(elsewhere, *part[1:])]
    )
    with pytest.raises(FileNotFoundError, match=r"not on this machine.* 'collect_dir'"):
        metric.evaluate(9)


def test_scores_of_another_shape_are_named():
    with pytest.raises(PredictionError, match=r"Video v has 'scores' of shape \(4,\); expected \(frames, classes\)"):
        Keep().process(None, [dict(video='v', segments=[], scores=torch.rand(4))])
