"""Encoders of skeleton clips."""

from .dste import DSTE
from .stream_encoder import StreamFeatures, as_streams
from .sttr import STTR

__all__ = ['DSTE', 'STTR', 'StreamFeatures', 'as_streams']
