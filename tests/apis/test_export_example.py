"""The numpy program that is written beside an export prepares clips as the model that was exported does."""

import runpy

import numpy as np
import pytest
from mmaction.registry import MODELS
from mmengine.config import Config
from mmengine.dataset import Compose
from mmengine.registry import init_default_scope

from usdrl_mmaction.apis.export_example import write_example
from usdrl_mmaction.datasets.synthetic import make_trimmed
from usdrl_mmaction.errors import ExportError
from usdrl_mmaction.skeletons import LAYOUTS, joint_mapping

SNAKE = dict(parents=[None, 0, 1, 2, 3], names=list('abcde'))


@pytest.fixture(scope='module')
def action():
    """A clip of two people, one of whom comes late; a joint is lost for a while."""
    data = make_trimmed(18, seed=1)
    clip = next(item['keypoint'] for item in data['annotations'] if item['keypoint'].shape[0] == 2).copy()
    clip[1, :9] = 0
    clip[0, 3:7, 4] = clip[0, 10:20, 7] = 0
    return clip


def in_layout(clip, layout, channels=3):
    if isinstance(layout, dict):
        return np.ascontiguousarray(clip[:, :, : len(layout['names']), :channels])
    mapping = joint_mapping(LAYOUTS['nturgb+d'].names, LAYOUTS[layout].names, estimate=True)
    clip = mapping(clip)
    return clip if channels == 3 else np.ascontiguousarray(500 - 300 * clip[..., :2]) * clip.any(-1, keepdims=True)


def model_of(layout, channels, *steps):
    init_default_scope('mmaction')
    backbone = dict(type='DSTE', layout=layout, embed_dims=8, num_layers=1, in_channels=channels)
    pipeline = [
        dict(type='PoseDecode'), *steps, dict(type='ResizeFrames', num_frames=64),
        dict(type='FormatGCNInput', num_person=2), dict(type='PackActionInputs'),
    ]  # fmt: skip
    cfg = Config(dict(model=dict(type='FrozenRecognizer', backbone=backbone)))
    cfg.test_dataloader = dict(dataset=dict(type='SkeletonDataset', pipeline=pipeline))
    model = MODELS.build(cfg.model)
    model.cfg = cfg
    return model


def prepare_of(model, tmp_path, layout=None):
    write_example(model, tmp_path / 'actions.py', layout)
    return runpy.run_path(str(tmp_path / 'actions.py'))['prepare']


@pytest.mark.parametrize('layout, channels, step', [
    ('nturgb+d', 3, dict(type='NormalizeSkeleton')),
    ('nturgb+d', 3, dict(type='NormalizeSkeleton', scale=True, turn=False)),
    ('kinect_v1', 3, dict(type='NormalizeSkeleton', layout='kinect_v1', scale=True)),
    (SNAKE, 3, dict(type='NormalizeSkeleton', layout=SNAKE, scale=True)),
    ('coco', 2, dict(type='NormalizeSkeleton2D', layout='coco', score=False)),
    ('coco', 3, dict(type='NormalizeSkeleton2D', layout='coco')),
    ('coco', 2, dict(type='NormalizeSkeleton2D', layout='coco', score=False, torso=False)),
])  # fmt: skip
def test_native_clips(action, tmp_path, layout, channels, step):
    model = model_of(layout, channels, step)
    pixels = step['type'] == 'NormalizeSkeleton2D'
    clip = in_layout(action, layout, 2 if pixels else 3)
    expected = Compose(model.cfg.test_dataloader.dataset.pipeline)(
        dict(keypoint=clip, total_frames=clip.shape[1], img_shape=(1080, 1920), label=0)
        | (dict(keypoint_score=clip.any(-1).astype(np.float32)) if pixels else {})
    )['inputs']
    found = prepare_of(model, tmp_path)(clip, **(dict(img_shape=(1080, 1920)) if pixels else {}))
    np.testing.assert_allclose(found, expected, atol=1e-4)


@pytest.mark.parametrize('layout, channels', [
    ('nturgb+d', 3), ('coco', 2), ('h36m', 3), ('smpl', 3), ('mediapipe', 3), ('body', 3),
])  # fmt: skip
def test_clips_of_any_body(action, tmp_path, layout, channels):
    model = model_of('body', 3, dict(type='ToBody', layout='kinect_v1'))
    lying = action @ np.float32([[0, 1, 0], [0, 0, 1], [1, 0, 0]])  # another axis points up
    rest = model.cfg.test_dataloader.dataset.pipeline[2:]
    pipeline = Compose([dict(type='PoseDecode'), dict(type='ToBody', layout=layout), *rest])
    for clip in (in_layout(action, layout, channels), in_layout(lying, layout, channels)):
        expected = pipeline(dict(keypoint=clip.copy(), total_frames=clip.shape[1], label=0))['inputs']
        np.testing.assert_allclose(prepare_of(model, tmp_path, layout)(clip), expected, atol=1e-4)


def test_a_mapped_layout_is_taken_from_any(action, tmp_path):
    model = model_of('kinect_v1', 3, dict(type='MapLayout', src='nturgb+d', dst='kinect_v1'),
                     dict(type='NormalizeSkeleton', layout='kinect_v1'))  # fmt: skip
    pipeline = Compose(model.cfg.test_dataloader.dataset.pipeline)
    expected = pipeline(dict(keypoint=action.copy(), total_frames=action.shape[1], label=0))['inputs']
    np.testing.assert_allclose(prepare_of(model, tmp_path, 'nturgb+d')(action), expected, atol=1e-4)


def test_a_step_without_a_counterpart_is_named(tmp_path):
    model = model_of('coco', 3, dict(type='PreNormalize3D'))
    with pytest.raises(ExportError, match='PreNormalize3D of the preparation has no counterpart in numpy'):
        write_example(model, tmp_path / 'actions.py')
