"""Transforms of skeleton clips."""

from .map_layout import MapLayout
from .normalize import NormalizeSkeleton, NormalizeSkeleton2D, ResizeFrames

__all__ = ['MapLayout', 'NormalizeSkeleton', 'NormalizeSkeleton2D', 'ResizeFrames']
