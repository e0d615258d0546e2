"""Transforms of skeleton clips."""

from .map_layout import MapLayout
from .normalize import NormalizeSkeleton, NormalizeSkeleton2D, ResizeFrames
from .to_body import ToBody
