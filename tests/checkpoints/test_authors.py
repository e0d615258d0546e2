"""The authors' checkpoints give the authors' numbers; other files are refused, and nothing in a file is run."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from mmengine.runner import Runner

from usdrl_mmaction.checkpoints.authors import convert
from usdrl_mmaction.checkpoints.reading import read_weights
from usdrl_mmaction.errors import CheckpointError
from usdrl_mmaction.models import DSTE, STTR, DecorrelationHead, StreamFeatures
from usdrl_mmaction.models.backbones.stream_encoder import as_modality, spatial_tokens, temporal_tokens

ROOT = Path(__file__).resolve().parents[2]
CASES = {
    'dste_joint_h16': (DSTE, dict(drop_path=0.0)),
    'dste_bone_h32_2heads': (DSTE, dict(drop_path=0.0, num_heads=2, modalities=('bone',))),
    'dste_motion_h16_gap3_alpha03': (DSTE, dict(drop_path=0.0, gap=3, alpha=0.3, modalities=('motion',))),
    'sttr_joint_h16': (STTR, {}),
}


def part(state_dict, prefix):
    return {name[len(prefix) :]: value for name, value in state_dict.items() if name.startswith(prefix)}


def close(ours, theirs):
    """To 1e-4 of the largest value."""
    theirs = torch.as_tensor(theirs).float()
    torch.testing.assert_close(ours, theirs, rtol=1e-4, atol=1e-4 * theirs.abs().max().item())


@pytest.fixture(params=CASES)
def case(request, golden):
    """The model of a golden file, with its weights, and the numbers."""
    cls, arguments = CASES[request.param]
    converted = convert(read_weights(golden / f'{request.param}.pth.tar'))
    described = {k: v for k, v in converted.encoder.items() if k != 'type'}
    assert converted.encoder['type'] == cls.__name__
    assert not converted.left
    encoder = cls(**described, **arguments)
    head = DecorrelationHead(described['embed_dims'])
    encoder.load_state_dict(part(converted.state_dict, 'backbone.'))
    head.load_state_dict(part(converted.state_dict, 'head.'))
    numbers = np.load(golden / f'{request.param}.npz')
    views = torch.from_numpy(numbers['views']).permute(0, 1, 5, 3, 4, 2)  # (views, N, M, T, V, C)
    return encoder, head, views, numbers


def test_golden_tokens(case):
    encoder, _, views, numbers = case
    clip = as_modality(views[0, :1], encoder.modality, encoder.skeleton)
    close(temporal_tokens(clip), numbers['t_tokens'])
    close(spatial_tokens(clip), numbers['s_tokens'])


def test_golden_streams(case):
    encoder, _, views, numbers = case
    streams = encoder.eval()(views[0])
    close(streams.temporal, numbers['temporal'])
    close(streams.spatial, numbers['spatial'])


def test_golden_projections_loss_and_gradient(case):
    encoder, head, views, numbers = case
    streams = encoder.train()(views.flatten(0, 1))
    streams = StreamFeatures(*(tokens.unflatten(0, views.shape[:2]) for tokens in streams))
    for domain, z in head(streams).items():
        close(z, numbers[f'z_{domain[0]}'])
    losses = head.loss(streams)
    for i, domain in enumerate(('instance', 'temporal', 'spatial')):
        for term, name in (('consistency', 'sim'), ('variance', 'vac'), ('cross', 'xcorr')):
            close(losses[f'{domain}_{term}'], numbers[name][i])
    close(losses['loss'], numbers['loss'])
    losses['loss'].backward()
    gradients = [p.grad for module in (encoder, head) for p in module.parameters()]
    close(torch.stack([gradient.norm() for gradient in gradients]).norm(), numbers['grad_norm'])


@pytest.mark.parametrize('name', ['pretrain_synthetic', 'linear_synthetic', 'detect_synthetic'])
def test_a_converted_file_is_loaded_by_a_config(golden, tiny, tmp_path, name):
    converted = convert(read_weights(golden / 'dste_joint_h16.pth.tar'))
    path = tmp_path / 'converted.pth'
    torch.save(converted.checkpoint(), path)
    runner = Runner.from_cfg(tiny(name, {'load_from': str(path)}))
    runner.load_or_resume()
    state = runner.model.state_dict()
    loaded = {name for name in state if name in converted.state_dict}
    assert {name for name in state if name.startswith('backbone.')} <= loaded
    assert all(state[name].equal(converted.state_dict[name]) for name in loaded)


def authors_state(joints=25, dims=8, fc=None):
    """Some of the entries that the authors' files have, by their names."""
    state = {
        'module.backbone.spe': torch.zeros(1, 2 * joints, dims),
        'module.backbone.tpe.pe': torch.zeros(1, 200, dims),
        'module.backbone.ske_emb.t_embedding.0.weight': torch.zeros(dims, 2 * joints * 3),
        'module.backbone.ske_emb.s_embedding.0.weight': torch.zeros(dims, 192),
        'module.backbone.t_tr1.DSA.wt2.weight': torch.zeros(64, 64),
        'module.backbone.s_tr.DSA.attn.in_proj_bias': torch.zeros(3 * dims),
        'module.i_proj.6.bias': torch.zeros(4 * dims),
    }
    return state if fc is None else {**state, 'module.fc.weight': torch.zeros(fc, 2 * dims)}


def test_names_and_shapes():
    converted = convert(authors_state(joints=17, fc=60))
    assert converted.encoder == dict(
        type='DSTE', layout='coco', num_person=2, num_frames=64, in_channels=3, embed_dims=8
    )
    assert set(converted.state_dict) == {
        'backbone.spatial_position',
        'backbone.embeddings.0.temporal.0.weight',
        'backbone.embeddings.0.spatial.0.weight',
        'backbone.temporal.1.shift.mix2.weight',
        'head.projectors.instance.6.bias',
        'cls_head.fc.weight',
    }
    assert converted.dropped == ['module.backbone.tpe.pe', 'module.backbone.s_tr.DSA.attn.in_proj_bias']


def run(*args):
    command = [sys.executable, ROOT / 'tools/deployment/convert_checkpoint.py', *args]
    return subprocess.run(command, capture_output=True, text=True, timeout=120)


def test_the_tool_says_what_it_did(tmp_path):
    source, target = tmp_path / 'theirs.pth.tar', tmp_path / 'ours.pth'
    state = {**authors_state(fc=60), 'module.teacher.weight': torch.zeros(1)}
    torch.save({'epoch': 3, 'state_dict': state, 'optimizer': {}}, source)
    done = run(source, target)
    assert done.returncode == 0, done.stderr
    assert "type='DSTE', layout='nturgb+d', num_person=2" in done.stdout
    assert 'mapped  6 entries: 4 of backbone, 1 of cls_head, 1 of head' in done.stdout
    assert 'module.teacher.weight' in done.stdout
    assert set(torch.load(target, weights_only=True)['state_dict']) == set(convert(state).state_dict)


@pytest.mark.parametrize(
    'content, message',
    [
        ({'model': {}}, "holds no 'state_dict' of tensors; it holds \\['model'\\]"),
        (torch.zeros(3), 'is not a checkpoint: it holds a Tensor, not a dict'),
        (
            {'state_dict': {'conv1.weight': torch.zeros(3)}},
            'not a checkpoint of the USDRL authors: it has no backbone.spe',
        ),
    ],
)
def test_other_files_are_refused(tmp_path, content, message):
    source = tmp_path / 'other.pth'
    torch.save(content, source)
    with pytest.raises(CheckpointError, match=message):
        convert(read_weights(source))


def test_the_tool_refuses_in_one_line(tmp_path):
    source, target = tmp_path / 'cut.pth', tmp_path / 'ours.pth'
    source.write_bytes(b'PK\x03\x04 and then nothing')
    done = run(source, target)
    assert done.returncode == 1
    assert done.stderr.startswith('error: ') and done.stderr.count('\n') == 1
    assert list(tmp_path.iterdir()) == [source]
