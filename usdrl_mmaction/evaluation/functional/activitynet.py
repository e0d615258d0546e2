"""Action detection as ActivityNet evaluates it: proposals match ground truths one to one, the highest score first."""

from collections.abc import Mapping, Sequence

import numpy as np
from mmaction.evaluation import interpolated_precision_recall

from .detection import THETAS
from .matching import check_thetas, overlapping_pairs, tabulate


def activitynet_report(
    ground_truth: Mapping, proposals: Mapping, num_classes: int, thetas: Sequence[float] = THETAS
) -> dict:
    """``'mAP@0.5'`` and so on, the mean over the classes that have ground truth (the others are left out);
    ``'average_mAP'`` over the thresholds; ``'per_class'``, a dict of θ to each class's AP, NaN without ground truth.

    The arguments are those of ``evaluate_detection``. Without any ground truth or any proposals all means are 0.

    Examples:
        >>> from usdrl_mmaction.evaluation import activitynet_report
        >>> truth = {'video': [(1, 0, 50), (2, 80, 120)]}
        >>> proposals = {'video': [(1, 5, 55, 0.9), (2, 10, 40, 0.6)]}
        >>> activitynet_report(truth, proposals, num_classes=2)['mAP@0.5']
        0.5
    """
    check_thetas(thetas)
    truth, found, _ = tabulate(ground_truth, proposals, num_classes)
    order = np.argsort(-found.score, kind='stable')
    proposal, target, amount = overlapping_pairs(truth, found)
    preference = np.lexsort((-amount, np.argsort(order)[proposal]))  # by falling score, then by falling overlap
    pairs = proposal[preference], target[preference], amount[preference]
    counts = np.bincount(truth.label, minlength=num_classes + 1)[1:]  # (classes,)
    per_class = {}
    for theta in thetas:
        correct = _take_one_to_one(pairs, theta, len(found), len(truth))[order]
        per_class[theta] = _average_precisions(correct, found.label[order], counts)
    means = {theta: float(ap[counts > 0].mean()) if counts.any() else 0.0 for theta, ap in per_class.items()}
    report = {f'mAP@{theta:g}': mean for theta, mean in means.items()}
    return report | {'average_mAP': float(np.mean(list(means.values()))), 'per_class': per_class}


def _take_one_to_one(pairs, theta, num_found, num_truth):
    """Whether each proposal matches a ground truth that no better one has matched.  # (P,)"""
    proposal, target, amount = pairs
    correct, taken = [False] * num_found, [False] * num_truth
    enough = amount >= theta
    for row, match in zip(proposal[enough].tolist(), target[enough].tolist(), strict=True):
        if not correct[row] and not taken[match]:
            correct[row] = taken[match] = True
    return np.array(correct, bool)


def _average_precisions(correct, label, counts):  # (P,), (P,), (classes,) -> (classes,)
    result = np.full(len(counts), np.nan)
    for number in np.flatnonzero(counts):
        hits = correct[label == number + 1]
        true = np.cumsum(hits)
        precision, recall = true / np.arange(1, len(hits) + 1), true / counts[number]
        result[number] = interpolated_precision_recall(precision, recall)
    return result
