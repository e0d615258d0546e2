"""Evaluation of predictions: the protocols as functions, and MMEngine's metrics that use them."""

from .functional.activitynet import activitynet_report
from .functional.detection import evaluate_detection, pku_report
from .functional.early_prediction import early_prediction_curve
from .functional.proposals import proposals_from_scores
from .functional.segmentation import evaluate_segmentation
from .metrics import DetectionMetric, EarlyPredictionMetric, SegmentationMetric
