"""Windows over videos: their starts, their frames, and their scores averaged to scores of frames."""

from collections.abc import Iterable
from itertools import chain

import numpy as np

from usdrl_mmaction.errors import PredictionError


def starts_of_windows(num_frames: int, window: int, stride: int) -> list[int]:
    """The starts of windows that cover a video: ``stride`` frames apart, and the last one ends with the video."""
    last = max(num_frames - window, 0)
    return [*range(0, last, stride), last]


def cut(array: np.ndarray, start: int, window: int) -> np.ndarray:
    """A copy of the frames of a window; past the end, the last frame repeats.  # (M, T, …) -> (M, window, …)"""
    shown = array[:, start : start + window]
    return np.pad(shown, [(0, window - shown.shape[1] if axis == 1 else 0) for axis in range(shown.ndim)], mode='edge')


class OverlapMean:
    """The mean of the scores that windows give to each frame. It holds only the frames that were not taken yet."""

    def __init__(self, num_scores: int):
        self.start = 0  # the first frame that was not taken
        self.totals = np.zeros((0, num_scores), np.float32)
        self.counts = np.zeros(0, np.int32)  # windows

    def add(self, start: int, scores: np.ndarray):
        """Adds the scores of a window, or of a part of it, from frame ``start`` on.  # (t, num_scores)"""
        self.reach(start + len(scores))
        frames = slice(start - self.start, start - self.start + len(scores))
        self.totals[frames] += scores
        self.counts[frames] += 1

    def take(self, end: int) -> np.ndarray:
        """The means of the frames before ``end``. No window may add to them later.  # (t, num_scores)"""
        self.reach(end)
        count = end - self.start
        if not self.counts[:count].all():
            unseen = self.start + np.flatnonzero(self.counts[:count] == 0)
            raise PredictionError(f'frames {unseen[0]} to {unseen[-1]} are in no window')
        means = (self.totals[:count] / self.counts[:count, None]).astype(np.float32)
        self.totals, self.counts, self.start = self.totals[count:], self.counts[count:], end
        return means

    def reach(self, end: int):
        missing = end - self.start - len(self.counts)
        if missing > 0:
            self.totals = np.pad(self.totals, ((0, missing), (0, 0)))
            self.counts = np.pad(self.counts, (0, missing))


def stitch(windows: Iterable[tuple[int, np.ndarray]], track: np.ndarray):
    """Writes the mean scores of all frames of a video to ``track`` (T, classes).

    ``windows`` are (start, scores (t, classes)) in the order of time; they may exceed the end of the video.
    """
    mean = OverlapMean(track.shape[1])
    for start, scores in chain(windows, [(len(track), track[:0])]):
        complete, means = slice(mean.start, start), mean.take(start)
        track[complete] = means
        mean.add(start, scores[: len(track) - start])
