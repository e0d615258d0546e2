"""The views of pretraining, made on the model's device."""

from .augmentations import Jitter, JointCorruption, Mirror, Reverse, Rotate, Scale, Shear
from .multi_view import CropResize, MultiViewPreprocessor
from .perspectives import (
    BodyFrame,
    Camera,
    FrameRate,
    Occlusion,
    Proportions,
    SensorJoints,
    SensorNoise,
    SwapPeople,
    SwapSides,
)
