"""A published checkpoint contains the trained encoder and its arguments, and nothing else."""

import hashlib
import json
import pickle

import pytest
import torch
from mmaction.registry import MODELS

SAVED_CONFIG = """
ann_file = 'clips.pkl'
load_from = '/home/somebody/secret.pth'
model = dict(
    backbone=dict(
        embed_dims=16, layout='nturgb+d', modalities=(
            'joint',
            'bone',
        ), type='DSTE'),
    head=dict(in_channels=16, type='DecorrelationHead'),
    type='MPCT')
train_cfg = dict(by_epoch=True, max_epochs=2)
"""


@pytest.fixture
def trained(tmp_path):
    """A checkpoint such as a runner writes, and its content."""
    model = MODELS.build(
        dict(
            type='MPCT',
            backbone=dict(type='DSTE', embed_dims=16, modalities=('joint', 'bone')),
            head=dict(type='DecorrelationHead', in_channels=16),
            data_preprocessor=dict(type='MultiViewPreprocessor', crop=dict(type='CropResize', num_frames=64)),
        )
    )
    content = {
        'meta': {'cfg': SAVED_CONFIG, 'epoch': 2, 'dataset_meta': {}},
        'state_dict': model.state_dict(),
        'optimizer': {'state': {0: torch.rand(9)}},
    }
    path = tmp_path / 'epoch_2.pth'
    torch.save(content, path)
    return path, content


def printed_entry(output):
    return json.loads(output[output.index('{') :])


@pytest.mark.parametrize('half', [False, True])
def test_weights_and_their_description(trained, tmp_path, run_command, capsys, half):
    source, content = trained
    target = tmp_path / 'dste_tiny.pth'
    run_command('publish', source, target, *(['--half'] if half else []))
    published = torch.load(target, weights_only=True)
    assert set(published) == {'meta', 'state_dict'}
    built = MODELS.build(published['meta']['description']['encoder'])
    expected = {f'backbone.{name}' for name in built.state_dict()}
    assert set(published['state_dict']) == expected
    for name, value in published['state_dict'].items():
        assert value.equal(content['state_dict'][name].half() if half else content['state_dict'][name])
    assert printed_entry(capsys.readouterr().out) == {
        'dste_tiny': {
            'about': '',
            'file': 'dste_tiny.pth',
            'url': None,
            'size': target.stat().st_size,
            'sha256': hashlib.sha256(target.read_bytes()).hexdigest(),
            'convert': False,
        }
    }
    assert b'secret' not in target.read_bytes()


def test_the_classes_of_an_annotation_file(trained, tmp_path, run_command):
    ann_file = tmp_path / 'clips.pkl'
    ann_file.write_bytes(pickle.dumps({'split': {}, 'annotations': [], 'meta': {'classes': ('sit', 'stand')}}))
    run_command('publish', trained[0], tmp_path / 'out.pth', '--classes', ann_file)
    published = torch.load(tmp_path / 'out.pth', weights_only=True)
    assert published['meta']['description']['classes'] == ['sit', 'stand']


def test_the_config_in_a_checkpoint_is_not_run(trained, tmp_path, run_command):
    source, content = trained
    trap = tmp_path / 'trap'
    content['meta']['cfg'] = f"open({str(trap)!r}, 'w')\nmodel = dict(backbone=open({str(trap)!r}, 'w'))"
    torch.save(content, source)
    with pytest.raises(SystemExit, match='has no plain config with a model'):
        run_command('publish', source, tmp_path / 'out.pth')
    assert not trap.exists() and not (tmp_path / 'out.pth').exists()


@pytest.mark.parametrize(
    'content, message',
    [
        ({'state_dict': {'a': torch.zeros(1)}}, "has no plain config with a model in 'meta.cfg'"),
        ({'weights': {}}, "holds no 'state_dict' of tensors; it holds \\['weights'\\]"),
        (None, 'There is no checkpoint'),
    ],
)
def test_other_files_are_refused_in_one_line(tmp_path, run_command, content, message):
    source = tmp_path / 'other.pth'
    if content:
        torch.save(content, source)
    with pytest.raises(SystemExit, match=f'error: .*{message}'):
        run_command('publish', source, tmp_path / 'out.pth')
