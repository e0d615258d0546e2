"""Sharded pretraining: two processes through ``tools/dist_train.sh``, each with a share of the weights."""

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from conftest import ROOT, losses
from mmaction.registry import MODELS
from mmengine.runner import Runner

PLAIN = {
    'optim_wrapper.optimizer.type': 'SGD',
    'optim_wrapper.optimizer.lr': 0.01,
    'model.data_preprocessor.augmentations': [],
    'model.data_preprocessor.crop.ratio': (1.0, 1.0),
    'model.backbone.drop_path': 0.0,
    'optim_wrapper.type': 'OptimWrapper',
    'param_scheduler': [],
    'log_level': 'INFO',
    'default_hooks.logger.interval': 1,
}


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(('127.0.0.1', 0))
        return listener.getsockname()[1]


def run_in_two(path: Path, *flags) -> str:
    places = dict(PATH=f'{Path(sys.executable).parent}:{os.environ["PATH"]}', PYTHONPATH=str(ROOT))
    done = subprocess.run(
        ['bash', str(ROOT / 'tools/dist_train.sh'), str(path), '2', *map(str, flags)],
        env={**os.environ, **places, 'PORT': str(free_port()), 'GLOO_SOCKET_IFNAME': 'lo'},
        capture_output=True, text=True, cwd=ROOT, timeout=250,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    return done.stdout + done.stderr


@pytest.fixture
def start(tiny, tmp_path) -> dict:
    """The same weights to begin with: other runners draw others from a seed."""
    torch.manual_seed(0)
    torch.save(dict(state_dict=MODELS.build(tiny('pretrain_ntu60').model).state_dict()), tmp_path / 'start.pth')
    return {**PLAIN, 'load_from': str(tmp_path / 'start.pth')}


def test_sharded_pretraining_resumes_and_hands_its_encoder_on(start, tiny, tmp_path):
    cfg = tiny('pretrain_ntu60_fsdp', {**start, 'train_dataloader.batch_size': 4})
    path, folder = tmp_path / 'sharded.py', tmp_path / 'sharded'
    cfg.dump(path)
    run_in_two(path, '--work-dir', folder, '--seed', 0, '--cfg-options', 'train_cfg.max_epochs=1')
    said = run_in_two(path, '--work-dir', folder, '--seed', 0, '--resume')
    assert 'resumed epoch: 1' in said
    assert list(losses(folder)) == [1, 2, 3, 4]

    alone = tiny('pretrain_ntu60', {**start, 'model.head.gather': True, 'work_dir': str(tmp_path / 'alone')})
    Runner.from_cfg(alone).train()
    expected = losses(tmp_path / 'alone')
    assert list(losses(folder).values()) == pytest.approx(list(expected.values()), rel=1e-4)

    weights = torch.load(folder / 'epoch_2.pth')['state_dict']
    MODELS.build(alone.model).load_state_dict(weights)  # every name and shape of a model that is not sharded
    classifier = MODELS.build(tiny('linear_synthetic').model)
    assert classifier.load_state_dict(weights, strict=False).missing_keys == ['cls_head.fc.weight', 'cls_head.fc.bias']
