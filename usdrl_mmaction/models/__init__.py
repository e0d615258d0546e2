"""Encoders, heads and pretrainers, registered in MMAction2's ``MODELS``."""

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
from .heads import DecorrelationHead, StreamClsHead
from .losses import decorrelation_terms
from .pretrainers import MPCT
from .recognizers import FrozenRecognizer

__all__ = [
    'DSTE',
    'MPCT',
    'STTR',
    'CropResize',
    'DecorrelationHead',
    'FrozenRecognizer',
    'Jitter',
    'JointCorruption',
    'Mirror',
    'MultiViewPreprocessor',
    'Reverse',
    'Rotate',
    'Scale',
    'Shear',
    'StreamClsHead',
    'StreamFeatures',
    'as_streams',
    'decorrelation_terms',
]
