"""A linear classifier of the frames of videos: ridge regression in which no class is drowned by the background, its
strength chosen on videos that are left out."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
from scipy.special import softmax

from .ridge import LinearClassifier, calibrate

BALANCE = 1 / 3  # a class of n frames weighs as n ** (1 - BALANCE)
LEARNT = 15_000  # frames to learn from, at most: neighbours are alike
STRENGTHS = np.logspace(-5, 1, 13)  # for each unit of weight
FOLDS = 5


def fit_frames(
    features: Sequence[np.ndarray], labels: Sequence[np.ndarray], num_classes: int
) -> tuple[LinearClassifier, list[np.ndarray]]:
    """The classifier, and the probabilities of each video's frames by a fit without the video.

    Args:
        features (Sequence[np.ndarray]): (T, F) of each video.
        labels (Sequence[np.ndarray]): (T,) of each video, from 0.
        num_classes (int): Number of classes, with the background.
    """
    together = np.concatenate(labels)
    step = -(-len(together) // LEARNT)
    weight = (np.bincount(together, minlength=num_classes).clip(1) / len(together)) ** -BALANCE  # (classes,)
    learnt = np.concatenate([each[::step] for each in features])
    mean, scale = learnt.mean(0), learnt.std(0) + 1e-6
    features = [(each - mean) / scale for each in features]
    targets = np.where(np.eye(num_classes, dtype=bool), 1.0, -1.0)
    moments = [
        Moments.of(each[::step], targets[truth[::step]], weight[truth[::step]])
        for each, truth in zip(features, labels, strict=True)
    ]
    folds = min(FOLDS, len(features))
    held_out = [[None] * len(features) for _ in STRENGTHS]  # scores (T, classes) of each video
    for fold in range(folds):
        rest = [each for number, each in enumerate(moments) if folds == 1 or number % folds != fold]
        for scores, (slope, bias) in zip(held_out, ridge(Moments.sum(rest), STRENGTHS), strict=True):
            for number in range(fold, len(features), folds):
                scores[number] = features[number] @ slope + bias

    def accuracy(number: int) -> float:
        right = np.concatenate(held_out[number]).argmax(1) == together
        return float((right * weight[together]).sum())

    best = max(range(len(STRENGTHS)), key=accuracy)
    factor = calibrate(np.concatenate(held_out[best])[::step], together[::step])
    ((slope, bias),) = ridge(Moments.sum(moments), STRENGTHS[best : best + 1])
    slope = factor * slope.T / scale  # (classes, F)
    fitted = LinearClassifier(slope, factor * bias - slope @ mean, float(STRENGTHS[best])).rounded()
    return fitted, [softmax(factor * scores, axis=1) for scores in held_out[best]]


class Moments(NamedTuple):
    """Weighted sums over frames, all that ridge regression needs to know of them."""

    weight: float
    features: np.ndarray  # (F,)
    targets: np.ndarray  # (K,)
    gram: np.ndarray  # (F, F)
    products: np.ndarray  # (F, K)

    @classmethod
    def of(cls, features: np.ndarray, targets: np.ndarray, weights: np.ndarray) -> 'Moments':
        weighted = features * weights[:, None]
        return cls(weights.sum(), weighted.sum(0), weights @ targets, weighted.T @ features, (weighted.T @ targets))

    @classmethod
    def sum(cls, parts: Sequence['Moments']) -> 'Moments':
        return cls(*(sum(values) for values in zip(*parts, strict=True)))


def ridge(moments: Moments, strengths: np.ndarray) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """The slope (F, K) and the bias (K,) for each strength."""
    weight, features, targets, gram, products = moments
    values, vectors = np.linalg.eigh(gram - np.outer(features, features) / weight)
    projected = vectors.T @ (products - np.outer(features, targets) / weight)  # (F, K)
    for strength in strengths:
        slope = vectors @ (projected / (values.clip(0) + strength * weight)[:, None])
        yield slope, (targets - features @ slope) / weight
