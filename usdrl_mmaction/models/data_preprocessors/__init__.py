"""The views of pretraining, made on the model's device."""

from .augmentations import Jitter, JointCorruption, Mirror, Reverse, Rotate, Scale, Shear
from .multi_view import CropResize, MultiViewPreprocessor
