"""Synthetic motion: generated people who do eighteen actions, as a depth sensor or a camera sees them."""

from .actions import ACTIONS
from .pictures import make_trimmed_2d
from .sets import make_trimmed, make_untrimmed

__all__ = ['ACTIONS', 'make_trimmed', 'make_trimmed_2d', 'make_untrimmed']
