"""The example in plain PyTorch runs, and its loss is that of the package's head."""

import runpy

import pytest
import torch
from conftest import ROOT

from usdrl_mmaction.models import DecorrelationHead, StreamFeatures

EXAMPLE = ROOT / 'examples/pretrain_plain_torch.py'


def test_the_example_pretrains(monkeypatch, capsys):
    monkeypatch.setattr('sys.argv', ['example', '--steps', '2', '--clips', '18', '--batch-size', '4'])
    runpy.run_path(str(EXAMPLE), run_name='__main__')
    said = capsys.readouterr().out
    assert 'step 1: loss' in said and 'pretrained encoder: 1-NN accuracy' in said


def test_the_loss_is_that_of_the_head():
    torch.manual_seed(0)
    ours = runpy.run_path(str(EXAMPLE))['Pretraining']()
    ours.encoder.eval()  # without DropPath
    views = torch.randn(4, 6, 2, 64, 25, 3)
    head = DecorrelationHead(in_channels=128)
    head.projectors.load_state_dict(ours.projectors.state_dict())
    streams = [ours.encoder(view) for view in views]
    stacked = StreamFeatures(*(torch.stack(tokens) for tokens in zip(*streams, strict=True)))
    assert ours(views).item() == pytest.approx(head.loss(stacked)['loss'].item(), rel=1e-4)
