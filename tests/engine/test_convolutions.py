"""Random convolutions are convolutions, and what they count is what it should be."""

import numpy as np
import pytest
import torch
from scipy.signal import correlate

from usdrl_mmaction.engine.convolutions import BIASES, KERNELS, LENGTH, RandomConvolutions, num_features


@pytest.fixture
def clips() -> torch.Tensor:
    return torch.from_numpy(np.random.default_rng(0).normal(size=(6, 2, 64, 5, 3)).astype(np.float32))


def test_they_are_those_of_scipy(clips):
    """The first kernels, of dilation 1, on the channels that the seed draws."""
    found = list(RandomConvolutions().convolve(clips[:, 0]))
    assert len(found) == num_features(1) // BIASES
    draw = np.random.default_rng(0)
    series = clips[:, 0].permute(0, 2, 3, 1).flatten(1, 2).numpy()  # (N, V·C, T)
    for kernel, convolved in zip(KERNELS[:10], found, strict=False):
        few = draw.permutation(15)[: int(2 ** draw.uniform(0, np.log2(LENGTH + 1)))]
        weights = np.full(LENGTH, -1.0)
        weights[list(kernel)] = 2
        expected = sum(correlate(series[2, channel], weights, mode='same') for channel in few)
        np.testing.assert_allclose(convolved[2], expected, atol=1e-4)


def test_features_are_shares_of_frames_about_evenly_spread(clips):
    features = RandomConvolutions().fit(clips).transform(clips)
    assert features.shape == (6, num_features(2)) and features.min() >= 0 and features.max() <= 1
    np.testing.assert_allclose(features * 64, np.round(features * 64), atol=1e-4)
    first = features[:, : num_features(1)].reshape(6, -1, BIASES).mean((0, 1))
    assert (np.diff(first) < 0).all() and first[0] > 0.8 and first[-1] < 0.2  # biases are quantiles


def test_the_fit_alone_says_what_a_clip_gets(clips):
    fitted = RandomConvolutions().fit(clips[:4])
    again = RandomConvolutions(fitted.biases)
    np.testing.assert_array_equal(again.transform(clips), fitted.transform(clips))
    np.testing.assert_array_equal(again.transform(clips[5:]), fitted.transform(clips)[5:])


def test_people_are_told_apart(clips):
    fitted = RandomConvolutions().fit(clips)
    one, other = np.split(fitted.transform(clips), 2, axis=1)
    swapped = np.split(fitted.transform(clips.flip(1)), 2, axis=1)
    np.testing.assert_array_equal(swapped[0], other)
    np.testing.assert_array_equal(swapped[1], one)
