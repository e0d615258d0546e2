"""Losses of pretraining."""

from .decorrelation import decorrelation_terms

__all__ = ['decorrelation_terms']
