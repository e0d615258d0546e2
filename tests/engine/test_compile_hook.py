"""An encoder that is compiled trains as one that is not, and so does one that cannot be."""

import pytest
import torch
from conftest import losses
from mmengine.runner import Runner


def train(tiny, work_dir, *hooks, **changes):
    options = {'work_dir': str(work_dir), 'log_level': 'INFO', 'default_hooks.logger.interval': 1, **changes}
    runner = Runner.from_cfg(tiny('pretrain_synthetic', {**options, 'custom_hooks': list(hooks)}))
    runner.train()
    said = ''.join(path.read_text() for path in work_dir.glob('*/*.log'))
    return list(losses(work_dir).values()), said, runner.model.backbone


def test_losses_and_names_of_weights_stay(tiny, tmp_path):
    expected, _, plain = train(tiny, tmp_path / 'plain')
    found, said, compiled = train(tiny, tmp_path / 'compiled', dict(type='CompileHook', backend='eager'))
    assert 'Compiling the encoder' in said and 'not compiled' not in said
    assert 'forward' in vars(compiled) and 'forward' not in vars(plain)
    assert found == pytest.approx(expected, rel=1e-4)
    weights, same = (torch.load(tmp_path / name / 'epoch_2.pth')['state_dict'] for name in ('plain', 'compiled'))
    assert same.keys() == weights.keys()


def test_what_cannot_be_compiled_trains_as_it_is(tiny, tmp_path):
    expected, _, _ = train(tiny, tmp_path / 'plain')
    found, said, refused = train(tiny, tmp_path / 'refused', dict(type='CompileHook', backend='nowhere'))
    assert 'The encoder is not compiled (' in said and found == expected and 'forward' not in vars(refused)
    graph = dict(_delete_=True, type='STGCN', graph_cfg=dict(layout='nturgb+d', mode='stgcn_spatial'), base_channels=8)
    changes = {'model.backbone': graph, 'model.head.in_channels': 32}
    _, said, _ = train(tiny, tmp_path / 'graph', dict(type='CompileHook'), **changes)
    assert 'STGCN is not compiled: CompileHook is for DSTE and STTR' in said
