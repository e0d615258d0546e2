"""Synthetic motion: generated people who do 18 actions, as a depth sensor or a camera records them."""

from .pictures import make_trimmed_2d
from .sets import labelled_clips, make_trimmed, make_untrimmed
