"""PKU-MMD's protocol in arrays equals the protocol read aloud, and the official script's numbers."""

import json

import numpy as np
import pytest
from evaluation.protocols import pku, random_case

from usdrl_mmaction.evaluation import evaluate_detection, pku_report

NAMES = ('f1', 'ap', 'mAP_action', 'mAP_video')


@pytest.mark.parametrize('case', ['a', 'b'])
def test_equals_the_official_script(golden, case):
    data = json.loads((golden / f'detection_case_{case}.json').read_text())
    report = pku_report(data['ground_truth'], data['proposals'], data['num_classes'])
    for expected in data['expected']:
        theta = expected.pop('theta')
        ours = evaluate_detection(data['ground_truth'], data['proposals'], data['num_classes'], theta)
        assert ours == pytest.approx(expected, abs=1e-12)
        assert ours == {name: report[f'{name}@{theta:g}'] for name in NAMES}


@pytest.mark.parametrize('seed', range(60))
def test_equals_the_protocol_read_aloud(seed):
    case = random_case(seed, num_classes=1 + seed % 4)
    for theta in (0.1, 0.5, 1.0):
        ours = evaluate_detection(*case, num_classes=1 + seed % 4, theta=theta)
        assert ours == pytest.approx(pku(*case, 1 + seed % 4, theta), abs=1e-12)


def test_the_report_is_made_of_single_evaluations():
    case = random_case(7)
    report = pku_report(*case, num_classes=3, thetas=(0.25, 0.5))
    for theta in (0.25, 0.5):
        single = evaluate_detection(*case, num_classes=3, theta=theta)
        assert single == {name: report[f'{name}@{theta:g}'] for name in NAMES}
        assert report['per_class'][theta].mean() == pytest.approx(single['mAP_action'])
    grid = [evaluate_detection(*case, num_classes=3, theta=step / 20)['mAP_action'] for step in range(1, 21)]
    assert report['2DAP'] == pytest.approx(np.mean(grid), abs=1e-12)
    assert set(report) == {f'{name}@{theta}' for name in NAMES for theta in (0.25, 0.5)} | {'2DAP', 'per_class'}


def test_what_was_found_exactly_scores_one():
    ground_truth = {'a': [(1, 0, 10), (2, 20, 30)], 'b': [(2, 5, 9), (1, 40, 60)]}
    proposals = {video: [(*segment, 0.5) for segment in rows] for video, rows in ground_truth.items()}
    assert evaluate_detection(ground_truth, proposals, 2, theta=1.0) == dict.fromkeys(NAMES, 1.0)
    assert pku_report(ground_truth, proposals, 2)['2DAP'] == 1.0


def test_a_ground_truth_counts_once_however_many_proposals_match_it():
    duplicates = {'a': [(1, 0, 10, 0.9), (1, 0, 10, 0.8), (1, 0, 9, 0.7)]}
    found = evaluate_detection({'a': [(1, 0, 10)]}, duplicates, 1)
    assert found == pytest.approx(dict(f1=0.5, ap=1.0, mAP_action=1.0, mAP_video=1.0))  # P = 1/3, R = 1


@pytest.mark.parametrize('seed', range(5))
def test_the_order_of_videos_does_not_matter_even_with_ties(seed):
    case = random_case(seed)
    turned = [dict(reversed(side.items())) for side in case]
    assert evaluate_detection(*case, num_classes=3) == evaluate_detection(*turned, num_classes=3)


def test_arrays_and_lists_are_the_same():
    case = random_case(3)
    arrays = [{video: np.array(rows) for video, rows in side.items()} for side in case]
    assert evaluate_detection(*case, num_classes=3) == evaluate_detection(*arrays, num_classes=3)


@pytest.mark.parametrize(
    'ground_truth, proposals',
    [({}, {}), ({'a': []}, {'a': []}), ({'a': [(1, 0, 5)]}, {}), ({}, {'a': [(1, 0, 5, 0.5)]})],
)
def test_nothing_to_find_or_nothing_found_is_zero(ground_truth, proposals):
    assert evaluate_detection(ground_truth, proposals, 2) == dict.fromkeys(NAMES, 0.0)
    report = pku_report(ground_truth, proposals, 2)
    assert report.pop('per_class')[0.5].tolist() == [0, 0]
    assert set(report.values()) == {0.0}


def test_classes_and_videos_without_ground_truth_or_proposals_count_zero():
    ground_truth = {'a': [(1, 0, 10)], 'missed': [(2, 0, 10)]}
    proposals = {'a': [(1, 0, 10, 0.9)], 'made up': [(3, 0, 10, 0.1)]}
    found = evaluate_detection(ground_truth, proposals, 4)
    assert found['mAP_action'] == 1 / 4 and found['mAP_video'] == 1 / 3


@pytest.mark.parametrize(
    'segment, message',
    [
        ((0, 1, 2, 0.5), 'Segment 1 in the proposals of a has a label that is not one of 1 … 3: .0.0, 1.0, 2.0, 0.5.'),
        ((4, 1, 2, 0.5), 'not one of 1 … 3'),
        ((1.5, 1, 2, 0.5), 'not one of 1 … 3'),
        ((1, 5, 2, 0.5), 'ends before it starts'),
        ((1, 1, 2, float('nan')), 'not finite'),
        ((1, 1, 2), r'The proposals of a are not rows of \(label, start, end, score\)'),
    ],
)
def test_a_wrong_segment_is_named(segment, message):
    with pytest.raises(ValueError, match=message):
        evaluate_detection({'a': [(1, 0, 5)]}, {'a': [(1, 0, 5, 0.5), segment]}, 3)


@pytest.mark.parametrize('theta', [0, -0.5, 1.5, float('nan')])
def test_thresholds_are_checked(theta):
    with pytest.raises(ValueError, match='above 0 and up to 1'):
        evaluate_detection({}, {}, 3, theta=theta)
