"""The views of pretraining, made on the model's device."""

from . import augmentations
from .multi_view import CropResize, MultiViewPreprocessor
