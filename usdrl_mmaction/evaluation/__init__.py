"""Evaluation of predictions: the protocols as functions, and MMEngine's metrics that use them."""

from .functional import (
    activitynet_report,
    early_prediction_curve,
    evaluate_detection,
    evaluate_segmentation,
    pku_report,
    proposals_from_scores,
)
from .metrics import DetectionMetric, EarlyPredictionMetric, SegmentationMetric
