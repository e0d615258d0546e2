"""Encoders of skeleton clips."""

from .dste import DSTE
from .sttr import STTR
from .tokens import StreamFeatures, as_streams

__all__ = ['DSTE', 'STTR', 'StreamFeatures', 'as_streams']
