"""Localizers of actions in untrimmed videos."""

from .frame_localizer import FrameLocalizer
