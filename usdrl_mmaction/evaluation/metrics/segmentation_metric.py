"""Frame accuracy, edit score and F1 of videos whose frames were scored."""

import numpy as np
from mmaction.registry import METRICS

from usdrl_mmaction.datasets.segments import frame_labels

from ..functional import evaluate_segmentation
from ..functional.proposals import smoothed
from .track_metric import TrackMetric, Videos


@METRICS.register_module()
class SegmentationMetric(TrackMetric):
    """``acc``, ``edit``, ``f1@10``, ``f1@25`` and ``f1@50``, in percent. Takes the ``scores`` (t, classes) of windows,
    which ``TrackMetric`` puts together to videos, and the ``segments`` of the videos.

    Args:
        background (int): The label that is no action.
        smooth (int): Number of frames that scores are averaged over before the highest one is taken.
    """

    default_prefix = 'segmentation'

    def __init__(self, background=0, smooth=1, **kwargs):
        super().__init__(**kwargs)
        self.background = background
        self.smooth = smooth
        smoothed(np.ones((1, 2)), smooth)  # raises for a wrong option now, not after an epoch

    def compute_metrics(self, videos: Videos) -> dict:
        truth, found = [], []
        for video in videos.values():
            truth.append(frame_labels(video.segments, len(video.scores)))
            found.append(smoothed(video.scores, self.smooth).argmax(1))
        return evaluate_segmentation(truth, found, self.background)
