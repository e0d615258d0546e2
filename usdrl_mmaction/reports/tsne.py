"""A map of many dimensions in two (t-SNE), small enough to compute every pair of points."""

import numpy as np
from scipy.spatial.distance import pdist, squareform

STEPS, EARLY = 600, 150  # early steps exaggerate: clusters form before they spread


def tsne(features: np.ndarray, perplexity: float = 30.0) -> np.ndarray:
    """Points whose neighbours are those of the features. It starts from the principal components and draws nothing at
    random.  # (N, D) -> (N, 2)"""
    wanted = joint_probabilities(features, min(perplexity, (len(features) - 1) / 3))
    points = principal_components(features)
    points *= 1e-4 / max(points.std(), 1e-12)
    velocity, gains = np.zeros_like(points), np.ones_like(points)
    rate = max(len(points) / 12, 5)
    for step in range(STEPS):
        kernel = 1 / (1 + squareform(pdist(points, 'sqeuclidean')))
        np.fill_diagonal(kernel, 0)
        pull = (wanted * (12 if step < EARLY else 1) - kernel / kernel.sum()) * kernel  # (N, N)
        gradient = 4 * (pull.sum(1)[:, None] * points - pull @ points)
        gains = np.where((gradient > 0) != (velocity > 0), gains + 0.2, (gains * 0.8).clip(0.01))
        velocity = (0.5 if step < EARLY else 0.8) * velocity - rate * gains * gradient
        points = points + velocity
    return points - points.mean(0)


def joint_probabilities(features: np.ndarray, perplexity: float) -> np.ndarray:
    """How near each pair is, with about ``perplexity`` neighbours a point.  # (N, D) -> (N, N), sum 1"""
    distance = squareform(pdist(features, 'sqeuclidean'))
    np.fill_diagonal(distance, np.inf)
    distance /= distance.min(1).mean() or 1.0
    low, high = np.full(len(distance), -40.0), np.full(len(distance), 40.0)  # logs of the precision of each point
    for _ in range(60):
        middle = (low + high) / 2
        near = conditional(distance, middle)
        entropy = -np.sum(near * np.log(near, where=near > 0, out=np.zeros_like(near)), axis=1)
        too_wide = entropy > np.log(perplexity)
        low, high = np.where(too_wide, middle, low), np.where(too_wide, high, middle)
    near = conditional(distance, (low + high) / 2)
    return (near + near.T) / (2 * len(near))


def conditional(distance: np.ndarray, log_precision: np.ndarray) -> np.ndarray:
    """Gaussian neighbourhoods, a row a point, sum 1."""
    exponent = -(distance - distance.min(1, keepdims=True)) * np.exp(log_precision)[:, None]
    weights = np.exp(exponent)
    return weights / weights.sum(1, keepdims=True)


def principal_components(features: np.ndarray) -> np.ndarray:  # (N, D) -> (N, 2)
    left, scale, _ = np.linalg.svd(features - features.mean(0), full_matrices=False)
    components = left[:, :2] * scale[:2]
    return components * np.sign(components[np.abs(components).argmax(0), np.arange(2)])
