"""Proposals of actions from the scores of a video's frames: thresholds, smoothing and non-maximum suppression."""

from collections.abc import Sequence

import numpy as np
from scipy.ndimage import uniform_filter1d

from usdrl_mmaction.errors import ConfigError, PredictionError

from .matching import overlap


def proposals_from_scores(
    scores: np.ndarray,
    thresholds: Sequence[float] = (0.02,),
    smooth: int = 1,
    min_length: int = 1,
    nms: float | None = None,
    soft_nms: float | None = None,
) -> np.ndarray:
    """Rows of (label, start, end, score), ends exclusive, by label and start.  # (T, classes) -> (S, 4)

    Each segment of frames where an action's probability is above the threshold is a proposal; its score is the mean
    probability over the segment. Column 0 of ``scores`` is the background, which gives no proposals.

    Args:
        thresholds: With several, the proposals of all of them, without duplicates.
        smooth: Number of frames that probabilities are averaged over first.
        min_length: Number of frames; shorter proposals are dropped.
        nms: Of two proposals of one label that overlap more than this, the lower one is dropped.
        soft_nms: The lower one's score is multiplied by exp(-overlap² / ``soft_nms``) instead.
    """
    _check_options(thresholds, min_length, nms, soft_nms)
    if scores.ndim != 2 or scores.shape[1] < 2:
        raise PredictionError(f'Scores are (frames, classes), the background first, not {scores.shape}.')
    if len(scores) and not (scores.min() >= 0 and scores.max() <= 1.001):
        raise PredictionError(
            f'Scores are probabilities, but range from {scores.min():.3g} to {scores.max():.3g}: apply a softmax first.'
        )
    proposals = [np.empty((0, 4))]
    for label in range(1, scores.shape[1]):  # one at a time: the scores may be on disk and not fit in memory
        track = smoothed(np.asarray(scores[:, label], dtype=float), smooth)
        segments = np.concatenate([segments_above(track, threshold) for threshold in thresholds])
        segments = segments[segments[:, 1] - segments[:, 0] >= min_length]
        _, first = np.unique(segments[:, :2], axis=0, return_index=True)
        found = np.insert(segments[first], 0, label, axis=1)
        if nms is not None:
            found = suppress(found, lambda amount: amount <= nms)
        if soft_nms is not None:
            found = suppress(found, lambda amount: np.exp(-np.square(amount) / soft_nms))
        proposals.append(found)
    return np.concatenate(proposals)


def smoothed(scores: np.ndarray, frames: int) -> np.ndarray:
    """The moving mean over a number of frames; the first and last frame are repeated.  # (T, …) -> (T, …)"""
    _check_frames('smooth', frames)
    return uniform_filter1d(scores, frames, axis=0, mode='nearest') if frames > 1 else scores


def segments_above(track: np.ndarray, threshold: float) -> np.ndarray:
    """Start, end and mean of each segment of frames above a threshold.  # (T,) -> (S, 3)"""
    above = np.pad(track > threshold, 1).astype(np.int8)
    edges = np.flatnonzero(np.diff(above))  # start, end, start, end …
    if not len(edges):
        return np.empty((0, 3))
    start, end = edges[::2], edges[1::2]
    total = np.add.reduceat(np.append(track, 0), edges)[::2]  # a segment may end where the track does
    return np.stack([start, end, total / (end - start)], axis=1)


def suppress(proposals: np.ndarray, keep) -> np.ndarray:
    """From the highest score down, each proposal multiplies the lower ones of its label by ``keep(overlap)``; those
    that come to 0 are dropped.  # (S, 4) -> (S', 4)"""
    left, kept = proposals.copy(), []
    while len(left):
        highest = left[:, 3].argmax()
        best, left = left[highest], np.delete(left, highest, axis=0)
        kept.append(best)
        amount = np.maximum(overlap(best[1], best[2], left[:, 1], left[:, 2]), 0)
        left[:, 3] *= np.where(left[:, 0] == best[0], keep(amount), 1)
        left = left[left[:, 3] > 0]
    return np.unique(np.array(kept).reshape(-1, 4), axis=0)


def _check_options(thresholds, min_length, nms, soft_nms):
    if np.ndim(thresholds) != 1 or not len(thresholds) or not all(0 <= threshold < 1 for threshold in thresholds):
        raise ConfigError(f'thresholds must be a list of probabilities from 0 and below 1, not {thresholds}.')
    _check_frames('min_length', min_length)
    if nms is not None and soft_nms is not None:
        raise ConfigError('Set nms or soft_nms, not both.')
    if nms is not None and not 0 <= nms < 1:
        raise ConfigError(f'nms must be an overlap from 0 and below 1, not {nms}.')
    if soft_nms is not None and not soft_nms > 0:
        raise ConfigError(f'soft_nms must be above 0, not {soft_nms}.')


def _check_frames(name, value):
    if not (isinstance(value, int) and value >= 1):
        raise ConfigError(f'{name} must be a whole number of frames from 1, not {value!r}.')
