"""Localizers: models of untrimmed videos."""

from .frame_localizer import FrameLocalizer

__all__ = ['FrameLocalizer']
