"""Pretraining without labels."""

from .mpct import MPCT
