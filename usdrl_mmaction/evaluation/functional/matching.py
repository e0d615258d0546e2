"""The segments of all videos as one table, and the proposals that overlap a ground truth."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from usdrl_mmaction.errors import ConfigError, PredictionError


@dataclass(frozen=True)
class Segments:
    """A row a segment, grouped by video in the order of the videos' names."""

    video: np.ndarray  # (S,) number of the video
    label: np.ndarray  # (S,) from 1
    start: np.ndarray  # (S,)
    end: np.ndarray  # (S,)
    score: np.ndarray  # (S,) empty for ground truth

    def __len__(self) -> int:
        return len(self.video)


def overlapping_pairs(truth: Segments, found: Segments) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Every proposal with every ground truth of its video and label that it overlaps: row of the proposal, row of the
    ground truth, and overlap. The pairs of one proposal are in the order of the ground truth.  # (pairs,) each"""
    num_labels = 1 + max(truth.label.max(initial=0), found.label.max(initial=0))
    key, sought = truth.video * num_labels + truth.label, found.video * num_labels + found.label
    rows = np.argsort(key, kind='stable')
    first, stop = (np.searchsorted(key[rows], sought, side) for side in ('left', 'right'))
    empty = np.empty(0, int)
    pairs = [(empty, empty, np.empty(0))]
    # The n-th candidate of all proposals at a time: few iterations, and only pairs that overlap stay in memory.
    for nth in range((stop - first).max(initial=0)):
        proposal = np.flatnonzero(first + nth < stop)
        target = rows[first[proposal] + nth]
        amount = overlap(truth.start[target], truth.end[target], found.start[proposal], found.end[proposal])
        hit = amount > 0
        pairs.append((proposal[hit], target[hit], amount[hit]))
    return tuple(np.concatenate(column) for column in zip(*pairs, strict=True))


def overlap(start, end, other_start, other_end) -> np.ndarray:
    """Intersection over union of segments that intersect; 0 or less for those that do not."""
    union = np.maximum(end, other_end) - np.minimum(start, other_start)
    intersection = np.minimum(end, other_end) - np.maximum(start, other_start)
    return np.divide(intersection, union, out=np.zeros(np.shape(union)), where=union > 0)


def tabulate(ground_truth: Mapping, proposals: Mapping, num_classes: int) -> tuple[Segments, Segments, int]:
    """Ground truth and proposals as tables, and the number of videos that either names."""
    videos = sorted({*ground_truth, *proposals})
    truth = _table(ground_truth, videos, num_classes, ('label', 'start', 'end'))
    found = _table(proposals, videos, num_classes, ('label', 'start', 'end', 'score'))
    return truth, found, len(videos)


def check_thetas(thetas: Sequence[float]):
    """Raises unless thresholds of overlap are above 0, where everything would match, and up to 1."""
    if np.ndim(thetas) != 1 or not len(thetas) or not all(0 < theta <= 1 for theta in thetas):
        raise ConfigError(f'thetas must be a list of numbers above 0 and up to 1, not {thetas}.')


def _table(segments, videos, num_classes, fields):
    rows = [_rows(segments[video], video, num_classes, fields) for video in videos if video in segments]
    counts = [len(segments.get(video, ())) for video in videos]
    columns = np.concatenate([np.empty((0, len(fields))), *rows]).T
    label, start, end, score = (*columns, np.empty(0))[:4]
    return Segments(np.repeat(np.arange(len(videos)), counts), label.astype(int), start, end, score)


def _rows(segments, video, num_classes, fields):
    what = 'ground truth' if len(fields) == 3 else 'proposals'
    try:
        rows = np.asarray(segments, dtype=float).reshape(len(segments), len(fields))
    except (TypeError, ValueError) as error:
        raise PredictionError(f'The {what} of {video} are not rows of ({", ".join(fields)}): {error}.') from error
    label, start, end = rows.T[:3]
    for wrong, reason in (
        (~np.isfinite(rows).all(1), 'holds a number that is not finite'),
        ((label < 1) | (label > num_classes) | (label % 1 != 0), f'has a label that is not one of 1 … {num_classes}'),
        (end < start, 'ends before it starts'),
    ):
        if wrong.any():
            nth = int(wrong.argmax())
            raise PredictionError(f'Segment {nth} in the {what} of {video} {reason}: {rows[nth].tolist()}.')
    return rows
