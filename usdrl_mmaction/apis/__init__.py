"""Inference, streaming and export with a trained model, in a line or two."""

from .export import export
from .inferencer import SkeletonInferencer
from .model import load_model
from .streaming import Detections, StreamingDetector
