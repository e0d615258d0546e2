"""Saved tracks give the numbers of the metric, and other numbers with other options."""

import json
import re

import numpy as np
import pytest
import torch

from usdrl_mmaction.evaluation import DetectionMetric, activitynet_report, proposals_from_scores
from usdrl_mmaction.evaluation.functional import load_tracks, read_ground_truth, read_results

CLASSES = ['drink', 'fall', 'wave']


@pytest.fixture
def saved(tmp_path):
    """The files of a test on five videos, and its metrics."""
    metric, rng = DetectionMetric(3, outfile_prefix=str(tmp_path / 'test')), np.random.default_rng(0)
    metric.dataset_meta = dict(classes=CLASSES, fps=25)
    for number in range(5):
        labels = rng.integers(0, 4, 10).repeat(8)
        scores = torch.tensor(3 * np.eye(4)[labels] + rng.normal(size=(80, 4))).softmax(1)
        segments = [
            (label, start, start + 8) for label, start in zip(labels[::8], range(0, 80, 8), strict=True) if label
        ]
        metric.process(None, [dict(video=f'v{number}', scores=scores, segments=np.array(segments))])
    return tmp_path, metric.evaluate(5)


def numbers(output):
    """Those below the table of classes."""
    found = re.findall(r'^(\S+) +([\d.]+)$', output.split('proposals')[-1], re.MULTILINE)
    return {name: float(value) for name, value in found}


def test_without_options_the_numbers_are_those_of_the_test(run_command, saved, capsys):
    folder, metrics = saved
    capsys.readouterr()
    run_command('postprocess', folder / 'test_tracks.npz')
    output = numbers(capsys.readouterr().out)
    assert output == {name.removeprefix('detection/'): round(value, 4) for name, value in metrics.items()}


def test_options_reach_the_proposals_and_the_file(run_command, saved, capsys):
    folder, _ = saved
    (folder / 'test_ground_truth.json').rename(folder / 'truth.json')
    options = ['--mode', 'activitynet', '--thetas', 0.4, '--thresholds', 0.1, 0.3, '--smooth', 3, '--min-length', 2]
    files = ['--ground-truth', folder / 'truth.json', '--out', folder / 'new.json']
    capsys.readouterr()
    run_command('postprocess', folder / 'test_tracks.npz', *options, '--nms', 0.6, *files)
    scores = load_tracks(folder / 'test_tracks.npz').scores
    expected = {
        video: proposals_from_scores(track, thresholds=[0.1, 0.3], smooth=3, min_length=2, nms=0.6)
        for video, track in scores.items()
    }
    truth = read_ground_truth(folder / 'truth.json', CLASSES, 25)
    report = activitynet_report(truth, expected, 3, thetas=[0.4])
    mean = round(report['mAP@0.4'], 4)
    assert numbers(capsys.readouterr().out) == {'mAP@0.4': mean, 'average_mAP': mean}
    found = read_results(folder / 'new.json', CLASSES, 25)
    for video, rows in expected.items():
        np.testing.assert_allclose(found[video], rows)
    assert json.loads((folder / 'new.json').read_text())['version']


def test_mistakes_are_reported_in_one_line(run_command, saved):
    folder, _ = saved
    for arguments, message in (
        ([folder / 'no.npz'], 'There is no file of score tracks .*no.npz'),
        ([folder / 'test_tracks.npz', '--nms', 2], 'nms must be an overlap'),
        ([folder / 'test_tracks.npz', '--ground-truth', folder / 'no.json'], 'There is no file'),
    ):
        with pytest.raises(SystemExit, match=message) as error:
            run_command('postprocess', *arguments)
        assert '\n' not in str(error.value)


def test_tuning_finds_better_options_and_says_how_to_set_them(run_command, saved, capsys):
    folder, metrics = saved
    capsys.readouterr()
    run_command('postprocess', folder / 'test_tracks.npz', '--tune', '--mode', 'both', '--thetas', 0.5)
    output = capsys.readouterr().out
    found = numbers(output)
    assert found['f1@0.5'] > metrics['detection/f1@0.5'] + 0.1  # of every segment above 0.02
    for rule in ('PKU-MMD', 'best sequence', 'one threshold', 'several thresholds'):
        assert rule in output
    (options,) = re.findall(r'proposals=dict\((.*)\)\)', output)
    metric = DetectionMetric(3, mode='both', thetas=(0.5,), proposals=eval(f'dict({options})'))
    tracks = load_tracks(folder / 'test_tracks.npz')
    truth = read_ground_truth(folder / 'test_ground_truth.json', CLASSES, 25)
    for video, scores in tracks.scores.items():
        metric.process(None, [dict(video=video, scores=torch.from_numpy(scores), segments=truth[video])])
    assert metric.evaluate(5)['detection/f1@0.5'] == pytest.approx(found['f1@0.5'], abs=1e-4)
