"""Pretrainers."""

from .mpct import MPCT

__all__ = ['MPCT']
