"""What predictions are worth: the protocols as functions, and MMEngine's metrics on them."""

from .functional import (
    activitynet_report,
    early_prediction_curve,
    evaluate_detection,
    evaluate_segmentation,
    pku_report,
    proposals_from_scores,
)
from .metrics import DetectionMetric, EarlyPredictionMetric, SegmentationMetric
