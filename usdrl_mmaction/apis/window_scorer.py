"""Scores of the frames of recordings: windows of them, prepared and scored as in the test of a localizer's config."""

import numpy as np
import torch

from usdrl_mmaction.datasets.annotations import make_annotation
from usdrl_mmaction.datasets.untrimmed_pose_dataset import starts_of_windows
from usdrl_mmaction.evaluation.functional.tracks import stitch
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
        self.batch_size = batch_size

    def track(self, clip: Clip) -> np.ndarray:
        """The scores of all frames, averaged over the windows that they are in.  # (T, 1 + classes)"""
        num_frames = clip.keypoint.shape[1]
        starts = self.starts(num_frames)
        scores = []
        for first in range(0, len(starts), self.batch_size):
            batch = starts[first : first + self.batch_size]
            scores.extend(self([cut(clip, start, self.window) for start in batch]))
        track = np.zeros((num_frames, scores[0].shape[1]), np.float32)
        stitch(zip(starts, scores, strict=True), track)
        return track

    def starts(self, num_frames: int) -> list[int]:
        """Where windows start, as in the test. Of a causal model the last one goes on past the end instead of being
        moved back: a stream, whose end is not known, is scored by the same windows."""
        if self.causal:
            return list(range(0, num_frames, self.stride))
        return starts_of_windows(num_frames, self.window, self.stride)

    @torch.no_grad()
    def __call__(self, windows: list[Clip]) -> np.ndarray:  # -> (N, window, 1 + classes)
        batch = self.prepare([make_annotation('', -1, from_first_person(clip)) for clip in windows])
        return np.stack([sample.scores.cpu().numpy() for sample in self.model.test_step(batch)])


def cut(clip: Clip, start: int, window: int) -> Clip:
    """The frames of a window; past the end of the clip, people stand still."""

    def part(array):  # (M, T, V[, C]) -> (M, window, V[, C])
        shown = array[:, start : start + window]
        missing = window - shown.shape[1]
        return np.pad(shown, [(0, missing if axis == 1 else 0) for axis in range(shown.ndim)], mode='edge')

    return clip._replace(keypoint=part(clip.keypoint), score=None if clip.score is None else part(clip.score))


def from_first_person(clip: Clip) -> Clip:
    """A window is normalised by its first person: where that is not in it, another comes first."""
    seen = clip.keypoint.any((1, 2, 3))
    return clip if not seen.any() or seen[0] else clip.people(np.flatnonzero(seen))
