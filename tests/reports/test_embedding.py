"""The map keeps neighbours, is reproducible, and the numbers of its classes are readable."""

import numpy as np
import pytest
from scipy.spatial.distance import pdist

from usdrl_mmaction.reports.embedding import apart, tsne


@pytest.fixture(scope='module')
def clusters():
    rng = np.random.default_rng(0)
    centres = 3 * rng.normal(size=(5, 32))
    labels = np.repeat(np.arange(5), 30)
    return centres[labels] + rng.normal(size=(150, 32)), labels


def test_nearest_on_the_map_is_of_the_same_cluster(clusters):
    features, labels = clusters
    points = tsne(features)
    distance = np.linalg.norm(points[:, None] - points, axis=2) + np.diag(np.full(len(points), np.inf))
    assert points.shape == (150, 2) and (labels[distance.argmin(1)] == labels).all()
    within = np.mean([points[labels == label].std(0).mean() for label in range(5)])
    assert within < points.std(0).mean() / 2


def test_the_same_features_give_the_same_map(clusters):
    assert np.array_equal(tsne(clusters[0]), tsne(clusters[0]))


@pytest.mark.parametrize('features', [np.zeros((8, 4)), np.eye(3), np.ones((2, 4)), np.ones((1, 4)), np.eye(2)])
def test_collapsed_features_still_give_a_map(features):
    points = tsne(features)
    assert points.shape == (len(features), 2) and np.isfinite(points).all()


def test_numbers_that_overlap_are_moved_apart_and_others_are_not():
    places = np.array([[0.0, 0.0], [0.1, 0.0], [0.0, 0.3], [5.0, 5.0]])
    moved = apart(places, 1.0)
    assert pdist(moved).min() > 0.99 and np.abs(moved - places).max() < 1.0
    np.testing.assert_array_equal(moved[3], places[3])
