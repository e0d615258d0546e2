"""A description from anywhere: the model that it asks for is built, or one line says why not. Nothing of it is run."""

import json
from copy import deepcopy

import pytest
import torch
from mmaction.registry import MODELS
from mmengine.config import Config
from mmengine.registry import init_default_scope

from usdrl_mmaction.apis import load_model
from usdrl_mmaction.checkpoints.build import build
from usdrl_mmaction.checkpoints.describe import describe, plain
from usdrl_mmaction.errors import CheckpointError

BACKBONE = dict(type='DSTE', layout='nturgb+d', embed_dims=16, num_layers=1)
PIPELINE = [
    dict(type='PoseDecode'),
    dict(type='NormalizeSkeleton'),
    dict(type='ResizeFrames', num_frames=64),
    dict(type='FormatGCNInput', num_person=2),
    dict(type='PackActionInputs', meta_keys=('frame_dir',)),
]


@pytest.fixture(scope='module')
def sound():
    """The description and the weights of a classifier of three actions."""
    init_default_scope('mmaction')
    head = dict(type='StreamClsHead', num_classes=3, in_channels=16)
    cfg = Config(
        dict(
            model=dict(type='FrozenRecognizer', backbone=BACKBONE, cls_head=head),
            test_dataloader=dict(dataset=dict(type='SkeletonDataset', pipeline=PIPELINE)),
        )
    )
    model = MODELS.build(cfg.model)
    described = describe(cfg, dict(classes=('sit', 'stand', 'walk'), fps=30, layout='nturgb+d'))
    return described, model.state_dict(), model.eval()


def test_a_description_is_plain_and_whole(sound):
    described, weights, model = sound
    assert json.loads(json.dumps(described)) == described
    assert described['encoder']['num_frames'] == 64 and described['encoder']['gap'] == 4  # defaults too
    assert described['classes'] == ['sit', 'stand', 'walk'] and described['fps'] == 30
    built, clip = build(described, weights, 'x'), torch.randn(2, 2, 64, 25, 3)
    assert torch.equal(built.cls_head(built.backbone(clip)), model.cls_head(model.backbone(clip)))
    assert built.dataset_meta == {'classes': described['classes']} and not built.training


def test_what_an_annotation_file_says_wrongly_is_left_out():
    head = dict(type='StreamClsHead', num_classes=2, in_channels=16)
    cfg = Config(dict(model=dict(type='RecognizerGCN', backbone=BACKBONE, cls_head=head)))
    described = describe(cfg, dict(classes=[*'abcdef'], layout='my own'))
    assert 'classes' not in described and described['layout'] == 'nturgb+d'
    build(described, MODELS.build(cfg.model).state_dict(), 'x')


def test_a_layout_in_a_file_becomes_its_content(tmp_path):
    (tmp_path / 'snake.json').write_text(json.dumps(dict(parents=[None, 0, 1], names=['a', 'b', 'c'])))
    layout = str(tmp_path / 'snake.json')
    steps = [dict(type='NormalizeSkeleton', layout=layout), dict(type='FormatGCNInput', num_person=1)]
    cfg = Config(
        dict(
            model=dict(type='FrozenRecognizer', backbone=BACKBONE | dict(layout=layout)),
            layout=layout,
            test_dataloader=dict(dataset=dict(pipeline=steps)),
        )
    )
    found = json.dumps(describe(cfg, {}))
    assert layout not in found and found.count('"names": ["a", "b", "c"]') == 3


def broken(described, path, value):
    """A copy with another value at a path."""
    described = deepcopy(described)
    *place, last = path
    node = described
    for key in place:
        node = node[key]
    node[last] = value
    return described


@pytest.mark.parametrize('path, value, message', [
    (('format',), 2, "its format is '2', not 1"),
    (('model',), 'MPCT', "its 'model' is 'MPCT'"),
    (('model',), ['FrozenRecognizer'] * 3, "its 'model' is"),
    (('model',), 'FrameLocalizer', "it has no 'head'"),
    (('encoder',), None, "it has no 'encoder'"),
    (('encoder', 'type'), 'torch.hub.load', "encoder's 'type' is none of"),
    (('encoder', 'type'), 'Sequential', "encoder's 'type' is none of"),
    (('encoder', 'init_cfg'), dict(type='Pretrained', checkpoint='http://127.0.0.1/x'), 'has the arguments init_cfg'),
    (('encoder', 'layout'), '/etc/passwd.json', "layout is '/etc/passwd.json': a known name"),
    (('encoder', 'layout'), dict(parents=[0, [1]]), 'cannot be built'),
    (('encoder', 'layout'), dict(type='os.system'), 'names a type'),
    (('encoder', 'embed_dims'), 1 << 40, 'a number in it is larger than'),
    (('encoder', 'embed_dims'), 16.5, 'cannot be built'),
    (('encoder', 'embed_dims'), -16, 'cannot be built'),
    (('encoder', 'embed_dims'), '16', 'cannot be built'),
    (('encoder', 'num_layers'), 10_000, 'more layers than weights'),
    (('encoder', 'num_layers'), 'all', 'more layers than weights'),
    (('encoder', 'num_person'), 1, 'do not belong together'),
    (('encoder', 'embed_dims'), 32, 'do not belong together'),
    (('encoder', 'modalities'), ['joint', 'bone'], 'do not belong together'),
    (('cls_head', 'type'), 'LinearHead', "its 'cls_head' is none of"),
    (('cls_head', 'loss_cls'), dict(type='Evil'), "its 'cls_head' has other arguments"),
    (('cls_head', 'num_classes'), 4, 'do not belong together'),
    (('classes',), 'sit', "its 'classes' are not the names"),
    (('classes',), ['a', 'b', dict(c=1), 'd'], "its 'classes' are not the names"),
    (('classes',), ['a'] * 50, "its 'classes' are not the names"),
    (('preparation',), 'PoseDecode', "its 'preparation' is no list"),
    (('preparation',), [dict(type='PoseDecode')], 'has no FormatGCNInput'),
    (('preparation', 0), dict(type='LoadImageFromFile'), 'a step of its preparation is'),
    (('preparation', 0), dict(type='PoseDecode', backend='disk'), 'PoseDecode in its preparation has backend'),
    (('preparation', 1), dict(type='NormalizeSkeleton', layout='../x.json'), "'layout' of NormalizeSkeleton"),
    (('preparation', 2), dict(type='ResizeFrames', num_frames=10**9), 'a number in it is larger than'),
    (('preparation', 2), dict(type='ResizeFrames', num_frames=9999), 'its encoder takes'),
    (('preparation', 3), dict(type='FormatGCNInput', num_person=9999), 'its encoder takes'),
    (('layout',), 'file.json', "its 'layout' is 'file.json'"),
    (('note',), print, 'it holds other things than texts'),
    (('note',), 'x' * 10_000, 'it holds other things than texts'),
    (('note',), float('nan'), 'it holds other things than texts'),
])  # fmt: skip
def test_another_description_is_refused_in_one_line(sound, path, value, message):
    described, weights, _ = sound
    with pytest.raises(CheckpointError, match=message) as refused:
        build(broken(described, path, value), weights, 'x.pth')
    assert 'x.pth' in str(refused.value) and len(str(refused.value)) < 600


def test_what_is_deep_or_no_dict_is_refused(sound):
    deep = []
    for _ in range(2000):
        deep = [deep]
    for described in (deep, None, 'model', sound[0] | dict(note=deep)):
        with pytest.raises(CheckpointError):
            build(described, sound[1], 'x.pth')


def test_weights_of_another_model_are_refused(sound):
    described, weights, _ = sound
    others = {name: value[:1] if name == 'cls_head.fc.bias' else value for name, value in weights.items()}
    with pytest.raises(CheckpointError, match=r'cls_head.fc.bias is \(1,\), not \(3,\)'):
        build(described, others, 'x.pth')
    fewer = {name: value for name, value in weights.items() if 'spatial_position' not in name}
    with pytest.raises(CheckpointError, match='spatial_position is missing'):
        build(described, fewer, 'x.pth')


@pytest.mark.parametrize('change', [
    dict(threshold='low'), dict(means=[1.0]), dict(deviations=[0.0, 1.0]), dict(factor=-1.0), dict(factor=None),
])  # fmt: skip
def test_what_is_said_of_unknown_clips_is_checked(sound, tmp_path, change):
    described, weights, _ = sound
    known = dict(means=[0.0, 1.0], deviations=[1.0, 1.0], threshold=2.0, factor=1.0)
    kept = dict(features=torch.rand(4, 32), labels=torch.tensor([0, 1, 2, 0]))
    content = lambda numbers, kept: dict(  # noqa: E731
        meta=dict(description=plain(described | dict(unknown=numbers))), state_dict=weights, unknown=kept
    )
    path = tmp_path / 'x.pth'
    torch.save(content(known, kept), path)
    assert load_model(path).novelty.known.threshold == 2
    for wrong in (content(known | change, kept), content(known, kept | dict(labels=torch.tensor([0, 1, 2, 7])))):
        torch.save(wrong, path)
        with pytest.raises(CheckpointError, match=r"what it says of unknown clips \('unknown'\)"):
            load_model(path)
