"""Heads: losses and scores from streams."""

from .decorrelation_head import DecorrelationHead
from .frame_head import FrameHead
from .stream_cls_head import StreamClsHead
