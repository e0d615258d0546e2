"""Encoders, heads, pretrainers, recognizers and localizers, registered in MMAction2's ``MODELS``."""

from .backbones import DSTE, STTR, StreamFeatures, as_streams
from .data_preprocessors import (
    CropResize,
    Jitter,
    JointCorruption,
    Mirror,
    MultiViewPreprocessor,
    Reverse,
    Rotate,
    Scale,
    Shear,
)
from .heads import DecorrelationHead, FrameHead, StreamClsHead
from .localizers import FrameLocalizer
from .losses import decorrelation_terms
from .recognizers import EarlyRecognizer, FrozenRecognizer
from .selfsup import MPCT
