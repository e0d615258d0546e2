"""Accuracy at each observation ratio."""

import numpy as np
from mmaction.registry import METRICS
from mmengine.evaluator import BaseMetric

from ..functional import early_prediction_curve


@METRICS.register_module()
class EarlyPredictionMetric(BaseMetric):
    """``acc@0.1`` … ``acc@1`` and ``auc``, the area under them. Takes the ``scores_by_ratio`` (ratios, classes) and
    ``gt_label`` of each clip."""

    default_prefix = 'early'

    def process(self, data_batch, data_samples):
        for sample in data_samples:
            scores = sample['scores_by_ratio'].float().cpu().numpy()
            self.results.append((scores, int(sample['gt_label'])))

    def compute_metrics(self, results: list) -> dict:
        curve = early_prediction_curve(np.array([scores for scores, _ in results]), [label for _, label in results])
        points = zip(curve['ratios'], curve['accuracy'], strict=True)
        return {f'acc@{ratio:g}': float(accuracy) for ratio, accuracy in points} | {'auc': curve['auc']}
