"""Encoders, heads, pretrainers, recognizers and localizers, registered in MMAction2's ``MODELS``."""

import sys
from types import ModuleType

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


class Package(ModuleType):
    """This package, which lists the models of the zoo when it is called: ``usdrl_mmaction.models()``."""

    def __call__(self) -> dict[str, str]:
        """The names of the zoo's models, and what they are."""
        from usdrl_mmaction.checkpoints.zoo import models

        return {name: entry['about'] for name, entry in models().items()}


sys.modules[__name__].__class__ = Package
