"""The matrix counts clips; average precision agrees with its definition."""

import numpy as np
import pytest

from usdrl_mmaction.evaluation.predictions import Predictions
from usdrl_mmaction.reports.classification import (
    average_precisions,
    confusion,
    confusion_matrix,
    draw_confusions,
    most_frequent,
)
from usdrl_mmaction.reports.clips import Clips


def predictions(labels, predicted, classes=3) -> Predictions:
    scores = np.full((len(labels), classes), 0.1)
    scores[np.arange(len(labels)), predicted] = np.linspace(0.5, 0.9, len(labels))
    return Predictions([f'clip{row}' for row in range(len(labels))], np.array(labels), scores)


def plain_average_precision(scores, truth) -> float:
    """The mean, over the clips of a class, of the share that is right among all clips that score as high or higher."""
    return float(np.mean([truth[scores >= score].mean() for score in scores[truth]]))


def test_the_matrix_counts_each_clip_once():
    matrix = confusion_matrix(predictions([0, 0, 1, 2, 2], [0, 1, 1, 0, 2]))
    assert matrix.tolist() == [[1, 1, 0], [0, 1, 0], [1, 0, 1]]


def test_the_text_says_how_many_are_correct():
    part = confusion(predictions([0, 0, 1, 2, 2], [0, 1, 1, 0, 2]), ['a', 'b', 'c'], 'predictions.pkl')
    assert '3 of 5 clips in predictions.pkl are classified correctly (60.0%)' in part.text


def test_average_precision_is_that_of_its_definition_lowest_class_first():
    rng = np.random.default_rng(0)
    labels = rng.integers(0, 4, 200)
    scores = rng.normal(size=(200, 5)).round(1)  # with ties; nobody is of class 4
    part = average_precisions(Predictions([''] * 200, labels, scores), ['a', 'b'], 'file')
    expected = {label: plain_average_precision(scores[:, label], labels == label) for label in range(4)}
    assert [bar.value for bar in part.bars] == pytest.approx(sorted(expected.values()))
    assert {bar.name: bar.value for bar in part.bars} == pytest.approx(
        {'0 a': expected[0], '1 b': expected[1], '2': expected[2], '3': expected[3]}
    )
    assert {bar.name: bar.note for bar in part.bars}['2'] == f'{(labels == 2).sum()} clips'
    assert f'{np.mean(list(expected.values())):.4f}' in part.text


def test_the_most_frequent_confusions_come_first_and_correct_clips_are_excluded():
    wrong = predictions([0, 0, 0, 1, 1, 2, 2], [1, 1, 0, 2, 1, 2, 2])
    assert list(most_frequent(wrong)) == [(0, 1, 2), (1, 2, 1)]
    assert list(most_frequent(predictions([0, 1, 2], [0, 1, 2]))) == []


def test_film_strips_show_the_most_confident_error_and_a_correct_clip():
    rng = np.random.default_rng(0)
    items = [dict(frame_dir=f'clip{row}', label=0, keypoint=rng.normal(size=(1, 9, 17, 2))) for row in (0, 1, 2)]
    wrong = predictions([0, 0, 1], [1, 1, 1])
    titles = [picture.title for picture in draw_confusions(wrong, Clips(items, ['sit', 'stand'], 'coco')).pictures]
    assert titles == ['sit classified as stand (2×): clip1', 'stand, classified correctly: clip2']
    assert draw_confusions(wrong, Clips([dict(items[0], frame_dir='other')], [], None)) is None
