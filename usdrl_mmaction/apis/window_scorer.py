"""Scores of the frames of recordings: windows of them, prepared and scored as in the test of a localizer's config."""

from collections.abc import Iterator

import numpy as np
import torch

from usdrl_mmaction.datasets.annotations import make_annotation
from usdrl_mmaction.datasets.windows import cut, starts_of_windows, stitch
from usdrl_mmaction.models import FrameLocalizer
from usdrl_mmaction.recordings.clip import Clip

from .preparation import Preparation, windows_of


class WindowScorer:
    """A localizer with the preparation, the window and the stride of its config's test data."""

    def __init__(self, model: FrameLocalizer, batch_size: int = 64):
        self.model = model
        self.prepare = Preparation(model)
        self.window, self.stride = windows_of(model)
        self.causal = getattr(model.backbone, 'causal', False)
        self.num_scores = 1 + model.head.num_classes
        self.batch_size = batch_size

    def track(self, clip: Clip) -> np.ndarray:
        """The scores of all frames, averaged over the windows that they are in.  # (T, 1 + classes)"""
        track = np.zeros((clip.keypoint.shape[1], self.num_scores), np.float32)
        stitch(self.score_windows(clip), track)
        return track

    def score_windows(self, clip: Clip) -> Iterator[tuple[int, np.ndarray]]:
        starts = self.starts(clip.keypoint.shape[1])
        for first in range(0, len(starts), self.batch_size):
            batch = starts[first : first + self.batch_size]
            yield from zip(batch, self(clip, batch), strict=True)

    def starts(self, num_frames: int) -> list[int]:
        """Where windows start, as in the test. Of a causal model the last one goes on past the end instead of being
        moved back: a stream, whose end is not known, is scored by the same windows."""
        if self.causal:
            return list(range(0, num_frames, self.stride))
        return starts_of_windows(num_frames, self.window, self.stride)

    @torch.no_grad()
    def __call__(self, clip: Clip, starts: list[int]) -> np.ndarray:
        """The scores of the windows of a clip; past its end, people stand still.  # (N, window, 1 + classes)"""
        windows = [clip.map(lambda array, start=start: cut(array, start, self.window)) for start in starts]
        batch = self.prepare([make_annotation('', -1, from_first_person(window)) for window in windows])
        return np.stack([sample.scores.cpu().numpy() for sample in self.model.test_step(batch)])


def from_first_person(clip: Clip) -> Clip:
    """A window is normalised by its first person: where that is not in it, another comes first."""
    seen = clip.keypoint.any((1, 2, 3))
    return clip if not seen.any() or seen[0] else clip.people(np.flatnonzero(seen))
