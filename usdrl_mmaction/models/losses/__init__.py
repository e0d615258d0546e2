"""Losses of pretraining."""

from .decorrelation import decorrelation_terms
