"""Recognizers of trimmed clips."""

from .early_recognizer import EarlyRecognizer
from .frozen_recognizer import FrozenRecognizer
