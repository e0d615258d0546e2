"""Heads: what turns streams into losses and scores."""

from .decorrelation_head import DecorrelationHead
from .stream_cls_head import StreamClsHead

__all__ = ['DecorrelationHead', 'StreamClsHead']
