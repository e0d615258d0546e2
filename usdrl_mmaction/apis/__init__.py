"""What is done with a trained model in a line or two."""

from .export import NotExported, export
from .inferencer import SkeletonInferencer
from .model import load_model

__all__ = ['NotExported', 'SkeletonInferencer', 'export', 'load_model']
