"""Recognizers."""

from .frozen_recognizer import FrozenRecognizer

__all__ = ['FrozenRecognizer']
