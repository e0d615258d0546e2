"""What is done with a trained model in a line or two."""

from .export import NotExported, export
from .inferencer import SkeletonInferencer
from .model import load_model
from .streaming import Detections, StreamingDetector

__all__ = ['Detections', 'NotExported', 'SkeletonInferencer', 'StreamingDetector', 'export', 'load_model']
