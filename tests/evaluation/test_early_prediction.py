"""The curve is the accuracy at each ratio, and its area is between its ends."""

import numpy as np
import pytest
from scipy.integrate import trapezoid

from usdrl_mmaction.evaluation import early_prediction_curve


def test_a_curve_by_hand():
    labels = np.array([0, 1, 2, 1])
    right = np.array([[0, 0, 1], [0, 1, 1], [0, 0, 0], [1, 1, 1]])  # (clips, ratios)
    shown = np.where(right, labels[:, None], (labels[:, None] + 1) % 3)
    curve = early_prediction_curve(np.eye(3)[shown], labels)
    np.testing.assert_allclose(curve['ratios'], [1 / 3, 2 / 3, 1])
    np.testing.assert_array_equal(curve['accuracy'], [0.25, 0.5, 0.75])
    assert curve['auc'] == pytest.approx(0.5)


def test_ten_ratios_are_tenths_and_a_constant_accuracy_is_its_own_area():
    scores = np.tile(np.eye(4)[[0, 1, 2, 3]][:, None], (1, 10, 1))
    curve = early_prediction_curve(scores, [0, 1, 2, 0])
    np.testing.assert_array_equal(curve['ratios'], np.arange(1, 11) / 10)
    assert curve['auc'] == pytest.approx(0.75)


def test_the_area_is_the_trapezoids():
    rng = np.random.default_rng(0)
    curve = early_prediction_curve(rng.normal(size=(50, 10, 4)), rng.integers(0, 4, 50))
    assert curve['auc'] == pytest.approx(trapezoid(curve['accuracy'], curve['ratios']) / 0.9)


@pytest.mark.parametrize('shape, labels', [((4, 10), 4), ((4, 10, 3), 5), ((0, 10, 3), 0), ((4, 1, 3), 4)])
def test_wrong_shapes_are_named(shape, labels):
    with pytest.raises(ValueError, match='A curve needs scores of'):
        early_prediction_curve(np.zeros(shape), np.zeros(labels, int))
