"""Action detection as PKU-MMD evaluates it: a ground truth counts once, however many proposals match it."""

from collections.abc import Mapping, Sequence

import numpy as np

from .matching import Segments, check_thetas, overlapping_pairs, tabulate

THETAS = (0.1, 0.3, 0.5, 0.7)
GRID = np.arange(1, 21) / 20  # the thresholds that 2DAP is the mean over


def evaluate_detection(ground_truth: Mapping, proposals: Mapping, num_classes: int, theta: float = 0.5) -> dict:
    """F1 and average precision of all proposals, and mean average precision over classes and over videos.

    ``ground_truth[video]`` lists (label, start, end), ``proposals[video]`` (label, start, end, score), as tuples or as
    an array; labels are 1 … ``num_classes``. A class or video without ground truth or without proposals counts 0.
    Proposals of equal score are ordered by label, then by the name of the video, then as given.

    Examples:
        >>> from usdrl_mmaction.evaluation import evaluate_detection
        >>> truth = {'video': [(1, 0, 50), (2, 80, 120)]}
        >>> proposals = {'video': [(1, 5, 55, 0.9), (2, 10, 40, 0.6)]}
        >>> evaluate_detection(truth, proposals, num_classes=2)
        {'f1': 0.5, 'ap': 0.25, 'mAP_action': 0.5, 'mAP_video': 0.25}
    """
    check_thetas([theta])
    return _Protocol(ground_truth, proposals, num_classes).summary(theta)


def pku_report(ground_truth: Mapping, proposals: Mapping, num_classes: int, thetas: Sequence[float] = THETAS) -> dict:
    """``evaluate_detection`` at several thresholds, as ``'f1@0.5'`` and so on; ``'2DAP'``, the mean of mAP_action over
    θ = 0.05 … 1; and ``'per_class'``, a dict of θ to the AP of each class."""
    check_thetas(thetas)
    protocol = _Protocol(ground_truth, proposals, num_classes)
    report = {f'{name}@{theta:g}': value for theta in thetas for name, value in protocol.summary(theta).items()}
    report['2DAP'] = float(np.mean([protocol.by_class(theta) for theta in GRID]))
    report['per_class'] = {theta: protocol.by_class(theta) for theta in thetas}
    return report


class _Protocol:
    """The proposals, matched and sorted once for all thresholds."""

    def __init__(self, ground_truth, proposals, num_classes):
        self.truth, self.found, num_videos = tabulate(ground_truth, proposals, num_classes)
        self.match, self.overlap = best_match(self.truth, self.found)
        score, label, video = self.found.score, self.found.label, self.found.video
        self.rising = np.lexsort((label, score))  # (P,) row numbers, by score
        self.classes = _groups(np.lexsort((score, label)), label, self.truth.label, range(1, num_classes + 1))
        self.videos = _groups(np.lexsort((score, video)), video, self.truth.video, range(num_videos))

    def summary(self, theta):
        matched, last = self.outcome(theta)
        total = len(self.truth) + len(self.found)
        return {
            'f1': 2 * float(last.sum()) / total if total else 0.0,  # 2PR / (P + R)
            'ap': average_precision(matched[self.rising], last[self.rising], len(self.truth)),
            'mAP_action': _mean(_average_precisions(self.classes, matched, last)),
            'mAP_video': _mean(_average_precisions(self.videos, matched, last)),
        }

    def by_class(self, theta):  # (classes,)
        return _average_precisions(self.classes, *self.outcome(theta))

    def outcome(self, theta):
        """Which proposals match a ground truth, and which of those have the highest score for it."""
        matched = self.overlap >= theta
        rising = self.rising[matched[self.rising]]
        final = np.full(len(self.truth), -1)
        final[self.match[rising]] = rising  # the highest score overwrites the others
        last = np.zeros(len(self.found), bool)
        last[final[final >= 0]] = True
        return matched, last


def average_precision(matched: np.ndarray, last: np.ndarray, num_truth: int) -> float:
    """Proposals are dropped from the lowest score up; each drop in recall counts with the best precision so far. As in
    the official script, precision is taken when a proposal that matches is dropped.  # (P,), (P,) bool"""
    positives, number = int(last.sum()), len(matched)
    if not positives:
        return 0.0
    kept, remaining = positives - np.cumsum(last), number - 1 - np.arange(number)
    precision = kept[matched] / np.maximum(remaining[matched], 1)
    best = np.maximum(np.maximum.accumulate(precision), positives / number)
    return float(best[last[matched]].sum() / num_truth)


def best_match(truth: Segments, found: Segments) -> tuple[np.ndarray, np.ndarray]:
    """For each proposal, the ground truth that it overlaps most (the first of equals), and how much.  # (P,), (P,)"""
    proposal, target, amount = overlapping_pairs(truth, found)
    order = np.lexsort((-amount, proposal))
    proposal, first = np.unique(proposal[order], return_index=True)
    match, overlap = np.full(len(found), -1), np.zeros(len(found))
    match[proposal], overlap[proposal] = target[order[first]], amount[order[first]]
    return match, overlap


def _groups(order, found_in, truth_in, numbers):
    """Of each group: its proposals in order, and how many ground truths it has."""
    stops = np.searchsorted(found_in[order], numbers, 'right')
    starts = np.searchsorted(found_in[order], numbers, 'left')
    counts = np.bincount(truth_in, minlength=numbers.stop)[numbers.start :]
    return [(order[start:stop], count) for start, stop, count in zip(starts, stops, counts, strict=True)]


def _average_precisions(groups, matched, last):
    return np.array([average_precision(matched[rows], last[rows], count) for rows, count in groups])


def _mean(values):
    return float(values.mean()) if len(values) else 0.0
