"""Inference, streaming and export with a trained model, in a line or two."""

from importlib import import_module

from .encoder import BodyEncoder
from .export import export
from .inferencer import SkeletonInferencer
from .load import load
from .model import load_model
from .streaming import Detections, StreamingDetector

LATER = {'ActionClassifier': 'classifier', 'ActionDetector': 'detector'}  # they need scikit-learn


def __getattr__(name: str):
    if name in LATER:
        return getattr(import_module(f'.{LATER[name]}', __name__), name)
    raise AttributeError(f"module '{__name__}' has no attribute '{name}'")
