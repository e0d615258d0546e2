"""ActivityNet's files come back as they went, and a wrong one is named with its field."""

import json

import numpy as np
import pytest

from usdrl_mmaction.evaluation.functional import read_ground_truth, read_results, write_ground_truth, write_results

CLASSES = ['drink', 'fall', 'wave']


@pytest.mark.parametrize('fps', [30, 25, 29.97])
def test_ground_truth_comes_back(tmp_path, fps):
    rng = np.random.default_rng(0)
    start = rng.integers(0, 5000, 200)
    truth = {'a': np.stack([rng.integers(1, 4, 200), start, start + rng.integers(1, 300, 200)], axis=1), 'empty': []}
    path = tmp_path / 'new' / 'truth.json'
    write_ground_truth(path, truth, CLASSES, fps, {'a': 6000, 'empty': 30})
    assert read_ground_truth(path, CLASSES, fps) == {'a': [tuple(row) for row in truth['a'].tolist()], 'empty': []}


def test_results_come_back(tmp_path):
    rng = np.random.default_rng(0)
    start = rng.integers(0, 5000, 200)
    found = np.stack([rng.integers(1, 4, 200), start, start + rng.integers(1, 300, 200), rng.random(200)], axis=1)
    write_results(tmp_path / 'results.json', {'a': found, 'empty': []}, CLASSES, 30)
    read = read_results(tmp_path / 'results.json', CLASSES, 30)
    assert read == {'a': [tuple(row) for row in found.tolist()], 'empty': []}


def test_the_files_are_activitynets(tmp_path):
    write_ground_truth(tmp_path / 't.json', {'a': [(2, 15, 45)]}, CLASSES, 30, {'a': 90})
    assert json.loads((tmp_path / 't.json').read_text())['database'] == {
        'a': {'subset': 'validation', 'duration': 3.0, 'annotations': [{'label': 'fall', 'segment': [0.5, 1.5]}]}
    }
    write_results(tmp_path / 'r.json', {'a': [(3, 15, 45, 0.25)]}, CLASSES, 30)
    assert json.loads((tmp_path / 'r.json').read_text()) == {
        'version': 'VERSION 1.3',
        'results': {'a': [{'label': 'wave', 'segment': [0.5, 1.5], 'score': 0.25}]},
        'external_data': {},
    }


def test_one_subset_is_read_on_request(tmp_path):
    database = {name: {'subset': name, 'annotations': []} for name in ('training', 'validation')}
    path = tmp_path / 'truth.json'
    path.write_text(json.dumps({'database': database}))
    assert list(read_ground_truth(path, CLASSES, 30)) == ['training', 'validation']
    assert list(read_ground_truth(path, CLASSES, 30, subset='validation')) == ['validation']
    with pytest.raises(ValueError, match=r"truth.json has no video of subset 'test'"):
        read_ground_truth(path, CLASSES, 30, subset='test')


GOOD = {'label': 'fall', 'segment': [1, 2], 'score': 0.5}


@pytest.mark.parametrize(
    'content, field',
    [
        ('{"results": ', 'is not JSON'),
        ('[]', "the top level must be an object with 'results', found"),
        ('{}', 'results must be an object of videos, found nothing'),
        ({'a': {}}, r"results\['a'\] must be a list, found {}"),
        ({'a': [GOOD, 3]}, r"results\['a'\]\[1\] must be an object, found 3"),
        ({'a': [GOOD | {'label': 'fly'}]}, r"results\['a'\]\[0\].label must be one of the 3 class names, found 'fly'"),
        ({'a': [GOOD | {'label': [1]}]}, r"results\['a'\]\[0\].label must be"),
        ({'a': [GOOD | {'segment': [2, 1]}]}, r"results\['a'\]\[0\].segment must be \[start, end\] in seconds"),
        ({'a': [GOOD | {'segment': [2]}]}, r'segment must be'),
        ({'a': [GOOD | {'segment': [1, float('nan')]}]}, r'segment must be'),
        ({'a': [GOOD | {'segment': ['1', '2']}]}, r'segment must be'),
        ({'a': [{'label': 'fall', 'segment': [1, 2]}]}, r"results\['a'\]\[0\].score must be a number, found nothing"),
        ({'a': [GOOD | {'score': 'high'}]}, r"score must be a number, found 'high'"),
    ],
)
def test_wrong_results_are_named_with_their_field(tmp_path, content, field):
    path = tmp_path / 'results.json'
    path.write_text(content if isinstance(content, str) else json.dumps({'results': content}))
    with pytest.raises(ValueError, match=f'results.json.*{field}'):
        read_results(path, CLASSES, 30)


@pytest.mark.parametrize(
    'info, field',
    [
        (3, r"database\['a'\] must be an object, found 3"),
        ({'subset': 'test'}, r"database\['a'\].annotations must be a list, found nothing"),
        ({'annotations': [{'segment': [1, 2]}]}, r"database\['a'\].annotations\[0\].label must be one of"),
    ],
)
def test_wrong_ground_truth_is_named_with_its_field(tmp_path, info, field):
    path = tmp_path / 'truth.json'
    path.write_text(json.dumps({'database': {'a': info}}))
    with pytest.raises(ValueError, match=f'truth.json: {field}'):
        read_ground_truth(path, CLASSES, 30)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(ValueError, match=r'There is no file .*nowhere.json'):
        read_results(tmp_path / 'nowhere.json', CLASSES, 30)
