"""A map keeps neighbours, and its neighbourhoods are as large as asked for."""

import numpy as np
import pytest

from usdrl_mmaction.reports.tsne import conditional, joint_probabilities, tsne


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


def test_neighbourhoods_have_the_perplexity_that_was_asked_for(clusters):
    features = clusters[0]
    joint = joint_probabilities(features, 20)
    assert joint.sum() == pytest.approx(1) and np.array_equal(joint, joint.T) and not np.diag(joint).any()
    # With all points alike far apart, each has all others for neighbours, whatever is asked for.
    alike = joint_probabilities(np.eye(10), 3)
    assert alike[~np.eye(10, dtype=bool)] == pytest.approx(1 / 90)


def test_conditional_neighbourhoods_sum_to_one_and_narrow_with_precision():
    distance = np.array([[np.inf, 1, 4], [1, np.inf, 1], [4, 1, np.inf]])
    wide, narrow = conditional(distance, np.full(3, -9.0)), conditional(distance, np.full(3, 5.0))
    assert wide.sum(1) == pytest.approx(1) and narrow.sum(1) == pytest.approx(1)
    assert wide[0] == pytest.approx([0, 0.5, 0.5], abs=1e-3) and narrow[0] == pytest.approx([0, 1, 0], abs=1e-9)


@pytest.mark.parametrize('features', [np.zeros((8, 4)), np.eye(3), np.ones((2, 4))])
def test_features_that_say_nothing_still_give_a_map(features):
    points = tsne(features)
    assert points.shape == (len(features), 2) and np.isfinite(points).all()
