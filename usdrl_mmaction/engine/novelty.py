"""Clips that are unlike all that a classifier was taught: far from the clips of the class that they would get, and with
a low score."""

from typing import NamedTuple

import numpy as np

REFUSED = 0.08  # share of the clips that it was fitted on that would be unknown if they were left out
LEAST_SPREAD = 0.3  # the least deviation of the logarithm of distances
IMPOSSIBLE = 1e3  # the novelty of what no body does
FARTHEST = 2.0  # a cosine distance
# The distance at which other clips of a class's only clip are expected: a share of that to the nearest clip of another
# class or, without one, a cosine distance.
SHARE, ALONE = 0.75, 0.3
UNKNOWN = 'unknown'
KEPT = 500  # clips that a trained model is compared with, at most


class Known(NamedTuple):
    """What the clips that a classifier was fitted on look like when each is left out: the means and deviations of the
    logarithm of their distance to their class and of their score."""

    means: tuple[float, float]
    deviations: tuple[float, float]
    threshold: float  # of novelty, which few of them exceed

    @classmethod
    def of(cls, distance: np.ndarray, score: np.ndarray, num_classes: int) -> 'Known':  # (N,), (N,)
        pairs = np.stack([log(distance), score])
        means, deviations = pairs.mean(1), np.maximum(pairs.std(1), [LEAST_SPREAD, 1e-3])
        known = cls(tuple(means.tolist()), tuple(deviations.tolist()), 0.0)
        # The more clips a class has, the more often the nearest is the same person's, who will not be there.
        margin = 0.5 * np.log2(max(len(score) / num_classes / 5, 1))
        return known._replace(threshold=float(np.quantile(known.novelty(distance, score), 1 - REFUSED) + margin))

    def novelty(self, distance: np.ndarray, score: np.ndarray) -> np.ndarray:
        """Far from its class, and a low score: in deviations, added.  # (N,), (N,) -> (N,)"""
        far = (log(distance) - self.means[0]) / self.deviations[0]
        low = (self.means[1] - score) / self.deviations[1]
        return np.maximum(far, -1) + np.maximum(low, -1)  # what is far is not made up for by a high score


def log(distance: np.ndarray) -> np.ndarray:
    return np.log(np.maximum(distance, 1e-6))


def unit(features: np.ndarray) -> np.ndarray:
    """Rows of length 1."""
    return features / np.maximum(np.linalg.norm(features, axis=1, keepdims=True), 1e-9)


def distances(features: np.ndarray, known: np.ndarray, labels: np.ndarray, num_classes: int, left_out: bool = False):
    """The cosine distance of each clip to the nearest known clip of each class; with ``left_out``, of known clips to
    the others.  # (N, F), (K, F), (K,) -> (N, classes)"""
    distance = 1 - features @ known.T  # (N, K)
    if left_out:
        np.fill_diagonal(distance, np.inf)
    found = np.full((len(features), num_classes), FARTHEST)
    for label in np.unique(labels):
        found[:, label] = distance[:, labels == label].min(1)
    nearest = np.nan_to_num(SHARE * distance.min(1, keepdims=True), posinf=ALONE)
    return np.where(np.isinf(found), nearest, found)


def choose(labels: np.ndarray, most: int = KEPT) -> np.ndarray:
    """The places of at most so many clips, as many of each class as there are, spread evenly.  # (N,) -> (K,)"""
    classes = [np.flatnonzero(labels == label) for label in np.unique(labels)]
    share = max(most // max(len(classes), 1), 1)
    chosen = [found[np.unique(np.linspace(0, len(found) - 1, share).round().astype(int))] for found in classes]
    return np.sort(np.concatenate(chosen))


class Novelty(NamedTuple):
    """What a trained classifier needs to say that a clip is unlike all that it was taught, and how sure it is."""

    known: Known
    factor: float  # on scores, with which their softmax is calibrated
    features: np.ndarray  # of clips that it was trained on, of length 1  # (K, F)
    labels: np.ndarray  # (K,)

    @classmethod
    def left_out(cls, features: np.ndarray, labels: np.ndarray, scores: np.ndarray, factor: float) -> 'Novelty':
        """Of the clips that it was trained on, and their scores by a training without each.  # (N, F), (N,), (N, L)"""
        chosen = choose(labels)
        features, labels, scores = unit(features[chosen]), labels[chosen], factor * scores[chosen]
        own = np.arange(len(labels)), labels
        distance = distances(features, features, labels, scores.shape[1], left_out=True)[own]
        return cls(Known.of(distance, scores[own], scores.shape[1]), factor, features, labels)

    @classmethod
    def held_out(cls, features: np.ndarray, labels: np.ndarray, others: tuple, factor: float) -> 'Novelty':
        """Of the clips that it was trained on, and the features, labels and scores of others."""
        chosen = choose(labels)
        features, labels = unit(features[chosen]), labels[chosen]
        new, truth, scores = others
        own = np.arange(len(truth)), truth
        distance = distances(unit(new), features, labels, scores.shape[1])[own]
        return cls(Known.of(distance, factor * scores[own], scores.shape[1]), factor, features, labels)

    def __call__(self, features: np.ndarray, scores: np.ndarray) -> np.ndarray:
        """The novelty of clips; above ``known.threshold`` they are unknown.  # (N, F), (N, classes) -> (N,)"""
        best = np.arange(len(scores)), scores.argmax(1)
        distance = distances(unit(features), self.features, self.labels, scores.shape[1])
        return self.known.novelty(distance[best], self.factor * scores[best])

    def described(self) -> dict:
        """Its numbers, for a description."""
        return self.known._asdict() | {'factor': self.factor}


def unless(strange: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Labels, but for those of strange clips, which are 'unknown' or, among numbers, -1.  # (N,), (N,) -> (N,)"""
    if labels.dtype.kind in 'iufb':
        return np.where(strange, -1, labels)
    return np.where(strange, UNKNOWN, labels.astype(object)).astype(str)
