"""Proposals of actions from the scores of a video's frames: thresholds, smoothing and non-maximum suppression, or the
best sequence of labels."""

from collections.abc import Sequence

import numpy as np
from scipy.ndimage import uniform_filter1d

from usdrl_mmaction.errors import ConfigError, PredictionError

from .matching import overlap

CLASS_POWER = 0.9  # of the class in the score of a proposal with boundaries
EPS = 1e-6


def proposals_from_scores(
    scores: np.ndarray,
    thresholds: Sequence[float] = (0.02,),
    smooth: int = 1,
    min_length: int = 1,
    nms: float | None = None,
    soft_nms: float | None = None,
    change_cost: float | None = None,
    boundaries: np.ndarray | None = None,
) -> np.ndarray:
    """Rows of (label, start, end, score), ends exclusive, by label and start.  # (T, classes) -> (S, 4)

    Each segment of frames where an action's probability is above the threshold is a proposal; its score is the mean
    probability over the segment. Column 0 of ``scores`` is the background, which gives no proposals. With a
    ``change_cost``, the proposals are instead the segments of the best sequence of labels (``best_labels``).

    With ``boundaries``, the score is class^0.9 · (start · end)^0.1: of the probabilities of the first frame as a start
    and of the last one as an end.

    Args:
        thresholds: With several, the proposals of all of them, without duplicates.
        smooth: Number of frames that probabilities are averaged over first.
        min_length: Number of frames; shorter proposals are dropped.
        nms: Of two proposals of one label that overlap more than this, the lower one is dropped.
        soft_nms: The lower one's score is multiplied by exp(-overlap² / ``soft_nms``) instead.
        change_cost: From 0; higher gives fewer and longer proposals.
        boundaries: The probabilities of each frame as a start and as an end, (T, 2).
    """
    _check_options(thresholds, min_length, nms, soft_nms)
    if change_cost is not None:
        _check_cost(change_cost)
    if scores.ndim != 2 or scores.shape[1] < 2:
        raise PredictionError(f'Scores are (frames, classes), the background first, not {scores.shape}.')
    if len(scores) and not (scores.min() >= 0 and scores.max() <= 1.001):
        raise PredictionError(
            f'Scores are probabilities, but range from {scores.min():.3g} to {scores.max():.3g}: apply a softmax first.'
        )
    proposals = [np.empty((0, 4))]
    labels = None if change_cost is None else best_labels(smoothed(scores, smooth), change_cost, boundaries)
    for label in range(1, scores.shape[1]):  # one at a time: the scores may be on disk and not fit in memory
        track = smoothed(np.asarray(scores[:, label], dtype=float), smooth)
        if labels is None:
            segments = np.concatenate([segments_above(track, threshold) for threshold in thresholds])
        else:
            segments = segments_where(labels == label, track)
        segments = segments[segments[:, 1] - segments[:, 0] >= min_length]
        _, first = np.unique(segments[:, :2], axis=0, return_index=True)
        found = np.insert(segments[first], 0, label, axis=1)
        if boundaries is not None:
            found[:, 3] = rescored(found, boundaries)
        if nms is not None:
            found = suppress(found, lambda amount: amount <= nms)
        if soft_nms is not None:
            found = suppress(found, lambda amount: np.exp(-np.square(amount) / soft_nms))
        proposals.append(found)
    return np.concatenate(proposals)


def rescored(proposals: np.ndarray, boundaries: np.ndarray) -> np.ndarray:
    """The scores of proposals by their class, their start and their end together.  # (S, 4), (T, 2) -> (S,)"""
    _, start, end, score = proposals.T
    both = boundaries[start.astype(int), 0] * boundaries[end.astype(int) - 1, 1]
    return score**CLASS_POWER * both ** (1 - CLASS_POWER)


def best_labels(scores: np.ndarray, change_cost: float, boundaries: np.ndarray | None = None) -> np.ndarray:
    """The most probable sequence of labels when each change of the label costs ``change_cost``, in logarithms of
    probabilities (Viterbi's algorithm). 0 takes the best label of each frame.  # (T, classes) -> (T,)

    With ``boundaries`` (T, 2), a change costs less where an action is likely to start or to end: the cost times
    -log(start), of a change to an action, and times -log(end), of a change from one.
    """
    _check_cost(change_cost)
    log_prob = np.log(np.asarray(scores, float) + EPS)
    frames, labels = log_prob.shape
    enter, leave = np.full((2, frames, labels), change_cost / 2)
    if boundaries is not None:
        start, end = -change_cost * np.log(np.asarray(boundaries, float).T + EPS)
        enter[:, 1:], leave[1:, 1:] = start[:, None], end[:-1, None]
        enter[:, 0] = leave[:, 0] = 0
    total, before = np.zeros(labels), np.zeros((frames, labels), int)
    for frame in range(frames):
        best = (total - leave[frame]).argmax()
        change = total[best] - leave[frame, best] - enter[frame]
        before[frame] = np.where(total < change, best, np.arange(labels))
        total = np.maximum(total, change) + log_prob[frame]
    path, label = np.zeros(frames, int), int(total.argmax())
    for frame in range(frames - 1, -1, -1):
        path[frame] = label
        label = before[frame, label]
    return path


def smoothed(scores: np.ndarray, frames: int) -> np.ndarray:
    """The moving mean over a number of frames; the first and last frame are repeated.  # (T, …) -> (T, …)"""
    _check_frames('smooth', frames)
    return uniform_filter1d(scores, frames, axis=0, mode='nearest') if frames > 1 else scores


def segments_above(track: np.ndarray, threshold: float) -> np.ndarray:
    """Start, end and mean of each segment of frames above a threshold.  # (T,) -> (S, 3)"""
    return segments_where(track > threshold, track)


def segments_where(chosen: np.ndarray, track: np.ndarray) -> np.ndarray:
    """Start, end and mean of the track of each segment of frames that were chosen.  # (T,), (T,) -> (S, 3)"""
    edges = np.flatnonzero(np.diff(np.pad(chosen, 1).astype(np.int8)))  # start, end, start, end …
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


def _check_cost(change_cost):
    if not change_cost >= 0:
        raise ConfigError(f'change_cost must be 0 or more, not {change_cost}.')


def _check_frames(name, value):
    if not (isinstance(value, int) and value >= 1):
        raise ConfigError(f'{name} must be a whole number of frames from 1, not {value!r}.')
