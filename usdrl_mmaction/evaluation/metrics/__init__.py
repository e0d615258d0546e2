"""Metrics on whole videos and on clips, registered in MMAction2's ``METRICS``."""

from .detection_metric import DetectionMetric
from .dump_predictions import DumpPredictions
from .early_prediction_metric import EarlyPredictionMetric
from .segmentation_metric import SegmentationMetric
from .track_metric import TrackMetric
