"""Inference, streaming and export with a trained model, in a line or two."""

from .classifier import ActionClassifier
from .detector import ActionDetector
from .encoder import BodyEncoder
from .export import export
from .inferencer import SkeletonInferencer
from .load import load
from .model import load_model
from .streaming import Detections, StreamingDetector
