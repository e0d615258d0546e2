"""Transforms of skeleton clips."""

from .normalize import NormalizeSkeleton, ResizeFrames

__all__ = ['NormalizeSkeleton', 'ResizeFrames']
