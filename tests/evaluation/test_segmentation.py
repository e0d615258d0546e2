"""Segmentation scores equal the published evaluation's and the protocol read aloud."""

import json

import numpy as np
import pytest
from evaluation.protocols import levenshtein, segmentation

from usdrl_mmaction.evaluation import evaluate_segmentation
from usdrl_mmaction.evaluation.functional.segmentation import edit_score


def random_videos(seed, background_only=0.0):
    """Short tracks of few labels, where single frames, ties and videos of background alone abound."""
    rng = np.random.default_rng(seed)
    lengths = rng.integers(1, 25, size=rng.integers(1, 6))

    def track(frames):
        labels = np.repeat(rng.integers(0, 4, 6), rng.integers(1, 8, 6))
        return np.resize(labels, frames) * (rng.random() >= background_only)

    return [track(frames) for frames in lengths], [track(frames) for frames in lengths]


@pytest.mark.parametrize('case', ['a', 'b'])
def test_equals_the_published_evaluation(golden, case):
    data = json.loads((golden / f'segmentation_case_{case}.json').read_text())
    ours = evaluate_segmentation(data['ground_truth'], data['predictions'], data['background'])
    assert ours == pytest.approx(data['expected'], abs=1e-10)


@pytest.mark.parametrize('seed', range(60))
@pytest.mark.parametrize('background', [0, 2])
def test_equals_the_protocol_read_aloud(seed, background):
    videos = random_videos(seed, background_only=0.3 if seed % 3 else 1)
    ours = evaluate_segmentation(*videos, background)
    assert ours == pytest.approx(segmentation(*videos, background), abs=1e-9)


@pytest.mark.parametrize('seed', range(30))
def test_edit_score_is_levenshteins(seed):
    rng = np.random.default_rng(seed)
    one, other = (rng.integers(0, 3, size=rng.integers(0, 7)) for _ in range(2))
    longer = max(len(one), len(other), 1)
    assert edit_score(one, other) == pytest.approx(100 * (1 - levenshtein(one.tolist(), other.tolist()) / longer))


def test_the_truth_itself_scores_100():
    track = np.repeat([0, 1, 2, 0, 3], 10)
    assert evaluate_segmentation([track], [track]) == pytest.approx(
        {'acc': 100, 'edit': 100, 'f1@10': 100, 'f1@25': 100, 'f1@50': 100}, abs=1e-5
    )


@pytest.mark.parametrize('truth, found, score', [([0, 0], [0, 0], 100), ([0, 0], [1, 1], 0), ([1, 1], [0, 0], 0)])
def test_only_background_on_one_side_or_both(truth, found, score):
    expected = {'acc': score, 'edit': score, 'f1@10': score, 'f1@25': score, 'f1@50': score}
    assert evaluate_segmentation([truth], [found]) == expected


def test_over_segmentation_costs_edit_and_f1_but_not_accuracy():
    truth = np.repeat([1, 2], 50)
    found = truth.copy()
    found[20], found[70] = 2, 1
    scores = evaluate_segmentation([truth], [found])
    assert scores['acc'] == 98
    assert scores['edit'] == pytest.approx(100 / 3)  # 6 segments for 2
    assert scores['f1@10'] == pytest.approx(50, abs=1e-5)  # 2 of 6 right, 2 of 2 found


@pytest.mark.parametrize(
    'truth, found, message',
    [
        ([], [], 'at least one video'),
        ([[1, 2]], [], '1 ground truths and 0 predictions'),
        ([[1, 2], [1]], [[1, 2], [1, 1]], 'Video 1 has 1 frames of ground truth but 2 of prediction'),
        ([[]], [[]], 'The ground truth of video 0 must be an integer label a frame'),
        ([[1, 2]], [[0.1, 0.9]], r'The prediction of video 0 .* found float64 of shape \(2,\)'),
        ([[1]], [[[1, 2]]], 'The prediction of video 0'),
    ],
)
def test_wrong_input_is_named(truth, found, message):
    with pytest.raises(ValueError, match=message):
        evaluate_segmentation(truth, found)
