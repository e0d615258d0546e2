"""Inference on recordings: a table and a JSON file."""

import json
import pickle
from pathlib import Path

import numpy as np
import pytest
import torch
from mmaction.registry import MODELS
from mmengine.config import Config
from mmengine.registry import init_default_scope
from raw_files import moving

from usdrl_mmaction.apis import ActionClassifier

LINEAR = Path(__file__).resolve().parent.parent.parent / 'configs/usdrl/benchmarks/linear_synthetic.py'
SIZES = ['--cfg-options', 'model.backbone.embed_dims=16', 'model.cls_head.in_channels=16']


@pytest.fixture
def model(tmp_path):
    """The flags of a config and a checkpoint."""
    init_default_scope('mmaction')
    cfg = Config.fromfile(LINEAR)
    cfg.model.backbone.embed_dims = cfg.model.cls_head.in_channels = 16
    torch.manual_seed(0)
    built = MODELS.build(cfg.model)
    meta = {'dataset_meta': {'classes': [f'action {i}' for i in range(18)]}}
    torch.save({'meta': meta, 'state_dict': built.state_dict()}, tmp_path / 'epoch_1.pth')
    return ['--model', LINEAR, '--checkpoint', tmp_path / 'epoch_1.pth', *SIZES]


@pytest.fixture
def recordings(tmp_path):
    for name, persons in (('one', 1), ('two', 2)):
        np.savez(tmp_path / f'{name}.npz', keypoint=moving(persons, frames=30))
    return [tmp_path / 'one.npz', tmp_path / 'two.npz']


def test_a_table_and_a_file(tmp_path, recordings, model, run_command, capsys, monkeypatch):
    monkeypatch.setenv('COLUMNS', '200')
    run_command('infer', *recordings, '--out', tmp_path / 'out', '--top-k', 2, '--features', *model)
    output = capsys.readouterr().out
    results = json.loads((tmp_path / 'out/results.json').read_text())
    assert [path.name for path in (tmp_path / 'out').iterdir()] == ['results.json']
    assert [result['name'] for result in results] == list(map(str, recordings))
    assert [len(result['actions']) for result in results] == [2, 2] and len(results[0]['features']) == 32
    for result in results:
        (line,) = (line for line in output.splitlines() if Path(result['name']).name in line)
        best = result['actions'][0]
        assert f'{best["name"]} {best["score"]:.0%}' in line and '30' in line and str(result['people']) in line


def test_neighbors_in_the_table(tmp_path, recordings, model, run_command, capsys, monkeypatch):
    monkeypatch.setenv('COLUMNS', '200')
    item = dict(frame_dir='known', label=4, total_frames=30, keypoint=moving(1, frames=30))
    content = dict(split=dict(train=['known']), annotations=[item])
    (tmp_path / 'gallery.pkl').write_bytes(pickle.dumps(content))
    run_command('infer', recordings[0], '--gallery', tmp_path / 'gallery.pkl', '--gallery-split', 'train', *model)
    assert 'action 4, as in known (1.000)' in capsys.readouterr().out


def test_segments_in_the_table_and_in_the_file(tmp_path, recordings, run_command, capsys, monkeypatch):
    monkeypatch.setenv('COLUMNS', '200')
    init_default_scope('mmaction')
    config = LINEAR.with_name('detect_synthetic.py')
    cfg = Config.fromfile(config)
    cfg.model.backbone.embed_dims = cfg.model.head.in_channels = 16
    built = MODELS.build(cfg.model)
    torch.nn.init.zeros_(built.head.temporal_fc.weight)
    built.head.temporal_fc.bias.data[7] = 9  # always the highest
    meta = {'dataset_meta': {'classes': [f'action {i}' for i in range(1, 19)]}}
    torch.save({'meta': meta, 'state_dict': built.state_dict()}, tmp_path / 'epoch_2.pth')
    flags = ['--model', config, '--checkpoint', tmp_path / 'epoch_2.pth', '--threshold', 0.6]
    sizes = ['--cfg-options', 'model.backbone.embed_dims=16', 'model.head.in_channels=16']
    run_command('infer', *recordings, '--out', tmp_path / 'out', *flags, *sizes)
    assert 'action 7 1' in capsys.readouterr().out
    for result in json.loads((tmp_path / 'out/results.json').read_text()):
        (segment,) = result['segments']
        assert (segment['label'], segment['name'], segment['start'], segment['end']) == (7, 'action 7', 0, 30)


@pytest.mark.parametrize(
    'arguments, message',
    [
        (['nothing.npz'], 'There is no recording nothing.npz'),
        (['one.npz', '--gallery', 'nothing.pkl'], 'There is no annotation file nothing.pkl'),
        (['one.npz', '--model', 'nothing.py'], 'There is no config nothing.py'),
        (['one.npz', '--model', 'nothing'], 'There is no checkpoint nothing .* no model of that name'),
        (['one.npz', '--model', str(LINEAR)], 'A config goes with a checkpoint'),
        (['one.npz', '--model', 'epoch_1.pth', *SIZES], '--cfg-options need a config'),
    ],
)
def test_errors_are_reported_in_one_line(tmp_path, recordings, model, run_command, monkeypatch, arguments, message):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SystemExit, match=f'error: .*{message}') as error:
        run_command('infer', *arguments, *([] if '--model' in arguments else model))
    assert '\n' not in error.value.code


def test_one_bad_recording_among_many(tmp_path, recordings, run_command, capsys, monkeypatch):
    monkeypatch.setenv('COLUMNS', '200')
    (tmp_path / 'broken.csv').write_text('nose_x,nose_y\n1,2\n3\n')
    np.savez(tmp_path / 'empty.npz', keypoint=np.zeros((1, 9, 25, 3)))
    inputs = [recordings[0], tmp_path / 'broken.csv', tmp_path / 'gone.npy', tmp_path / 'empty.npz', recordings[1]]
    with pytest.raises(SystemExit) as end:
        run_command('infer', *inputs, '--model', 'dste_synthetic', '--out', tmp_path / 'out')
    assert end.value.code == 'error: 3 of 5 recordings could not be used: see above.'  # exit code 1
    printed = capsys.readouterr()
    results = json.loads((tmp_path / 'out/results.json').read_text())
    assert [result['name'] for result in results] == list(map(str, recordings))
    told = printed.err.splitlines()
    assert [line.split(': ')[0] for line in told if 'not answered' in line] == ['not answered'] * 3
    assert 'There is no recording' in printed.err and 'line 3' in printed.err and 'nobody is seen' in printed.err
    with pytest.raises(SystemExit, match=r'error: .*empty.npz: nobody is seen in it'):
        run_command('infer', tmp_path / 'empty.npz', '--model', 'dste_synthetic')


def test_a_folder_of_recordings(tmp_path, recordings, run_command, capsys):
    folder = tmp_path / 'all'
    (folder / 'deep').mkdir(parents=True)
    for path in recordings:
        path.rename(folder / 'deep' / path.name)
    run_command('infer', folder, '--model', 'dste_synthetic', '--out', tmp_path / 'out')
    results = json.loads((tmp_path / 'out/results.json').read_text())
    assert [Path(result['name']).name for result in results] == ['one.npz', 'two.npz']


def test_several_labels_in_the_table(tmp_path, recordings, run_command, capsys, monkeypatch):
    monkeypatch.setenv('COLUMNS', '200')
    clips = [moving(1, frames=30 + number) for number in range(4)]
    labels = np.array([[1, 1], [1, 1], [1, 1], [1, 1]])
    ActionClassifier(layout='nturgb+d', convolutions=False).fit(clips, labels).save(tmp_path / 'both')
    run_command('infer', recordings[0], '--model', tmp_path / 'both', '--out', tmp_path / 'out', '--no-unknown')
    assert '0, 1' in capsys.readouterr().out
    assert json.loads((tmp_path / 'out/results.json').read_text())[0]['labels'] == [0, 1]
