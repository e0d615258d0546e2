"""Action segmentation as MS-TCN evaluates it: frame accuracy, segmental edit score and F1, all in percent."""

from collections.abc import Sequence

import numpy as np

from usdrl_mmaction.errors import PredictionError

from .matching import overlap

OVERLAPS = (0.10, 0.25, 0.50)
EPSILON = 1e-7  # the published numbers have it in F1's denominator


def evaluate_segmentation(ground_truth: Sequence, predictions: Sequence, background: int = 0) -> dict:
    """``acc`` over all frames, ``edit`` as a mean over videos, ``f1@10``, ``f1@25`` and ``f1@50`` over all segments.

    Both arguments are lists of one integer array per video, with a label per frame. Segments of the background do not
    count in edit and F1. The last segment of a video ends at its last frame, exclusive like the others, as in the
    published numbers. If neither side has a segment, edit and F1 are 100.

    Examples:
        >>> from usdrl_mmaction.evaluation import evaluate_segmentation
        >>> scores = evaluate_segmentation([[0, 1, 1, 1, 0, 2, 2, 0]], [[0, 1, 1, 0, 0, 2, 2, 0]])
        >>> scores['acc'], scores['edit'], round(scores['f1@50'], 1)
        (87.5, 100.0, 100.0)
    """
    pairs = _checked(ground_truth, predictions)
    correct = sum(int((truth == found).sum()) for truth, found in pairs)
    segments = [(segments_of(truth, background), segments_of(found, background)) for truth, found in pairs]
    hits = np.sum([_hits(truth, found) for truth, found in segments], axis=0)
    num_truth, num_found = (sum(len(side[0]) for side in sides) for sides in zip(*segments, strict=True))
    f1 = [100.0 if num_truth == num_found else 0.0] * len(hits)
    if num_truth and num_found:
        precision, recall = hits / num_found, hits / num_truth
        f1 = (200 * precision * recall / (precision + recall + EPSILON)).tolist()
    return {
        'acc': 100 * correct / sum(len(truth) for truth, _ in pairs),
        'edit': float(np.mean([edit_score(truth[0], found[0]) for truth, found in segments])),
        **{f'f1@{100 * theta:.0f}': score for theta, score in zip(OVERLAPS, f1, strict=True)},
    }


def segments_of(labels: np.ndarray, background: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Label, start and end of each stretch of equal labels, except the background's.  # (T,) -> (S,), (S,), (S,)"""
    starts = np.flatnonzero(np.diff(labels, prepend=labels[0] - 1))
    ends = np.append(starts[1:], len(labels) - 1)
    kept = labels[starts] != background
    return labels[starts][kept], starts[kept], ends[kept]


def edit_score(truth: np.ndarray, found: np.ndarray) -> float:
    """100 minus the Levenshtein distance in percent of the longer of two sequences of labels."""
    longer = max(len(truth), len(found))
    if not longer:
        return 100.0
    columns = np.arange(len(found) + 1)
    row = columns
    for label in truth:
        changed = np.minimum(row[1:] + 1, row[:-1] + (found != label))
        row = np.append(row[0] + 1, changed)
        row = np.minimum.accumulate(row - columns) + columns  # insertions: one more a column to the right
    return float(100 * (1 - row[-1] / longer))


def _hits(truth, found):
    """How many ground truths are the best match of a prediction, at each of ``OVERLAPS``."""
    if not len(truth[0]) or not len(found[0]):
        return [0] * len(OVERLAPS)
    (labels, *spans), (others, *other_spans) = truth, [column[:, None] for column in found]
    amount = overlap(*spans, *other_spans) * (labels == others)  # (predictions, ground truths)
    best = amount.argmax(1)
    return [len(np.unique(best[amount.max(1) >= theta])) for theta in OVERLAPS]


def _checked(ground_truth, predictions):
    if len(ground_truth) != len(predictions) or not len(ground_truth):
        raise PredictionError(
            'Segmentation is evaluated on at least one video, with a prediction each; '
            f'found {len(ground_truth)} ground truths and {len(predictions)} predictions.'
        )
    pairs = [(np.asarray(truth), np.asarray(found)) for truth, found in zip(ground_truth, predictions, strict=True)]
    for number, pair in enumerate(pairs):
        for name, labels in zip(('ground truth', 'prediction'), pair, strict=True):
            if labels.ndim != 1 or not labels.size or not np.issubdtype(labels.dtype, np.integer):
                raise PredictionError(
                    f'The {name} of video {number} must be an integer label a frame, (T,) of at least one frame; '
                    f'found {labels.dtype} of shape {labels.shape}.'
                )
        if len(pair[0]) != len(pair[1]):
            raise PredictionError(
                f'Video {number} has {len(pair[0])} frames of ground truth but {len(pair[1])} of prediction.'
            )
    return [(truth.astype(np.int64), found.astype(np.int64)) for truth, found in pairs]
