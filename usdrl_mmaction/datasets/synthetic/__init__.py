"""Synthetic motion: generated people who do eighteen actions, as a depth sensor or a camera sees them."""

from .pictures import make_trimmed_2d
from .sets import make_trimmed, make_untrimmed
