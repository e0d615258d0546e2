"""A linear classifier of features that converges whatever their scale: ridge regression on standardised features."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from scipy.optimize import minimize_scalar
from scipy.special import log_expit, log_softmax

STRENGTHS = np.logspace(-2, 6, 25)


class LinearClassifier(NamedTuple):
    """The standardisation is in the weights."""

    weight: np.ndarray  # (classes, F)
    bias: np.ndarray  # (classes,)
    strength: float = np.nan  # of the regularisation
    accuracy: float = np.nan  # of each sample by a fit on all others
    left_out: np.ndarray | None = None  # (N, classes), the scores of each sample by a fit on all others

    def scores(self, features: np.ndarray) -> np.ndarray:  # (n, F) -> (n, classes)
        return features @ self.weight.T + self.bias

    def rounded(self) -> 'LinearClassifier':
        """With weights in float32, as they are saved."""
        return self._replace(weight=self.weight.astype(np.float32), bias=self.bias.astype(np.float32))


def fit_ridge(
    features: np.ndarray,
    labels: np.ndarray,
    num_classes: int,
    strengths: np.ndarray = STRENGTHS,
    groups: Sequence[tuple[int, float]] = (),
    weights: np.ndarray | None = None,
) -> LinearClassifier:
    """Ridge regression of ±1 on standardised features, in closed form.

    The strength is the one with the least squared error when each sample is left out of the fit (as scikit-learn's
    ``RidgeClassifierCV`` chooses it). The scores are scaled so that their softmax gives the samples that are left out
    the highest likelihood.

    Args:
        features (np.ndarray): (N, F)
        labels (np.ndarray): (N,), from 0; or a 0/1 matrix (N, classes) of several at once.
        num_classes (int): Number of classes.
        strengths (np.ndarray): The strengths to choose from.
        groups (Sequence[tuple[int, float]]): Groups of features, in order, as their number and the weight of the whole
            group; by default all features weigh alike.
        weights (np.ndarray | None): Of the samples, by default alike.  # (N,)
    """
    features = np.asarray(features, np.float64)
    mean, deviation = features.mean(0), features.std(0)
    deviation[deviation <= 1e-9 * np.abs(features).max(0)] = np.inf  # a constant feature gets no weight
    total = sum(number for number, _ in groups)
    for number, weight in groups:  # a group weighs as much whatever its number of features
        deviation, group = deviation[number:], deviation[:number] / (weight * (total / number) ** 0.5)
        deviation = np.concatenate([deviation, group])
    of_class = np.arange(num_classes) == labels[:, None] if labels.ndim == 1 else labels > 0
    targets = np.where(of_class, 1.0, -1.0)  # (N, classes)
    weights = np.ones(len(features)) if weights is None else weights * (len(features) / weights.sum())
    root, share = np.sqrt(weights)[:, None], weights / len(features)
    mean, centre = share @ features, share @ targets
    left, scale, right = np.linalg.svd(root * (features - mean) / deviation, full_matrices=False)
    projected = left.T @ (root * (targets - centre))  # (N, R), (R,), (R, F); (R, classes)

    def left_out(strength: float) -> np.ndarray:
        """The score of each sample by the fit on all others.  # (N, classes)"""
        shrunk = left * (scale**2 / (scale**2 + strength))  # (N, R)
        leverage = root**2 / len(left) + (shrunk * left).sum(1, keepdims=True)  # (N, 1)
        return targets - (targets - centre - shrunk @ projected / root) / (1 - leverage).clip(1e-9)

    strength = min(strengths, key=lambda strength: np.square(root * (targets - left_out(strength))).sum())
    scores = left_out(strength)
    factor = calibrate(scores, labels, weights)
    weight = (projected.T * (scale / (scale**2 + strength))) @ right / deviation  # (classes, F)
    right_ones = scores.argmax(1) == labels if labels.ndim == 1 else (scores > 0) == of_class
    accuracy = float(right_ones.mean())
    bias = factor * (centre - weight @ mean)
    return LinearClassifier(factor * weight, bias, float(strength), accuracy, factor * scores)


def calibrate(scores: np.ndarray, labels: np.ndarray, weights: np.ndarray | None = None) -> float:
    """The factor on scores with which their softmax gives the labels the highest likelihood; with a 0/1 matrix of
    labels, the logistic function of each.  # (N, classes), (N,) or (N, classes)

    As in Platt's scaling, one sample of N + 2 counts as another class: few samples, all on the right side, do not make
    the classifier certain.
    """
    doubt = 1 / (len(labels) + 2)

    def loss(logarithm: float) -> float:
        if labels.ndim == 2:
            log_odds = np.exp(logarithm) * np.where(labels > 0, scores, -scores)
            found = (1 - doubt) * log_expit(log_odds) + doubt * log_expit(-log_odds)
            return -np.average(found.mean(1), weights=weights)
        log_prob = log_softmax(np.exp(logarithm) * scores, axis=1)
        found = (1 - doubt) * log_prob[np.arange(len(labels)), labels] + doubt * log_prob.mean(1)
        return -np.average(found, weights=weights)

    return float(np.exp(minimize_scalar(loss, bounds=(-3, 5), method='bounded').x))
