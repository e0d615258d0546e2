"""ActivityNet's protocol equals the protocol read aloud, and MMAction2's where scores and overlaps never tie."""

import numpy as np
import pytest
from evaluation.protocols import activitynet, random_case
from mmaction.evaluation.functional.eval_detection import compute_average_precision_detection

from usdrl_mmaction.evaluation import activitynet_report, evaluate_detection

THETAS = (0.1, 0.3, 0.5, 0.7)


@pytest.mark.parametrize('seed', range(60))
def test_equals_the_protocol_read_aloud(seed):
    num_classes = 1 + seed % 4
    case = random_case(seed, num_classes)
    report = activitynet_report(*case, num_classes)
    means = []
    for theta in THETAS:
        expected = activitynet(*case, num_classes, theta)
        np.testing.assert_allclose(report['per_class'][theta], np.array(expected, dtype=float), atol=1e-12)
        known = [ap for ap in expected if ap is not None]
        means.append(sum(known) / len(known) if known else 0)
        assert report[f'mAP@{theta}'] == pytest.approx(means[-1], abs=1e-12)
    assert report['average_mAP'] == pytest.approx(np.mean(means), abs=1e-12)


@pytest.mark.parametrize('seed', range(5))
def test_equals_mmaction2(seed):
    rng = np.random.default_rng(seed)
    truth, found = {}, {}
    for video in 'abcdef':
        start = rng.uniform(0, 100, 8)
        truth[video] = np.stack([rng.integers(1, 4, 8), start, start + rng.uniform(5, 40, 8)], axis=1)
        near = truth[video][rng.integers(0, 8, 30)] + rng.normal(0, 4, (30, 3)) * (0, 1, 1)
        near[:, 2] = np.maximum(near[:, 1], near[:, 2])
        found[video] = np.column_stack([near, rng.random(30)])

    def of_class(side, label):
        fields = ('label', 't-start', 't-end', 'score')
        rows = [(video, row) for video, rows in side.items() for row in rows if row[0] == label]
        return [{'video-id': video, **dict(zip(fields, row, strict=False))} for video, row in rows]

    report = activitynet_report(truth, found, 3)
    for label in (1, 2, 3):
        expected = compute_average_precision_detection(of_class(truth, label), of_class(found, label), THETAS)
        ours = [report['per_class'][theta][label - 1] for theta in THETAS]
        np.testing.assert_allclose(ours, expected, atol=1e-9)
        assert 0 < ours[0] < 1


def test_a_duplicate_takes_the_next_ground_truth_or_counts_as_wrong():
    truth = {'a': [(1, 0, 10), (1, 4, 14)]}
    twice = [(1, 0, 10, 0.9), (1, 0, 10, 0.8)]
    assert activitynet_report(truth, {'a': twice}, 1, thetas=[0.4])['mAP@0.4'] == 1  # 6 / 14 with the second
    assert activitynet_report(truth, {'a': twice}, 1, thetas=[0.5])['mAP@0.5'] == 0.5
    # where PKU-MMD's protocol lets both match the first
    assert evaluate_detection(truth, {'a': twice}, 1, theta=0.4)['ap'] == 0.5


def test_classes_without_ground_truth_are_left_out_of_the_mean():
    report = activitynet_report({'a': [(1, 0, 10)]}, {'a': [(1, 0, 10, 0.9), (2, 0, 10, 0.8)]}, 3)
    assert report['average_mAP'] == 1
    np.testing.assert_array_equal(report['per_class'][0.5], [1, np.nan, np.nan])


@pytest.mark.parametrize('truth, found', [({}, {}), ({'a': [(1, 0, 5)]}, {}), ({}, {'a': [(1, 0, 5, 0.5)]})])
def test_nothing_to_find_or_nothing_found_is_zero(truth, found):
    report = activitynet_report(truth, found, 2)
    del report['per_class']
    assert report == {'mAP@0.1': 0, 'mAP@0.3': 0, 'mAP@0.5': 0, 'mAP@0.7': 0, 'average_mAP': 0}


def test_thresholds_are_checked():
    with pytest.raises(ValueError, match='above 0 and up to 1'):
        activitynet_report({}, {}, 2, thetas=[])
    with pytest.raises(ValueError, match='a list of numbers'):
        activitynet_report({}, {}, 2, thetas=0.5)
