"""Encoders of clips."""

from .dste import DSTE
from .streams import StreamFeatures, as_streams
from .sttr import STTR
