"""Windows cover a video, and their scores become mean scores of its frames, for whole videos and live."""

from itertools import pairwise

import numpy as np
import pytest

from usdrl_mmaction.datasets.windows import OverlapMean, cut, starts_of_windows, stitch
from usdrl_mmaction.errors import PredictionError


@pytest.mark.parametrize('frames', [1, 15, 16, 17, 22, 28, 57])
def test_windows_are_a_stride_apart_and_the_last_ends_with_the_video(frames):
    starts = starts_of_windows(frames, 16, 6)
    assert starts[0] == 0 and starts[-1] == max(frames - 16, 0)
    assert all(0 <= after - before <= 6 for before, after in pairwise(starts))


def test_the_last_frame_repeats_past_the_end():
    array = np.arange(10.0).reshape(2, 5, 1)
    shown = cut(array, 3, 4)
    assert shown[..., 0].tolist() == [[3, 4, 4, 4], [8, 9, 9, 9]]
    whole = cut(array, 1, 3)
    whole[:] = 0
    assert array[0, 1, 0] == 1  # a copy


def test_stitching_by_hand():
    track = np.zeros((4, 1), np.float32)
    stitch([(0, np.array([[1], [2], [3]])), (1, np.array([[4], [5], [6], [7]]))], track)
    assert track.ravel().tolist() == [1, 3, 4, 6]


@pytest.mark.parametrize('length', [1, 5, 16, 50])
def test_live_and_whole_means_are_the_same_to_the_bit(length):
    rng = np.random.default_rng(0)
    windows = [(start, rng.random((16, 3), np.float32)[: 50 - start]) for start in range(0, 50, 6)]
    track = np.zeros((50, 3), np.float32)
    stitch(windows, track)
    mean, found = OverlapMean(3), []
    for end in [*range(length, 50, length), 50]:
        while windows and windows[0][0] < end:
            mean.add(*windows.pop(0))
        complete = windows[0][0] if windows else 50
        found.append(mean.take(min(end, complete)))
        assert len(mean.totals) <= 16 + 6 * (1 + length // 6)
    np.testing.assert_array_equal(np.concatenate(found), track)


def test_frames_in_no_window_are_named():
    with pytest.raises(PredictionError, match='frames 2 to 3 are in no window'):
        stitch([(0, np.ones((2, 1))), (4, np.ones((2, 1)))], np.zeros((6, 1), np.float32))
    with pytest.raises(PredictionError, match='frames 2 to 5 are in no window'):
        stitch([(0, np.ones((2, 1)))], np.zeros((6, 1), np.float32))
