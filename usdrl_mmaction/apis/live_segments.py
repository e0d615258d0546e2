"""Segments of live input: frames that score above a threshold, found as the frames arrive."""

import numpy as np


class LiveSegments:
    """The segments of every action that ``proposals_from_scores`` finds in whole tracks, each returned when it ends."""

    def __init__(self, threshold: float, classes: list[str]):
        self.threshold = threshold
        self.classes = classes
        self.open = {}  # label -> start, sum of the probabilities so far

    def add(self, frame: int, scores: np.ndarray) -> list[dict]:
        """Adds the scores of a frame; returns the segments that ended before it.  # (1 + classes,)"""
        above = {label for label in np.flatnonzero(scores > self.threshold).tolist() if label}
        ended = self.close(frame, set(self.open) - above)
        for label in above:
            start, total = self.open.get(label, (frame, 0.0))
            self.open[label] = start, total + float(scores[label])
        return ended

    def close(self, frame: int, labels: set[int] | None = None) -> list[dict]:
        """Ends segments before a frame, by default all of them."""
        labels = sorted(self.open if labels is None else labels)
        ended = [(label, *self.open.pop(label)) for label in labels]
        return [as_segment(label, start, frame, total / (frame - start), self.classes) for label, start, total in ended]


def as_segment(label: int, start: int, end: int, score: float, classes: list[str]) -> dict:
    """Plain values, for JSON. ``classes`` are without the background, label 0."""
    name = {'name': classes[int(label) - 1]} if label <= len(classes) else {}
    return {'label': int(label), **name, 'start': int(start), 'end': int(end), 'score': float(score)}
