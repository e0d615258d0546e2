"""Times of frames in any unit, and the frames per second that follow."""

import re
from collections.abc import Sequence
from datetime import datetime

import numpy as np

# The unit in the name of a column, and how many are a second.
UNITS = ((r'(ns|nanosec\w*)$', 1e9), (r'(us|µs|microsec\w*)$', 1e6), (r'(ms|msec|millis\w*)$', 1e3), (r'tick', 1e7))
TICKS = 1e7 / 30, 1e4  # between frames of a Kinect, and by how much at most they are off
SLOWEST, FASTEST = 0.5, 1000.0  # frames per second


def to_seconds(words: Sequence[str], name: str = '') -> np.ndarray | None:
    """Numbers, in seconds if the name of the column says their unit, or dates and times of day; None for others."""
    try:
        values = np.fromiter((float(word.replace(',', '.')) for word in words), np.float64, len(words))
    except ValueError:
        try:
            return np.array([_time(word) for word in words])
        except ValueError:
            return None
    plain = re.sub(r'[\W_]+$', '', name.lower())
    return values / next((per_second for unit, per_second in UNITS if re.search(unit, plain)), 1.0)


def _time(word: str) -> float:
    if match := re.fullmatch(r'(\d+):(\d\d?):(\d\d?(?:[.,]\d+)?)', word.strip()):
        hours, minutes, seconds = (float(part.replace(',', '.')) for part in match.groups())
        return 3600 * hours + 60 * minutes + seconds
    return datetime.fromisoformat(word.strip()).timestamp()


def fps_of(times: np.ndarray) -> float | None:
    """The rate of frames at these times, in seconds or, as their steps show, in milliseconds, microseconds or
    nanoseconds; None if it is none of a camera, or they count frames.  # (T,)"""
    steps = np.diff(times)
    steps = steps[np.isfinite(steps) & (steps > 0)]
    if not len(steps):
        return None
    step = float(np.median(steps))
    if np.ptp(steps) < 1e-6 * step and step == round(step) and step < 5:
        return None  # frame numbers
    mean = float(steps.mean()) if steps.max() < 3 * step else step  # of times that are rounded
    units = (1e7,) if abs(step - TICKS[0]) < TICKS[1] else (1.0, 1e3, 1e6, 1e9)
    per_second = next((unit for unit in units if 1 / FASTEST <= step / unit <= 1 / SLOWEST), None)
    return None if per_second is None else round(per_second / mean, 2)
