"""The linear classifier of frozen features against scikit-learn, whatever the scale of the features."""

import numpy as np
import pytest
import torch
from mmaction.datasets.transforms import FormatGCNInput
from mmengine.dataset import Compose
from mmengine.runner import CheckpointLoader
from scipy.special import softmax
from sklearn.linear_model import LogisticRegressionCV, Ridge, RidgeClassifier, RidgeClassifierCV
from sklearn.preprocessing import StandardScaler

from usdrl_mmaction.datasets import NormalizeSkeleton, ResizeFrames
from usdrl_mmaction.datasets.synthetic import make_trimmed
from usdrl_mmaction.engine.ridge import STRENGTHS, calibrate, fit_ridge
from usdrl_mmaction.models import DSTE


def blobs(samples=120, features=40, classes=5, spread=3.0, seed=0):
    """Features of very unlike scales around a common offset, as those of an encoder."""
    rng = np.random.default_rng(seed)
    centres, labels = rng.normal(size=(classes, features)), np.arange(samples) % classes
    raw = centres[labels] + spread * rng.normal(size=(samples, features))
    return raw * rng.lognormal(0, 2, features) + 100 * rng.normal(size=features), labels


def scores_of(classifier, features):
    return features @ classifier.weight.T + classifier.bias


@pytest.mark.parametrize('features', [10, 40, 300])  # fewer and more than there are samples
def test_the_strength_and_the_scores_are_scikit_learns(features):
    x, y = blobs(features=features)
    ours, scaled = fit_ridge(x, y, 5), StandardScaler().fit_transform(x)
    assert ours.strength == pytest.approx(RidgeClassifierCV(STRENGTHS).fit(scaled, y).alpha_)
    theirs = RidgeClassifier(alpha=ours.strength).fit(scaled, y).decision_function(scaled)
    factor = scores_of(ours, x) / theirs
    assert np.allclose(factor, factor[0, 0], rtol=1e-6)


def test_the_accuracy_is_that_of_samples_left_out_of_the_fit():
    x, y = blobs(samples=40)
    ours, scaled, targets = fit_ridge(x, y, 5), StandardScaler().fit_transform(x), np.where(np.eye(5)[y] > 0, 1, -1)
    right = 0
    for left_out in range(40):
        kept = np.arange(40) != left_out
        fitted = Ridge(alpha=ours.strength).fit(scaled[kept], targets[kept])
        right += fitted.predict(scaled[[left_out]]).argmax() == y[left_out]
    assert ours.accuracy == right / 40


@pytest.mark.parametrize('scale, shift', [(1e-4, 0.0), (1e4, 0.0), (1.0, 1e3), (1e-2, -35.0)])
def test_scaling_or_shifting_all_features_changes_no_prediction(scale, shift):
    x, y = blobs()
    test, _ = blobs(seed=1)
    plain = scores_of(fit_ridge(x, y, 5), test)
    moved = scores_of(fit_ridge(scale * x + shift, y, 5), scale * test + shift)
    assert np.allclose(plain, moved, atol=1e-5)
    assert (plain.argmax(1) == moved.argmax(1)).all()


POOLING = ('max', 'mean', 'std', 'parts')  # of linear evaluation


@pytest.fixture(scope='module')
def clips():
    """Synthetic clips as the encoder takes them, and their labels; the first half has other subjects."""
    content = make_trimmed(540)
    steps = Compose([NormalizeSkeleton(), ResizeFrames(), FormatGCNInput()])
    items = sorted(content['annotations'], key=lambda item: item['subject'] % 2)
    inputs = np.concatenate([steps({**item, 'num_clips': 1})['keypoint'] for item in items])  # (N, M, T, V, C)
    return torch.from_numpy(inputs).float(), np.array([item['label'] for item in items])


@pytest.mark.parametrize('weights', [None, 'usdrl://dste_synthetic'])
def test_it_is_within_a_point_of_scikit_learns_classifiers_on_features_of_encoders(clips, weights):
    inputs, labels = clips
    torch.manual_seed(0)
    encoder = DSTE(embed_dims=128).eval()
    if weights:
        state = CheckpointLoader.load_checkpoint(weights, 'cpu')['state_dict']
        encoder.load_state_dict({name[9:]: value for name, value in state.items() if name.startswith('backbone.')})
    with torch.no_grad():
        x = torch.cat([encoder(batch).pooled(POOLING) for batch in inputs.split(64)]).numpy().astype(float)
    half = len(x) // 2
    ours, *theirs = accuracies_of(x, labels, slice(0, half), slice(half, None))
    assert ours >= max(theirs) - 0.01, (ours, theirs)


def accuracies_of(x, labels, train, test) -> list[float]:
    """Of ours, and of scikit-learn's ridge and logistic regression."""
    scaled = StandardScaler().fit(x[train]).transform(x)
    ridge = RidgeClassifierCV(STRENGTHS)
    logistic = LogisticRegressionCV(
        Cs=np.logspace(-3, 1, 5), cv=4, max_iter=500, l1_ratios=(0,), use_legacy_attributes=False
    )
    theirs = [model.fit(scaled[train], labels[train]).score(scaled[test], labels[test]) for model in (ridge, logistic)]
    ours = (scores_of(fit_ridge(x[train], labels[train], 18), x[test]).argmax(1) == labels[test]).mean()
    return [ours, *theirs]


def test_a_constant_feature_and_a_class_without_samples_do_no_harm():
    x, y = blobs()
    x[:, 3], x[:, 7] = 0.0, 5.0
    ours = fit_ridge(x, y, 7)
    assert np.isfinite(ours.weight).all() and not ours.weight[:, [3, 7]].any()
    assert set(scores_of(ours, x).argmax(1)) <= set(range(5))


def test_one_sample_a_class():
    x, y = blobs(samples=5)
    assert (scores_of(fit_ridge(x, y, 5), x).argmax(1) == y).all()


def test_the_probabilities_are_as_likely_as_they_say():
    x, y = blobs(2000, spread=6.0)
    scores = scores_of(fit_ridge(x[:1000], y[:1000], 5), x[1000:])
    confidence, right = softmax(scores, 1).max(1), scores.argmax(1) == y[1000:]
    assert abs(confidence.mean() - right.mean()) < 0.04


def test_calibration_finds_the_factor_that_the_scores_were_drawn_with():
    rng = np.random.default_rng(0)
    logits = 2 * rng.normal(size=(20000, 4))
    labels = (softmax(logits, 1).cumsum(1) > rng.random((20000, 1))).argmax(1)
    assert calibrate(logits / 8, labels) == pytest.approx(8, rel=0.05)
