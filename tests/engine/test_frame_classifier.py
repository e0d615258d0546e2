"""The classifier of frames is weighted ridge regression; videos that are left out are; no class drowns."""

import numpy as np
import pytest

from usdrl_mmaction.engine.frame_classifier import BALANCE, STRENGTHS, Moments, fit_frames, ridge


def videos(number: int, seed: int = 0) -> tuple[list[np.ndarray], list[np.ndarray]]:
    """Videos of two rare classes in background, with features that tell them apart in part."""
    rng = np.random.default_rng(seed)
    labels = [np.repeat(rng.choice(3, 20, p=(0.8, 0.15, 0.05)), 4) for _ in range(number)]
    means = rng.normal(size=(3, 6))
    return [5 + 3 * (means[each] + rng.normal(size=(len(each), 6))) for each in labels], labels


def test_ridge_is_scikit_learns():
    from sklearn.linear_model import Ridge

    rng = np.random.default_rng(0)
    features, targets, weights = rng.normal(3, 2, (50, 8)), rng.choice([-1.0, 1.0], (50, 3)), rng.uniform(0.2, 3, 50)
    parts = [Moments.of(features[part], targets[part], weights[part]) for part in (slice(20), slice(20, None))]
    for strength, (slope, bias) in zip(STRENGTHS, ridge(Moments.sum(parts), STRENGTHS), strict=True):
        model = Ridge(strength * weights.sum()).fit(features, targets, weights)
        np.testing.assert_allclose(features @ slope + bias, model.predict(features), atol=1e-6)


def test_held_out_probabilities_come_from_fits_without_the_video():
    features, labels = videos(6)
    _, held_out = fit_frames(features, labels, 3)
    changed = [each.copy() for each in labels]
    changed[2] = (changed[2] + 1) % 3
    _, again = fit_frames(features, changed, 3)
    for each in held_out:
        assert each.shape == (80, 3)
        np.testing.assert_allclose(each.sum(1), 1)
    # The choice of strength and the calibration see all labels, so compare the order of scores only.
    assert np.mean(held_out[2].argmax(1) == again[2].argmax(1)) > 0.95


def test_scaling_and_shifting_features_changes_nothing():
    features, labels = videos(5)
    plain, changed = (fit_frames(each, labels, 3)[0] for each in (features, [7 + 1e3 * each for each in features]))
    scores = [fitted.scores(each) for fitted, each in ((plain, features[0]), (changed, 7 + 1e3 * features[0]))]
    np.testing.assert_allclose(*scores, rtol=1e-3, atol=1e-3)


def test_rare_classes_are_found_more_often_than_without_their_weight(monkeypatch):
    features, labels = videos(20)
    truth = np.concatenate(labels)

    def recall() -> float:
        found = np.concatenate([each.argmax(1) for each in fit_frames(features, labels, 3)[1]])
        return np.mean(found[truth > 0] == truth[truth > 0])

    with_weight = recall()
    monkeypatch.setattr('usdrl_mmaction.engine.frame_classifier.BALANCE', 0.0)
    assert BALANCE > 0 and with_weight > recall()


@pytest.mark.parametrize('number', [1, 2])
def test_few_videos_are_enough(number):
    fitted, held_out = fit_frames(*videos(number), 3)
    assert np.isfinite(fitted.weight).all() and len(held_out) == number
