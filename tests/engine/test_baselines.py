"""The classifiers without an encoder that an encoder is compared with."""

from importlib.util import find_spec

import numpy as np
import pytest

from usdrl_mmaction.engine.baselines import KERNELS, PLAIN, as_series, baselines, predict_baseline


def movements(clips_a_class=8, seed=0):
    """Three ways to move, told apart by frequency and joint, with noise.  # (N, 1, 32, 5, 3), (N,)"""
    rng, frames = np.random.default_rng(seed), np.arange(32)
    labels = np.arange(3 * clips_a_class) % 3
    clips = 0.3 * rng.normal(size=(len(labels), 1, 32, 5, 3))
    for clip, label in zip(clips, labels, strict=True):
        clip[0, :, label, 0] += np.sin(frames * (0.3 + 0.3 * label))
    return clips.astype(np.float32), labels


@pytest.mark.parametrize('name', PLAIN)
def test_plain_classifiers_recognise_what_is_easy(name):
    train, labels = movements()
    test, truth = movements(seed=1)
    assert (predict_baseline(name, train, labels, test) == truth).mean() > 0.9


@pytest.mark.parametrize('name', PLAIN)
def test_the_unit_of_the_coordinates_does_not_matter(name):
    train, labels = movements()
    test, _ = movements(seed=1)
    metres = predict_baseline(name, train, labels, test)
    assert (predict_baseline(name, 1000 * train, labels, 1000 * test) == metres).all()


@pytest.mark.parametrize('name', PLAIN)
def test_one_clip_a_class_is_enough_to_fit(name):
    train, labels = movements(clips_a_class=1)
    assert set(predict_baseline(name, train, labels, train)) == {0, 1, 2}


def test_nearest_neighbour_is_the_nearest():
    train, labels = movements()
    test, _ = movements(seed=1)
    distance = np.linalg.norm((test[:, None] - train).reshape(len(test), len(train), -1), axis=-1)
    assert (predict_baseline('plain, 1-NN', train, labels, test) == labels[distance.argmin(1)]).all()


def test_series_have_a_channel_for_each_coordinate():
    clips = np.arange(2 * 2 * 4 * 3 * 3).reshape(2, 2, 4, 3, 3)
    series = as_series(clips)
    assert series.shape == (2, 18, 4) and (series[1, 9 + 3 + 2] == clips[1, 1, :, 1, 2]).all()


def test_rocket_is_offered_where_its_package_is():
    assert (set(KERNELS) <= set(baselines())) == (find_spec('aeon') is not None)


@pytest.mark.skipif(find_spec('aeon') is None, reason='aeon is not installed')
def test_minirocket_recognises_what_is_easy_and_repeats_with_its_seed():
    train, labels = movements()
    test, truth = movements(seed=1)
    first, again = (predict_baseline('MiniRocket', train, labels, test, seed=3) for _ in range(2))
    assert (first == again).all() and (first == truth).mean() > 0.9
