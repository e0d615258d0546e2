"""DSTE and graph networks in each other's place, as docs/mmaction2.md shows; what does not fit is refused."""

import re
from pathlib import Path

import mmaction
import numpy as np
import pytest
import torch
from conftest import ROOT
from mmaction.registry import MODELS
from mmengine.config import Config
from mmengine.dataset import Compose, pseudo_collate
from mmengine.registry import DefaultScope

from usdrl_mmaction.errors import ConfigError
from usdrl_mmaction.models import DecorrelationHead, FrameHead, StreamClsHead, StreamFeatures

STOCK = Path(mmaction.__file__).parent / '.mim/configs/skeleton'
CONFIGS = {path.stem: path for path in sorted(STOCK.glob('*gcn*/*.py'))}
PATCHED = 'stgcnpp_8xb16-joint-u100-80e_ntu60-xsub-keypoint-3d'
JOINT = [name for name in CONFIGS if '-joint-u100-80e_ntu60-' in name]
SECTION = (ROOT / 'docs/mmaction2.md').read_text().split('## Swap encoders')[1].split('\n## ')[0]
DSTE_IN_STOCK, GRAPH_IN_PRETRAINING = re.findall(r'```diff\n(.*?)```', SECTION, re.DOTALL)


@pytest.fixture(autouse=True)
def names_of_mmaction():
    with DefaultScope.overwrite_default_scope('mmaction'):
        yield


def sides(diff: str) -> tuple[str, str]:
    """The text before and after a diff."""
    lines = diff.splitlines(keepends=True)
    return tuple(''.join(line[1:] for line in lines if line[0] in kept) for kept in (' -', ' +'))


def batch(cfg: Config) -> dict:
    """Two random clips of one or two persons, prepared by a config's pipeline for training."""
    rng, layout = np.random.default_rng(0), cfg.model.backbone.graph_cfg.layout
    items = []
    for persons in (1, 2):
        joints, channels = (25, 3) if layout == 'nturgb+d' else (17, 2)
        item = dict(label=persons, total_frames=80, start_index=0, modality='Pose', img_shape=(1080, 1920))
        item['keypoint'] = rng.normal(size=(persons, 80, joints, channels)).astype(np.float32)
        if channels == 2:
            item['keypoint_score'] = np.ones((persons, 80, joints), np.float32)
        items.append(Compose(cfg.train_pipeline)(item))
    return pseudo_collate(items)


def loss(model, data: dict) -> torch.Tensor:
    return model.train().parse_losses(model(**model.data_preprocessor(data, True), mode='loss'))[0]


def test_the_stock_configs_are_found():
    assert len(CONFIGS) == 32 and len(JOINT) == 6


@pytest.mark.parametrize('name', CONFIGS)
def test_dste_in_a_stock_config(name, tmp_path):
    before, after = sides(DSTE_IN_STOCK)
    stock = Config.fromfile(CONFIGS[name])
    layout, num_classes = stock.model.backbone.graph_cfg.layout, stock.model.cls_head.num_classes
    after = after.replace('nturgb+d', layout).replace('num_classes=60', f'num_classes={num_classes}')
    inheriting = after.replace("type='DSTE'", "_delete_=True, type='DSTE'")
    (tmp_path / 'inheriting.py').write_text(f'_base_ = {str(CONFIGS[name])!r}\n{inheriting}')
    cfg = Config.fromfile(tmp_path / 'inheriting.py')
    assert cfg.model.backbone == dict(type='DSTE', layout=layout, num_frames=100, embed_dims=256, output='gcn')
    assert cfg.model.cls_head == dict(type='GCNHead', num_classes=num_classes, in_channels=512)
    if name == PATCHED:
        text = CONFIGS[name].read_text().replace("'../../_base_/", f"'{STOCK.parent}/_base_/")
        assert text.count(before) == 1
        (tmp_path / 'patched.py').write_text(text.replace(before, after))
        assert Config.fromfile(tmp_path / 'patched.py').model == cfg.model
    assert loss(MODELS.build(cfg.model), batch(stock)).isfinite()


@pytest.mark.parametrize('name', JOINT)
def test_a_graph_network_in_pretraining(name, tmp_path):
    before, after = sides(GRAPH_IN_PRETRAINING)
    stock, ours = Config.fromfile(CONFIGS[name]), re.search(r"'\./(\w+)\.py'", before)[1]
    ours = ours if name.endswith('3d') else f'{ours}_2d'
    model = after.replace(before, '').replace('nturgb+d', stock.model.backbone.graph_cfg.layout)
    (tmp_path / 'swapped.py').write_text(f'_base_ = {str(ROOT / "configs/usdrl" / ours)!r} + ".py"\n{model}')
    cfg = Config.fromfile(tmp_path / 'swapped.py')
    assert cfg.model.backbone.type == 'STGCN' and cfg.model.head == dict(
        type='DecorrelationHead', in_channels=256, domains=dict(instance=1.0, temporal=0.5, spatial=0.5)
    )
    cfg.model.backbone = stock.model.backbone
    assert loss(MODELS.build(cfg.model), batch(stock)).isfinite()


CROP = dict(type='CropResize', num_frames=16)
GRAPH = dict(type='STGCN', graph_cfg=dict(layout='coco', mode='spatial'), num_stages=2, base_channels=16)
VIDEO = dict(type='mmaction.ResNet', depth=18, norm_eval=False)


def build(type: str, backbone: dict, **kwargs):
    parts = dict(
        MPCT=dict(
            head=dict(type='DecorrelationHead', in_channels=16),
            data_preprocessor=dict(type='MultiViewPreprocessor', crop=CROP),
        ),
        FrozenRecognizer=dict(cls_head=dict(type='StreamClsHead', num_classes=5, in_channels=16)),
        EarlyRecognizer=dict(cls_head=dict(type='StreamClsHead', num_classes=5, in_channels=16)),
        FrameLocalizer=dict(head=dict(type='FrameHead', num_classes=5, in_channels=16)),
    )
    return MODELS.build(dict(type=type, backbone=backbone, **parts[type]))


@pytest.mark.parametrize('type', ['MPCT', 'FrozenRecognizer', 'EarlyRecognizer', 'FrameLocalizer'])
def test_a_backbone_of_videos_is_refused(type):
    with pytest.raises(ConfigError, match=f'ResNet does not encode skeletons: set the backbone of {type} to DSTE'):
        build(type, VIDEO)


@pytest.mark.parametrize('type', ['MPCT', 'FrameLocalizer'])
def test_pooled_streams_are_refused_where_all_are_needed(type):
    with pytest.raises(ConfigError, match=f"{type} needs the streams of DSTE: set output='streams'"):
        build(type, dict(type='DSTE', embed_dims=16, output='gcn'))


@pytest.mark.parametrize('type', ['MPCT', 'FrozenRecognizer', 'FrameLocalizer'])
def test_clips_of_other_joints_are_refused(type):
    clips = torch.zeros(4, 1, 2, 16, 25, 3)
    with pytest.raises(ConfigError, match="STGCN was built for 17 joints and got clips of 25: set 'layout'"):
        build(type, GRAPH)(clips)
    with pytest.raises(ConfigError, match=r'got \(2, 16, 25, 3\): set num_person, num_frames, layout or in_channels'):
        build(type, dict(type='DSTE', layout='coco', num_frames=16, embed_dims=16))(clips)


@pytest.mark.parametrize('spatial', [False, True])
def test_clips_of_other_joints_are_refused_by_the_temporal_stream_alone(spatial):
    backbone = dict(type='DSTE', layout='coco', num_frames=16, embed_dims=16)
    model = MODELS.build(
        dict(
            type='FrameLocalizer',
            backbone=backbone,
            head=dict(type='FrameHead', num_classes=5, in_channels=16, spatial=spatial),
        )
    )
    with pytest.raises(ConfigError, match='set num_person, num_frames, layout'):
        model(torch.zeros(1, 1, 2, 16, 25, 3))


@pytest.mark.parametrize('features', [16, 64])
def test_a_head_of_another_width_is_refused(features):
    streams = StreamFeatures(torch.zeros(2, 8, features), torch.zeros(2, 10, features))
    views = StreamFeatures(*(torch.stack([tokens] * 3) for tokens in streams))
    message = f'Head was built for features of width 32 and the backbone gives {features}: set in_channels={features}'
    for run in (
        lambda: DecorrelationHead(32).loss(views),
        lambda: StreamClsHead(5, 32)(streams),
        lambda: FrameHead(5, 32)(streams, 8),
    ):
        with pytest.raises(ConfigError, match=message):
            run()
    with pytest.raises(ConfigError, match=rf'in_channels=32, pooling=.*and got {2 * features}'):
        StreamClsHead(5, 32)(streams.pooled())
