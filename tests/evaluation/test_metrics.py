"""The metrics hand whole videos and clips to the protocols, whatever order or batches these come in."""

import json

import numpy as np
import pytest
import torch
from mmaction.registry import METRICS
from mmengine.evaluator import Evaluator
from mmengine.hooks import CheckpointHook
from mmengine.structures import BaseDataElement

from usdrl_mmaction.datasets.segments import frame_labels
from usdrl_mmaction.evaluation import (
    activitynet_report,
    early_prediction_curve,
    evaluate_segmentation,
    pku_report,
    proposals_from_scores,
)
from usdrl_mmaction.evaluation.functional import load_tracks, read_ground_truth, read_results
from usdrl_mmaction.evaluation.metrics.detection_metric import class_table

META = dict(classes=['drink', 'fall', 'wave'], fps=25)


def make_video(number):
    """60 frames of 3 actions, scored roughly right, at times wrong."""
    generator = torch.Generator().manual_seed(number)
    labels = torch.randint(0, 4, (6,), generator=generator).repeat_interleave(10)
    seen = torch.where(
        torch.rand(60, generator=generator) < 0.15, torch.randint(0, 4, (60,), generator=generator), labels
    )
    scores = (2 * torch.eye(4)[seen] + torch.randn(60, 4, generator=generator)).softmax(1)
    starts = [t for t in range(60) if t == 0 or labels[t] != labels[t - 1]]
    runs = zip(starts, [*starts[1:], 60], strict=True)
    segments = [(int(labels[start]), start, end) for start, end in runs if labels[start]]
    return dict(video=f'video{number}', scores=scores, segments=np.array(segments, int).reshape(-1, 3))


VIDEOS = [make_video(number) for number in range(12)]


def run(config, samples, meta=META, batch=5):
    evaluator = Evaluator(METRICS.build(config))
    evaluator.dataset_meta = meta
    for start in range(0, len(samples), batch):
        evaluator.process(data_samples=samples[start : start + batch])
    return evaluator.evaluate(size=len(samples))


@pytest.mark.parametrize('mode, report', [('pku', pku_report), ('activitynet', activitynet_report)])
def test_detection_is_the_report_of_the_proposals(mode, report):
    options = dict(thresholds=[0.1, 0.4], min_length=2)
    truth = {video['video']: video['segments'] for video in VIDEOS}
    found = {video['video']: proposals_from_scores(video['scores'], **options) for video in VIDEOS}
    expected = report(truth, found, 3, thetas=(0.3, 0.5))
    del expected['per_class']
    config = dict(type='DetectionMetric', num_classes=3, mode=mode, thetas=(0.3, 0.5), proposals=options)
    assert run(config, VIDEOS) == {f'detection/{name}': value for name, value in expected.items()}


def test_half_precision_scores_and_data_elements_are_taken():
    samples = [BaseDataElement(**{**video, 'scores': video['scores'].bfloat16()}) for video in VIDEOS]
    metrics = run(dict(type='DetectionMetric', num_classes=3), samples)
    assert metrics['detection/mAP_action@0.5'] > 0.1


def test_order_batches_and_padding_change_neither_numbers_nor_files(tmp_path):
    def config(folder):
        return dict(type='DetectionMetric', num_classes=3, outfile_prefix=str(tmp_path / folder / 'test'))

    shuffled = [VIDEOS[number] for number in np.random.default_rng(0).permutation(12)]
    assert run(config('one'), VIDEOS) == run(config('two'), [*shuffled, *shuffled[:3]], batch=2)
    for name in ('test_results.json', 'test_ground_truth.json', 'test_tracks.npz'):
        assert (tmp_path / 'one' / name).read_bytes() == (tmp_path / 'two' / name).read_bytes()


def test_what_is_written_gives_the_same_numbers(tmp_path):
    config = dict(type='DetectionMetric', num_classes=3, outfile_prefix=str(tmp_path / 'test'))
    metrics = run(config, VIDEOS)
    truth = read_ground_truth(tmp_path / 'test_ground_truth.json', META['classes'], META['fps'])
    found = read_results(tmp_path / 'test_results.json', META['classes'], META['fps'])
    tracks = load_tracks(tmp_path / 'test_tracks.npz')
    assert (tracks.classes, tracks.fps) == (META['classes'], META['fps'])
    again = {video: proposals_from_scores(scores) for video, scores in tracks.scores.items()}
    for proposals in (found, again):
        report = pku_report(truth, proposals, 3)
        del report['per_class']
        assert metrics == {f'detection/{name}': value for name, value in report.items()}
    info = json.loads((tmp_path / 'test_ground_truth.json').read_text())['database']['video0']
    assert info['duration'] == 60 / META['fps']


def test_the_table_of_the_log_has_a_row_a_class_and_a_column_a_threshold():
    table = class_table({0.1: np.array([0.5, np.nan]), 0.75: np.array([0.25, 0.12345])}, ['drink', 'fall'])
    assert [line.split() for line in table.splitlines()] == [
        ['AP', '@0.1', '@0.75'],
        ['drink', '0.500', '0.250'],
        ['fall', 'nan', '0.123'],
    ]
    assert len({len(line) for line in table.splitlines()}) == 1


@pytest.mark.parametrize(
    'options, message',
    [
        (dict(mode='thumos'), "mode must be one of pku, activitynet, both, not 'thumos'"),
        (dict(proposals=dict(threshold=0.1)), 'threshold'),
        (dict(proposals=dict(min_length=0)), 'min_length'),
        (dict(thetas=[0, 0.5]), 'above 0'),
    ],
)
def test_wrong_options_show_before_the_first_video(options, message):
    with pytest.raises((TypeError, ValueError), match=message):
        METRICS.build(dict(type='DetectionMetric', num_classes=3, **options))


def test_a_wrong_number_of_classes_is_named():
    with pytest.raises(ValueError, match=r'video0.*\(60, 4\).*expected \(frames, 6\).*num_classes'):
        run(dict(type='DetectionMetric', num_classes=5), VIDEOS)
    with pytest.raises(ValueError, match='names 2 classes, the metric has 3'):
        run(dict(type='DetectionMetric', num_classes=3), VIDEOS, meta=dict(classes=['drink', 'fall']))


def test_segmentation_is_the_evaluation_of_the_best_class_a_frame():
    expected = evaluate_segmentation(
        [frame_labels(video['segments'], 60) for video in VIDEOS], [video['scores'].argmax(1) for video in VIDEOS]
    )
    metrics = run(dict(type='SegmentationMetric'), [*VIDEOS[::-1], VIDEOS[0]])
    assert metrics == pytest.approx({f'segmentation/{name}': value for name, value in expected.items()}, abs=1e-9)


def test_smoothed_scores_do_not_flicker():
    scores = torch.eye(3)[[0, 1, 1, 1, 2, 1, 1, 0, 0, 0]]
    video = dict(video='flickers', scores=scores, segments=np.array([(1, 1, 7)]))
    rough, smooth = (run(dict(type='SegmentationMetric', smooth=frames), [video]) for frames in (1, 3))
    assert rough['segmentation/edit'] == pytest.approx(100 / 3) and rough['segmentation/acc'] == 90
    assert smooth['segmentation/edit'] == 100 and smooth['segmentation/acc'] == 100
    with pytest.raises(ValueError, match='smooth must be a whole number of frames'):
        METRICS.build(dict(type='SegmentationMetric', smooth=0))


def test_early_prediction_is_the_curve():
    generator = torch.Generator().manual_seed(0)
    scores, labels = torch.randn(20, 10, 3, generator=generator), torch.arange(20) % 3
    samples = [dict(scores_by_ratio=score, gt_label=label[None]) for score, label in zip(scores, labels, strict=True)]
    metrics = run(dict(type='EarlyPredictionMetric'), samples)
    curve = early_prediction_curve(scores, labels)
    assert metrics.pop('early/auc') == curve['auc']
    assert list(metrics) == [f'early/acc@{ratio}' for ratio in (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1)]
    np.testing.assert_array_equal(list(metrics.values()), curve['accuracy'])


@pytest.mark.parametrize('kind', ['SegmentationMetric', 'EarlyPredictionMetric'])
def test_no_results_are_an_error_that_says_so(kind):
    with pytest.raises(ValueError, match='at least one'):
        run(dict(type=kind), [])


def test_the_main_numbers_are_known_to_be_better_when_greater():
    names = ['detection/mAP_action@0.5', 'detection/average_mAP', 'segmentation/acc', 'early/auc']
    assert CheckpointHook(save_best=names).rules == ['greater'] * 4
