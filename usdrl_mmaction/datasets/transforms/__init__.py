"""Transforms of skeleton clips."""

from .map_layout import MapLayout
from .normalize import NormalizeSkeleton, NormalizeSkeleton2D, ResizeFrames
