"""What is done with a trained model in a line or two."""

from usdrl_mmaction.errors import ExportError

from .export import export
from .inferencer import SkeletonInferencer
from .model import load_model
from .streaming import Detections, StreamingDetector

__all__ = ['Detections', 'ExportError', 'SkeletonInferencer', 'StreamingDetector', 'export', 'load_model']
