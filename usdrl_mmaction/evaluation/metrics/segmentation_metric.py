"""Frame accuracy, edit score and F1 of videos whose frames were scored."""

import numpy as np
from mmaction.registry import METRICS

from usdrl_mmaction.datasets.segments import frame_labels

from ..functional import evaluate_segmentation
from ..functional.proposals import best_labels, smoothed
from .track_metric import TrackMetric, Videos


@METRICS.register_module()
class SegmentationMetric(TrackMetric):
    """``acc``, ``edit``, ``f1@10``, ``f1@25`` and ``f1@50``, in percent. Takes the ``scores`` (t, classes) of windows,
    which ``TrackMetric`` puts together to videos, and the ``segments`` of the videos.

    Args:
        background (int): The label that is no action.
        smooth (int): Number of frames that scores are averaged over before labels are taken.
        change_cost (float): Labels are the best sequence with this cost of a change (``best_labels``); 0 takes the best
            label of each frame.
    """

    default_prefix = 'segmentation'

    def __init__(self, background=0, smooth=1, change_cost=0.0, **kwargs):
        super().__init__(**kwargs)
        self.background = background
        self.smooth = smooth
        self.change_cost = change_cost
        best_labels(smoothed(np.ones((1, 2)), smooth), change_cost)  # raises for a wrong option now, not after an epoch

    def compute_metrics(self, videos: Videos) -> dict:
        truth, found = [], []
        for video in videos.values():
            truth.append(frame_labels(video.segments, len(video.scores)))
            scores = smoothed(video.scores, self.smooth)
            found.append(best_labels(scores, self.change_cost) if self.change_cost else scores.argmax(1))
        return evaluate_segmentation(truth, found, self.background)
