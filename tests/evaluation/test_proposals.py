"""Proposals are the runs of frames above a threshold; the options do what they say, and nothing else."""

from itertools import product

import numpy as np
import pytest
from scipy.special import softmax

from usdrl_mmaction.evaluation import proposals_from_scores
from usdrl_mmaction.evaluation.functional import load_tracks, save_tracks
from usdrl_mmaction.evaluation.functional.proposals import best_labels, suppress


def random_scores(seed, frames=40, classes=5):
    return softmax(3 * np.random.default_rng(seed).normal(size=(frames, classes)), axis=1)


def read_aloud(scores, threshold):
    proposals = []
    for label in range(1, scores.shape[1]):
        run = []
        for t in range(len(scores) + 1):
            if t < len(scores) and scores[t, label] > threshold:
                run.append(scores[t, label])
            elif run:
                proposals.append((label, t - len(run), t, sum(run) / len(run)))
                run = []
    return np.array(proposals).reshape(-1, 4)


@pytest.mark.parametrize('seed', range(20))
def test_equals_the_rule_read_aloud(seed):
    scores = random_scores(seed, frames=1 + 3 * seed)
    np.testing.assert_allclose(proposals_from_scores(scores), read_aloud(scores, 0.02), rtol=1e-12)
    np.testing.assert_allclose(proposals_from_scores(scores, [0.5]), read_aloud(scores, 0.5), rtol=1e-12)


def test_a_track_by_hand():
    drink, fall = [0.5, 0.02, 0.1, 0.3, 0.0], [0.0, 0.0, 0.0, 0.4, 0.6]
    scores = np.array([1 - np.add(drink, fall), drink, fall]).T
    np.testing.assert_allclose(proposals_from_scores(scores), [(1, 0, 1, 0.5), (1, 2, 4, 0.2), (2, 3, 5, 0.5)])


@pytest.mark.parametrize('scores', [np.zeros((0, 3)), np.eye(3)[np.zeros(8, int)]])
def test_no_frames_or_nothing_but_background(scores):
    assert proposals_from_scores(scores).shape == (0, 4)
    assert proposals_from_scores(scores, smooth=3, nms=0.5).shape == (0, 4)


def test_a_run_over_the_whole_video():
    np.testing.assert_allclose(proposals_from_scores(np.full((7, 3), 1 / 3)), [(1, 0, 7, 1 / 3), (2, 0, 7, 1 / 3)])


def test_several_thresholds_give_all_their_proposals_each_once():
    scores = random_scores(1)
    both = proposals_from_scores(scores, thresholds=[0.02, 0.3])
    apart = [proposals_from_scores(scores, thresholds=[threshold]) for threshold in (0.02, 0.3)]
    expected = {tuple(row[:3]) for rows in apart for row in rows}
    assert len(both) == len(expected) < sum(map(len, apart))
    assert {tuple(row[:3]) for row in both} == expected


def test_short_proposals_are_dropped():
    scores = random_scores(2)
    every = proposals_from_scores(scores)
    lengths = every[:, 2] - every[:, 1]
    np.testing.assert_array_equal(proposals_from_scores(scores, min_length=3), every[lengths >= 3])
    assert 0 < (lengths >= 3).sum() < len(every)


def test_smoothing_is_a_moving_average():
    scores = np.zeros((9, 2))
    scores[4, 1] = 0.9
    np.testing.assert_allclose(proposals_from_scores(scores, smooth=3), [(1, 3, 6, 0.3)])


def test_smoothing_closes_gaps():
    scores = np.zeros((9, 2))
    scores[2:7, 1] = 0.6, 0.6, 0, 0.6, 0.6
    assert len(proposals_from_scores(scores)) == 2
    assert len(proposals_from_scores(scores, smooth=3)) == 1


CROWD = np.array([(1, 0, 10, 0.9), (1, 1, 10, 0.8), (1, 8, 20, 0.7), (2, 0, 10, 0.6)])


def test_nms_drops_what_overlaps_a_higher_one_of_its_label():
    kept = suppress(CROWD, lambda amount: amount <= 0.5)
    np.testing.assert_array_equal(kept, CROWD[[0, 2, 3]])
    np.testing.assert_array_equal(suppress(CROWD, lambda amount: amount <= 0.9), CROWD)


def test_soft_nms_lowers_scores_and_drops_nothing():
    lowered = suppress(CROWD, lambda amount: np.exp(-np.square(amount) / 0.5))
    np.testing.assert_array_equal(lowered[:, :3], CROWD[:, :3])
    first = 0.8 * np.exp(-(0.9**2) / 0.5)
    third = 0.7 * np.exp(-(0.1**2) / 0.5)
    np.testing.assert_allclose(lowered[:, 3], [0.9, first * np.exp(-((2 / 19) ** 2) / 0.5), third, 0.6])


def test_nms_over_several_thresholds_leaves_no_overlap():
    scores = random_scores(3, frames=200)
    kept = proposals_from_scores(scores, thresholds=[0.02, 0.1, 0.3], nms=0.0)
    for label in range(1, 5):
        rows = kept[kept[:, 0] == label]
        assert (rows[1:, 1] >= rows[:-1, 2]).all()
    every = proposals_from_scores(scores, thresholds=[0.02, 0.1, 0.3])
    assert kept[:, 3].max() == every[:, 3].max()


@pytest.mark.parametrize(
    'options, message',
    [
        (dict(thresholds=[]), 'thresholds must be a list'),
        (dict(thresholds=0.5), 'thresholds must be a list'),
        (dict(thresholds=[1.5]), 'thresholds must be a list'),
        (dict(smooth=0), 'smooth must be a whole number of frames'),
        (dict(min_length=1.5), 'min_length must be a whole number of frames'),
        (dict(nms=0.5, soft_nms=0.5), 'not both'),
        (dict(nms=1.0), 'nms must be an overlap'),
        (dict(soft_nms=0), 'soft_nms must be above 0'),
    ],
)
def test_wrong_options_are_named(options, message):
    with pytest.raises(ValueError, match=message):
        proposals_from_scores(random_scores(0), **options)


@pytest.mark.parametrize(
    'scores, message',
    [
        (np.array([[2.0, -1.0]]), 'range from -1 to 2: apply a softmax'),
        (np.array([[0.5, np.nan]]), 'range from nan'),
        (np.ones((3, 1)), r'\(frames, classes\)'),
        (np.ones(3), r'\(frames, classes\)'),
    ],
)
def test_wrong_scores_are_named(scores, message):
    with pytest.raises(ValueError, match=message):
        proposals_from_scores(scores)


def test_tracks_come_back_from_their_file(tmp_path):
    scores = {f'a video/{number}': random_scores(number, frames=number).astype(np.float32) for number in (3, 1, 20)}
    save_tracks(tmp_path / 'new' / 'tracks.npz', scores.items(), ['drink', 'fall', 'wave', 'run'], 29.97)
    read = load_tracks(tmp_path / 'new' / 'tracks.npz')
    assert (read.classes, read.fps) == (['drink', 'fall', 'wave', 'run'], 29.97)
    assert set(read.scores) == set(scores)
    for video, track in scores.items():
        np.testing.assert_array_equal(read.scores[video], track)


def test_a_file_that_holds_no_tracks_is_named(tmp_path):
    (tmp_path / 'text.npz').write_text('no archive')
    np.savez(tmp_path / 'other.npz', videos=[])
    with pytest.raises(ValueError, match=r'text.npz is no .npz file'):
        load_tracks(tmp_path / 'text.npz')
    with pytest.raises(ValueError, match=r'There is no file of score tracks .*missing.npz'):
        load_tracks(tmp_path / 'missing.npz')
    with pytest.raises(ValueError, match=r'other.npz .* lacks classes, fps'):
        load_tracks(tmp_path / 'other.npz')
    with pytest.raises(ValueError, match='No video was scored'):
        save_tracks(tmp_path / 'none.npz', [], [], 30)
    assert not (tmp_path / 'none.npz').exists()


def value_of(path, scores, cost, boundaries):
    """The logarithm of the probability of a sequence of labels, less the cost of its changes."""
    value = np.log(scores[np.arange(len(path)), path] + 1e-6).sum()
    for t in range(1, len(path)):
        if path[t] != path[t - 1]:
            if boundaries is None:
                value -= cost
                continue
            value += cost * np.log(boundaries[t, 0] + 1e-6) if path[t] else 0
            value += cost * np.log(boundaries[t - 1, 1] + 1e-6) if path[t - 1] else 0
    return value


@pytest.mark.parametrize('seed', range(12))
@pytest.mark.parametrize('with_boundaries', [False, True])
def test_the_best_labels_are_the_best_of_all_sequences(seed, with_boundaries):
    rng = np.random.default_rng(seed)
    scores, cost = random_scores(seed, 6, 3), rng.uniform(0.1, 2)
    boundaries = rng.uniform(size=(6, 2)) if with_boundaries else None
    best = max(value_of(np.array(path), scores, cost, boundaries) for path in product(range(3), repeat=6))
    found = value_of(best_labels(scores, cost, boundaries), scores, cost, boundaries)
    # The first frame may begin with any label at no cost.
    assert found == pytest.approx(best)


def test_without_a_cost_the_best_label_of_each_frame():
    scores = random_scores(3)
    assert (best_labels(scores, 0) == scores.argmax(1)).all()
    assert len(np.unique(best_labels(scores, 1e3))) == 1


def test_proposals_of_the_best_labels():
    drink = [0.9, 0.9, 0.4, 0.9, 0.1, 0.1]
    scores = np.array([1 - np.array(drink), drink]).T
    np.testing.assert_allclose(proposals_from_scores(scores, change_cost=0), [(1, 0, 2, 0.9), (1, 3, 4, 0.9)])
    np.testing.assert_allclose(proposals_from_scores(scores, change_cost=1), [(1, 0, 4, 0.775)])


def test_boundaries_rescore_proposals_and_draw_their_ends():
    scores = np.array([[0.9, 0.1], [0.45, 0.55], [0.1, 0.9], [0.1, 0.9], [0.45, 0.55], [0.9, 0.1]])
    boundaries = np.full((6, 2), 0.01)
    boundaries[2, 0], boundaries[3, 1] = 0.8, 0.5
    ((label, start, end, score),) = proposals_from_scores(scores, thresholds=[0.5], boundaries=boundaries)
    assert (label, start, end) == (1, 1, 5)
    assert score == pytest.approx(0.725**0.9 * (0.01 * 0.01) ** 0.1)
    found = proposals_from_scores(scores, change_cost=1, boundaries=boundaries)
    np.testing.assert_allclose(found, [(1, 2, 4, 0.9**0.9 * 0.4**0.1)])


@pytest.mark.parametrize('cost', [-1, float('nan')])
def test_a_cost_that_is_none(cost):
    with pytest.raises(ValueError, match='change_cost must be 0 or more'):
        proposals_from_scores(random_scores(0), change_cost=cost)
