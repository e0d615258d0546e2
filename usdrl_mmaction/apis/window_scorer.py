"""Scores frames of recordings in windows, as the test of a localizer's config does."""

import numpy as np
import torch

from usdrl_mmaction.datasets.annotations import make_annotation
from usdrl_mmaction.datasets.windows import cut, starts_of_windows, stitch
from usdrl_mmaction.models import FrameLocalizer
from usdrl_mmaction.recordings.clip import Clip

from .preparation import Preparation, classes_of, windows_of


class WindowScorer:
    """A localizer with the preparation, the window and the stride of its config's test data."""

    def __init__(self, model: FrameLocalizer, batch_size: int = 64):
        self.model = model
        self.prepare = Preparation(model)
        self.window, self.stride = windows_of(model)
        self.causal = getattr(model.backbone, 'causal', False)
        self.classes = classes_of(model)
        self.num_scores = 1 + model.head.num_classes
        self.batch_size = batch_size

    def set_layout(self, layout: str | dict | None):
        """Takes clips of another layout from now on; None is the model's own, or the body."""
        self.prepare = Preparation(self.model, layout)

    def track(self, clip: Clip) -> np.ndarray:
        """The scores of all frames, averaged over the windows that contain them.  # (T, 1 + classes)"""
        track = np.zeros((clip.keypoint.shape[1], self.num_scores), np.float32)
        starts = starts_of_windows(len(track), self.window, self.stride)
        if self.causal:  # the last window is not moved back, to score as live input, whose end is not known
            starts = list(range(0, len(track), self.stride))
        batches = [starts[first : first + self.batch_size] for first in range(0, len(starts), self.batch_size)]
        stitch((pair for batch in batches for pair in zip(batch, self(clip, batch), strict=True)), track)
        return track

    @torch.no_grad()
    def __call__(self, clip: Clip, starts: list[int]) -> np.ndarray:
        """The scores of the windows of a clip; past its end, the last frame is repeated.  # (N, window, 1 + classes)"""
        windows = [clip.map(lambda array, start=start: cut(array, start, self.window)) for start in starts]
        batch = self.prepare([make_annotation('', -1, from_first_person(window)) for window in windows])
        return np.stack([sample.scores.cpu().numpy() for sample in self.model.test_step(batch)])


def from_first_person(clip: Clip) -> Clip:
    """A window is normalised by its first person. If that person is absent, another one comes first."""
    seen = clip.keypoint.any((1, 2, 3))
    return clip if not seen.any() or seen[0] else clip.people(np.flatnonzero(seen))
