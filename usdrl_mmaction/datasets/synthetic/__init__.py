"""Synthetic motion: generated people who do eighteen actions, as a depth sensor or a camera sees them."""

from .people import ACTIONS, make_trimmed, make_untrimmed
from .pictures import make_trimmed_2d

__all__ = ['ACTIONS', 'make_trimmed', 'make_trimmed_2d', 'make_untrimmed']
