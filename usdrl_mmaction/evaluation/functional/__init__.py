"""Evaluation as functions: arrays and lists in, numbers out."""

from .activitynet import activitynet_report
from .activitynet_json import read_ground_truth, read_results, write_ground_truth, write_results
from .detection import evaluate_detection, pku_report
from .early_prediction import early_prediction_curve
from .proposals import proposals_from_scores
from .segmentation import evaluate_segmentation
from .tracks import load_tracks, save_tracks
