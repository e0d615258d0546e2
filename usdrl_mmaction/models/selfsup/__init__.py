"""Pretraining without labels."""

from .mpct import MPCT

__all__ = ['MPCT']
