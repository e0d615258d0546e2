"""Small models with random weights, as they lie on disk after training."""

from pathlib import Path

import pytest
import torch
from mmaction.registry import MODELS
from mmengine.config import Config
from mmengine.registry import init_default_scope

CONFIGS = Path(__file__).resolve().parents[2] / 'configs/usdrl/benchmarks'
LINEAR, DETECT = CONFIGS / 'linear_synthetic.py', CONFIGS / 'detect_synthetic.py'


@pytest.fixture(autouse=True)
def scope():
    init_default_scope('mmaction')


@pytest.fixture
def linear():
    """The config of a small classifier of 18 actions in 3D."""
    cfg = Config.fromfile(LINEAR)
    cfg.model.backbone.update(embed_dims=16, num_layers=1)
    cfg.model.cls_head.in_channels = 16
    return cfg


@pytest.fixture
def pixels(linear):
    """The same in pixels, of one person, for joints in the order of a layout."""

    def config(layout):
        linear.model.backbone.update(layout=layout, num_person=1, in_channels=2)
        linear.test_dataloader.dataset.pipeline = [
            dict(type='PoseDecode'),
            dict(type='NormalizeSkeleton2D', layout=layout, score=False),
            dict(type='ResizeFrames', num_frames=64),
            dict(type='FormatGCNInput', num_person=1),
            dict(type='PackActionInputs'),
        ]
        return linear

    return config


@pytest.fixture
def detection():
    """The config of a small localizer of 18 actions, with windows of 16 frames that lie 6 apart."""

    def config(causal=False):
        cfg = Config.fromfile(DETECT)
        cfg.model.backbone.update(embed_dims=16, num_layers=1, num_frames=16, causal=causal)
        cfg.model.head.update(in_channels=16, spatial=not causal)
        cfg.test_dataloader.dataset.update(window=16, stride=6)
        return cfg

    return config


@pytest.fixture
def trained(tmp_path):
    """Builds a config's model, with scores about as large as after training, and saves it."""

    def save(cfg, **meta):
        torch.manual_seed(0)
        model = MODELS.build(cfg.model).eval()
        layer = model.cls_head.fc if 'cls_head' in cfg.model else model.head.temporal_fc
        torch.nn.init.normal_(layer.weight)
        path = tmp_path / 'epoch_1.pth'
        torch.save({'meta': meta, 'state_dict': model.state_dict()}, path)
        return path

    return save
