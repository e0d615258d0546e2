"""A file for another runtime computes what the model computes, for any size of batch; or there is no file."""

import json
import sys

import numpy as np
import pytest
import torch
from mmaction.registry import MODELS
from mmengine.registry import init_default_scope
from torch import nn

from usdrl_mmaction.apis import export
from usdrl_mmaction.errors import ExportError
from usdrl_mmaction.models import EarlyRecognizer, FrameLocalizer, FrozenRecognizer

pytest.importorskip('onnxruntime')
SMALL = dict(type='DSTE', embed_dims=16, num_layers=1, num_frames=8)
ENCODERS = {
    'joint': dict(SMALL, num_heads=2, kernel_size=3),
    'bone': dict(SMALL, modalities=('bone',)),
    'fused': dict(SMALL, modalities=('joint', 'bone', 'motion')),
    'causal': dict(SMALL, causal=True, kernel_size=3),
    'sttr': dict(type='STTR', embed_dims=16, num_layers=1, num_frames=8),
}


@pytest.fixture(autouse=True)
def scope():
    init_default_scope('mmaction')


def recognizer(backbone, num_classes=5):
    """A classifier whose scores are about as large as a trained one's."""
    torch.manual_seed(0)
    head = dict(type='StreamClsHead', num_classes=num_classes, in_channels=16)
    model = FrozenRecognizer(backbone=backbone, cls_head=head).eval()
    nn.init.normal_(model.cls_head.fc.weight)
    return model


def clips(size, shape=(2, 8, 25, 3)):
    return torch.randn(size, *shape, generator=torch.Generator().manual_seed(size))


def run_onnx(path, clip):
    import onnxruntime

    session = onnxruntime.InferenceSession(path)
    names = [output.name for output in session.get_outputs()]
    return dict(zip(names, session.run(None, {'clip': clip.numpy()}), strict=True))


@pytest.mark.parametrize('name', ENCODERS)
def test_onnx_gives_the_streams_of_the_encoder(name, tmp_path):
    model, path = recognizer(ENCODERS[name]), tmp_path / 'encoder.onnx'
    done = export(model, path, encoder_only=True)
    assert done.inputs == {'clip': (2, 8, 25, 3)}
    assert done.outputs == {'temporal': (8, 16), 'spatial': (50, 16)}
    assert done.error <= 1e-4
    for size in (1, 3, 7):
        found = run_onnx(path, clips(size))
        with torch.no_grad():
            expected = model.backbone(clips(size))
        np.testing.assert_allclose(found['temporal'], expected.temporal.numpy(), rtol=0, atol=1e-4)
        np.testing.assert_allclose(found['spatial'], expected.spatial.numpy(), rtol=0, atol=1e-4)
    assert [item.name for item in tmp_path.iterdir()] == ['encoder.onnx']


@pytest.mark.parametrize('num_heads, maps', [(1, 0), (2, 2)])  # a layer a stream
def test_attention_of_one_head_is_exported_without_its_three_maps(num_heads, maps, tmp_path):
    import onnx

    export(recognizer(dict(SMALL, num_heads=num_heads)), tmp_path / 'encoder.onnx', encoder_only=True)
    shapes = [sorted(weight.dims) for weight in onnx.load(tmp_path / 'encoder.onnx').graph.initializer]
    assert shapes.count([16, 48]) == maps


def test_onnx_gives_the_scores_of_a_recognizer_and_the_names_of_its_classes(tmp_path):
    import onnxruntime

    model, path = recognizer(SMALL, num_classes=2), tmp_path / 'deep' / 'actions.onnx'
    model.dataset_meta = {'classes': ('sit', 'stand')}
    assert export(model, path).outputs == {'cls_score': (2,)}
    with torch.no_grad():
        expected = model.cls_head(model.backbone(clips(4)))
    np.testing.assert_allclose(run_onnx(path, clips(4))['cls_score'], expected, rtol=0, atol=1e-4)
    metadata = onnxruntime.InferenceSession(path).get_modelmeta().custom_metadata_map
    assert json.loads(metadata['classes']) == ['sit', 'stand']


def localizer(name):
    torch.manual_seed(0)
    head = dict(type='FrameHead', num_classes=4, in_channels=16, spatial=name != 'causal')
    model = FrameLocalizer(ENCODERS[name], head).eval()
    for parameter in model.head.parameters():
        nn.init.normal_(parameter)
    return model


@pytest.mark.parametrize('name', ['joint', 'causal'])
def test_onnx_gives_the_scores_of_frames(name, tmp_path):
    model, path = localizer(name), tmp_path / 'frames.onnx'
    model.dataset_meta = {'classes': ['sit', 'stand', 'walk', 'wave']}
    done = export(model, path)
    assert done.outputs == {'frame_score': (8, 5)} and done.error <= 1e-4
    for size in (1, 6):
        with torch.no_grad():
            expected = model(clips(size)[:, None])
        np.testing.assert_allclose(run_onnx(path, clips(size))['frame_score'], expected, rtol=0, atol=1e-4)


def test_the_encoder_of_a_localizer(tmp_path):
    model = localizer('joint')
    assert export(model, tmp_path / 'encoder.pt', 'torchscript', encoder_only=True).outputs.keys() == {
        'temporal',
        'spatial',
    }
    for found, stream in zip(torch.jit.load(tmp_path / 'encoder.pt')(clips(3)), model.backbone(clips(3)), strict=True):
        torch.testing.assert_close(found, stream.detach())


def test_the_scores_at_every_ratio_of_what_is_seen(tmp_path):
    head = dict(type='StreamClsHead', num_classes=5, in_channels=16)
    model = EarlyRecognizer(num_ratios=4, backbone=ENCODERS['causal'], cls_head=head).eval()
    nn.init.normal_(model.cls_head.fc.weight)
    assert export(model, tmp_path / 'early.pt', 'torchscript').outputs == {'ratio_score': (4, 5)}
    (found,) = torch.jit.load(tmp_path / 'early.pt')(clips(3))
    torch.testing.assert_close(found, model(clips(3)[:, None]).detach())


@pytest.mark.parametrize('name', ['fused', 'causal', 'sttr'])
def test_torchscript(name, tmp_path):
    model = recognizer(ENCODERS[name])
    export(model, tmp_path / 'actions.pt', 'torchscript')
    (found,) = torch.jit.load(tmp_path / 'actions.pt')(clips(3))
    torch.testing.assert_close(found, model.cls_head(model.backbone(clips(3))).detach())


def test_torch_export(tmp_path):
    model = recognizer(ENCODERS['fused'])
    export(model, tmp_path / 'actions.pt2', 'exported')
    (found,) = torch.export.load(tmp_path / 'actions.pt2').module()(clips(3))
    torch.testing.assert_close(found, model.cls_head(model.backbone(clips(3))))


def test_a_graph_network_of_mmaction2_needs_the_shape_of_its_clips(tmp_path):
    backbone = dict(
        type='STGCN', graph_cfg=dict(layout='coco', mode='stgcn_spatial'), base_channels=4, num_stages=2, down_stages=[]
    )
    head = dict(type='GCNHead', num_classes=5, in_channels=4)
    model = MODELS.build(dict(type='RecognizerGCN', backbone=backbone, cls_head=head)).eval()
    with pytest.raises(ExportError, match=r'STGCN does not say the shape of its clips: .* \(--clip-shape'):
        export(model, tmp_path / 'actions.pt', 'torchscript')
    export(model, tmp_path / 'actions.pt', 'torchscript', clip_shape=(2, 10, 17, 3))
    (found,) = torch.jit.load(tmp_path / 'actions.pt')(clips(3, (2, 10, 17, 3)))
    torch.testing.assert_close(found, model(clips(3, (2, 10, 17, 3))[:, None], stage='head').detach())


@MODELS.register_module()
class Batched(nn.Module):
    """An encoder that a trace gets wrong: the batch is a number to it."""

    def forward(self, clip):
        return clip.mean((2, 3))[: len(clip)].reshape(int(clip.size(0)), 1, -1, 1, 1)


@MODELS.register_module()
class Deciding(nn.Module):
    """An encoder that does one thing or the other, as its input says."""

    def forward(self, clip):
        return clip.transpose(2, 4) if clip.sum() > 0 else -clip.transpose(2, 4)


@MODELS.register_module()
class Drifting(nn.Module):
    """An encoder that never gives the same twice."""

    def forward(self, clip):
        return clip.transpose(2, 4) + torch.rand(1)


@pytest.mark.parametrize(
    'backbone, format, message',
    [
        ('Batched', 'torchscript', 'does not run on a batch of 1'),
        ('Deciding', 'exported', 'torch.export cannot follow the model: .*data-dependent'),
        (
            'Drifting',
            'torchscript',
            "'temporal' .* differs from the model's .* on a batch of 1, .* nothing was written",
        ),
    ],
)
def test_what_cannot_be_exported_leaves_no_file_and_says_why(backbone, format, message, tmp_path):
    model = MODELS.build(dict(type='RecognizerGCN', backbone=dict(type=backbone)))
    with pytest.raises(ExportError, match=message):
        export(model, tmp_path / 'actions.pt', format, clip_shape=(1, 4, 5, 3))
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    'arguments, message',
    [
        (dict(format='tflite'), "no format 'tflite'. There are: onnx, torchscript, exported"),
        (dict(clip_shape=(1, 8, 25, 3)), r'built for clips of \(2, 8, 25, 3\), not \(1, 8, 25, 3\)'),
    ],
)
def test_wrong_arguments(arguments, message, tmp_path):
    with pytest.raises(ExportError, match=message):
        export(recognizer(SMALL), tmp_path / 'actions.onnx', **arguments)


def test_other_models_are_refused(tmp_path):
    with pytest.raises(ExportError, match='Linear cannot be exported: it is no recognizer or localizer'):
        export(nn.Linear(1, 1), tmp_path / 'actions.onnx')


def test_without_the_packages_there_is_one_line_to_type(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, 'onnxscript', None)  # as if it were not installed
    with pytest.raises(ExportError, match=r"needs onnxscript: pip install 'usdrl-mmaction\[export\]'"):
        export(recognizer(SMALL), tmp_path / 'actions.onnx')
