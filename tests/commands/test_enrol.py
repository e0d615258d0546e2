"""A classifier is taught by recordings on the command line, and answers there."""

import json
import shutil

import numpy as np
import pytest

from usdrl_mmaction.datasets.synthetic import make_trimmed

ACTIONS = ('wave left hand', 'sit down', 'jump')


@pytest.fixture(scope='module')
def folder(tmp_path_factory):
    """Five recordings of three actions in folders of their names, three new ones of each, and noise."""
    place = tmp_path_factory.mktemp('enrol')
    data = make_trimmed(18 * 8, seed=21)
    names = data['meta']['classes']
    count = dict.fromkeys(ACTIONS, 0)
    for item in data['annotations']:
        name = names[item['label']]
        if name in count:
            path = place / ('taught' if count[name] < 5 else 'new') / name / f'{count[name]}.npy'
            path.parent.mkdir(parents=True, exist_ok=True)
            np.save(path, item['keypoint'])
            count[name] += 1
    np.save(place / 'noise.npy', np.random.default_rng(0).random((60, 25, 3)))
    return place


def answers(run_command, model, *paths, out) -> list[dict]:
    run_command('infer', *paths, '--model', model, '--layout', 'nturgb+d', '--out', out)
    return json.loads((out / 'results.json').read_text())


def test_a_folder_of_folders_is_taught_and_asked(run_command, folder, tmp_path, capsys):
    model = tmp_path / 'mine'
    run_command('enrol', folder / 'taught', '--model', model)
    assert capsys.readouterr().out.strip() == f'{model}: jump 5, sit down 5, wave left hand 5'
    new = sorted((folder / 'new').rglob('*.npy'))
    results = answers(run_command, model, *new, folder / 'noise.npy', out=tmp_path / 'out')
    right = [result['actions'][0]['name'] == path.parent.name for result, path in zip(results, new, strict=False)]
    assert sum(right) >= len(new) - 1
    assert results[-1]['unknown'] and sum(result['unknown'] for result in results[:-1]) <= len(new) / 3
    assert 'unknown' in capsys.readouterr().out
    run_command('infer', folder / 'noise.npy', '--model', model, '--layout', 'nturgb+d', '--no-unknown')
    assert 'unknown' not in capsys.readouterr().out


def test_actions_are_added_by_name(run_command, folder, tmp_path, capsys):
    model = tmp_path / 'mine'
    for name in ACTIONS[:2]:
        run_command('enrol', *sorted((folder / 'taught' / name).glob('*.npy')), '--name', name, '--model', model)
    assert capsys.readouterr().out.splitlines()[-1] == f'{model}: wave left hand 5, sit down 5'
    new = folder / 'new/sit down/5.npy'
    assert answers(run_command, model, new, out=tmp_path / 'out')[0]['actions'][0]['name'] == 'sit down'


def test_recordings_that_cannot_be_read_are_left_out_and_named_once(run_command, folder, tmp_path, capsys):
    shutil.copytree(folder / 'taught', tmp_path / 'taught')
    for number in range(3):
        np.save(tmp_path / f'taught/jump/broken{number}.npy', np.ones((5, 7, 3)))
    run_command('enrol', tmp_path / 'taught', '--model', tmp_path / 'mine')
    done = capsys.readouterr()
    assert 'jump 5, sit down 5, wave left hand 5' in done.out
    assert done.err.count('no known layout of a body has 7 joints') == 1 and '(2 more like this)' in done.err
    with pytest.raises(SystemExit, match='no known layout of a body has 7 joints'):
        run_command('enrol', *sorted((tmp_path / 'taught/jump').glob('b*')), '--name', 'x', '--model', tmp_path / 'm')


@pytest.mark.parametrize('arguments, message', [
    (['noise.npy'], 'noise.npy is no folder: give the --name of its action'),
    (['taught/jump'], 'is in no folder that could be its action: give a --name'),
    (['taught', '--model', 'new'], 'new exists and is no classifier: choose another folder with --model'),
    (['nothing', '--name', 'x', '--model', 'm'], 'There is no recording'),
])  # fmt: skip
def test_what_cannot_be_taught(run_command, folder, monkeypatch, arguments, message):
    monkeypatch.chdir(folder)
    with pytest.raises(SystemExit) as end:
        run_command('enrol', *arguments)
    assert message in str(end.value.code)
