"""What a config leaves to its annotation file, and what may override a config."""

import json
import pickle

import numpy as np
import pytest
import torch
from mmaction.registry import MODELS
from mmengine.config import Config
from mmengine.registry import init_default_scope
from mmengine.runner import Runner

from usdrl_mmaction.apis import load_model
from usdrl_mmaction.commands.common import find_config, read_config
from usdrl_mmaction.engine import UsdrlRunner
from usdrl_mmaction.engine.runner.mixed_precision import MixedPrecisionOptimWrapper
from usdrl_mmaction.engine.runner.overrides import check_overrides
from usdrl_mmaction.engine.runner.settings import complete
from usdrl_mmaction.errors import AnnotationError, ConfigError, MissingFileError

CLASSES = ['walk', 'fall', 'sit']


@pytest.fixture
def write(tmp_path):
    """An annotation file of two clips, of one person and of two."""

    def write_file(joints=17, dimensions=2, labels=(0, 2), **meta):
        clips = [
            dict(frame_dir=f'{people}', total_frames=9, keypoint=np.ones((people, 9, joints, dimensions), np.float32))
            for people in (1, 2)
        ]
        for clip, label in zip(clips, labels, strict=False):
            clip['label'] = label
        path = tmp_path / 'my.pkl'
        path.write_bytes(pickle.dumps(dict(split=dict(train=['1'], val=['2']), annotations=clips, meta=meta)))
        return str(path)

    return write_file


def custom(ann_file, name='linear_custom', body=False, load_from=None, **options) -> Config:
    """A config for clips as they are."""
    return complete(read_config(name, dict(ann_file=ann_file, body=body, load_from=load_from, **options)))


@pytest.mark.parametrize('name', ['linear_custom', 'knn_custom', 'finetune_custom', 'pretrain_custom'])
@pytest.mark.parametrize('joints, dimensions, layout', [(17, 2, 'coco'), (20, 3, 'kinect_v1'), (25, 3, 'nturgb+d')])
def test_clips_of_any_body_become_the_foundation_encoders(write, name, joints, dimensions, layout):
    cfg = complete(read_config(name, dict(ann_file=write(joints, dimensions, layout=layout))))
    backbone = cfg.model.backbone
    assert (backbone.layout, backbone.num_person, backbone.in_channels) == ('body', 2, 3)
    assert cfg.load_from == 'usdrl://body'
    loader = cfg.get('train_dataloader') or cfg.test_dataloader
    assert loader.dataset.pipeline[1] == dict(type='ToBody', layout=layout)
    assert (cfg.layout, cfg.dimensions) == (layout, dimensions)  # of the data, so that the run's config says it again
    assert complete(cfg).model == cfg.model


@pytest.mark.parametrize('options, message', [
    (dict(turn=True), 'turn=True goes with body=False'),
    (dict(body=False), r'usdrl://body takes clips of the one body: set body=True, or load_from=None'),
])  # fmt: skip
def test_settings_that_contradict_the_body(write, options, message):
    with pytest.raises(ConfigError, match=message):
        complete(read_config('linear_custom', dict(ann_file=write(20, 3, layout='kinect_v1'), **options)))


def test_what_is_no_body_is_told_how_to_train(write):
    path = write(21, 3, layout='hand')
    with pytest.raises(ConfigError, match=r'my\.pkl: This layout is no body.* set body=False and load_from=None'):
        complete(read_config('linear_custom', dict(ann_file=path)))
    assert custom(path).model.backbone.layout == 'hand'


def test_the_annotation_file_says_it(write):
    cfg = custom(write(layout='coco', classes=CLASSES, fps=25))
    assert (cfg.layout, cfg.dimensions, cfg.num_person, cfg.num_classes) == ('coco', 2, 2, 3)
    assert (cfg.model.backbone.layout, cfg.model.backbone.num_person, cfg.model.backbone.in_channels) == ('coco', 2, 2)
    assert cfg.model.cls_head.num_classes == 3
    dataset = cfg.val_dataloader.dataset
    assert dataset.split == 'val' and dataset.metainfo == dict(classes=CLASSES, fps=25)
    assert dataset.pipeline[1] == dict(type='NormalizeSkeleton2D', layout='coco', score=False)
    assert "'$" not in cfg.pretty_text


def test_coordinates_are_scaled_and_turned_if_asked_for(write):
    path = write(20, 3, layout='kinect_v1')
    for turn in (False, True):
        pipeline = custom(path, turn=turn).train_dataloader.dataset.pipeline
        assert pipeline[1] == dict(type='NormalizeSkeleton', layout='kinect_v1', turn=turn, scale=True)


def test_without_names_of_classes_the_highest_label_counts_them(write):
    path = write(layout='coco')
    assert custom(path).model.cls_head.num_classes == 3
    with pytest.raises(ConfigError, match=r'num_classes=5 contradicts .*where it is 3: leave num_classes out'):
        custom(path, num_classes=5)


def test_people_who_are_not_there_are_zeros(write):
    assert custom(write(layout='coco'), num_person=4).model.backbone.num_person == 4


def test_a_layout_from_a_file_goes_into_the_config(write, tmp_path):
    layout = dict(parents=[None, 0, 1])
    (tmp_path / 'three.json').write_text(json.dumps(layout))
    cfg = custom(write(3, 3), 'pretrain_custom', layout=str(tmp_path / 'three.json'))
    assert cfg.model.backbone.layout == cfg.model.data_preprocessor.layout == layout
    (tmp_path / 'three.json').unlink()
    assert MODELS.build(cfg.model).backbone.clip_shape == (2, 64, 3, 3)


def test_clips_without_labels_pretrain(write):
    path = write(layout='coco', labels=())
    assert custom(path, 'pretrain_custom').num_classes is None
    with pytest.raises(ConfigError, match=r'my\.pkl does not say num_classes: set num_classes'):
        custom(path)


@pytest.mark.parametrize(
    'given, message',
    [
        (dict(layout='openpose'), r'layout=openpose contradicts .*my\.pkl, where it is coco: leave layout out'),
        (dict(dimensions=3), r'dimensions=3 contradicts .*my\.pkl, where it is 2: leave dimensions out'),
        (dict(num_person=1), r'num_person=1 contradicts .*where it is 2: .*convert .* again with --num-person 1'),
        (dict(num_classes=2), 'num_classes=2 contradicts .*where it is 3: leave num_classes out'),
        (dict(num_classes=4), 'num_classes=4 contradicts .*where it is 3'),
        (dict(num_classes='three'), 'num_classes=three contradicts'),
        (dict(turn=True), 'clips of pixels are not turned'),
        (dict(turn='yes'), 'turn=yes: set turn to True or False'),
    ],
)
def test_contradictions(write, given, message):
    with pytest.raises(ConfigError, match=message):
        custom(write(layout='coco', classes=CLASSES), **given)


def test_a_layout_that_is_not_known_or_does_not_fit(write):
    with pytest.raises(ConfigError, match='does not say the layout of its joints: set layout to nturgb'):
        custom(write())
    with pytest.raises(ConfigError, match=r'layout=coco has 17 joints, clips of .* have 25: set layout'):
        custom(write(25), layout='coco')


def test_clips_of_both_kinds(write):
    path = write(layout='coco')
    with open(path, 'rb') as file:
        content = pickle.load(file)
    content['annotations'][0]['keypoint'] = np.ones((1, 9, 17, 3), np.float32)
    with open(path, 'wb') as file:
        pickle.dump(content, file)
    with pytest.raises(AnnotationError, match='clips of 2 and clips of 3 coordinates'):
        custom(path)


def test_a_model_is_loaded_by_the_config_that_its_run_wrote(write, tmp_path):
    path = write(layout='coco', classes=CLASSES)
    cfg = custom(path, **{'model.backbone.embed_dims': 16, 'model.cls_head.in_channels': 16})
    cfg.dump(tmp_path / 'written.py')
    checkpoint = tmp_path / 'weights.pth'
    init_default_scope('mmaction')
    torch.save(dict(state_dict=MODELS.build(cfg.model).state_dict()), checkpoint)
    small = read_config('linear_custom', {'model.backbone.embed_dims': 16, 'model.cls_head.in_channels': 16})
    small.ann_file, small.body, small.load_from = path, False, None
    assert load_model(small, checkpoint).backbone.clip_shape == (2, 64, 17, 2)
    (tmp_path / 'my.pkl').unlink()
    with pytest.raises(MissingFileError, match=r'no annotation file .*my\.pkl.* work_dirs/linear_custom/linear_custom'):
        load_model(small, checkpoint)
    assert load_model(str(tmp_path / 'written.py'), checkpoint).backbone.clip_shape == (2, 64, 17, 2)


@pytest.mark.parametrize(
    'given, built',
    [
        (dict(type='AmpOptimWrapper'), dict(type='MixedPrecisionOptimWrapper')),
        (
            dict(type='AmpOptimWrapper', loss_scale='dynamic'),
            dict(type='MixedPrecisionOptimWrapper', loss_scale='dynamic'),
        ),
        (dict(type='AmpOptimWrapper', dtype='float16'), dict(type='AmpOptimWrapper', dtype='float16')),
        (dict(type='OptimWrapper'), dict(type='OptimWrapper')),
    ],
)
def test_mixed_precision_is_ours_unless_its_type_is_given(given, built):
    assert complete(Config(dict(optim_wrapper=given))).optim_wrapper == built


@pytest.mark.skipif(torch.cuda.is_available(), reason="a GPU runs MMEngine's own")
def test_mmengines_plain_runner_takes_the_config_of_a_pretraining_on_a_cpu(tmp_path):
    cfg = read_config('pretrain_synthetic', {'model.backbone.embed_dims': 16, 'model.head.in_channels': 16})
    cfg.work_dir, cfg.launcher = str(tmp_path), 'none'
    runner = Runner.from_cfg(cfg)
    assert isinstance(runner.build_optim_wrapper(runner.optim_wrapper), MixedPrecisionOptimWrapper)


@pytest.mark.parametrize(
    'options, message',
    [
        ({'ann_file': 'x.pkl'}, r'linear_ntu60_2d\.py uses ann_file while it is read, and nothing reads it later\. Set '
                                r'train_dataloader\.dataset\.ann_file, val_dataloader\.dataset\.ann_file'),
        ({'train_clips.split': 'x'}, r'Set train_dataloader\.dataset\.split'),
        ({'resized.2.num_frames': 32}, r'Set train_dataloader\.dataset\.pipeline\.2\.num_frames'),
        ({'resized': []}, r'Set train_dataloader\.dataset\.pipeline, '),
        ({'num_classes': 5}, r'Set model\.cls_head\.num_classes\.'),
        ({'batch_size': 5}, r"has no 'batch_size'\. Set train_dataloader\.batch_size"),
        ({'default_hooks.checkpont.interval': 1}, "Did you mean 'checkpoint'"),
        ({'train_dataloader.pin_memoy': True}, "train_dataloader has no 'pin_memoy'. It has: batch_size"),
        ({'model.backbone.0': 1, 'train_dataloader.dataset.pipeline.0': 1}, 'Set .*pipeline as a whole'),
    ],
)  # fmt: skip
def test_what_cannot_take_effect(options, message):
    with pytest.raises(ConfigError, match=message):
        read_config('linear_ntu60_2d', options)
    cfg = Config.fromfile(find_config('linear_ntu60_2d'))
    if 'model.backbone.0' not in options:
        cfg.merge_from_dict(options)
        with pytest.raises(ConfigError, match=message):
            check_overrides(cfg)


@pytest.mark.parametrize(
    'options',
    [
        {'train_dataloader.pin_memory': True, 'env_cfg.cudnn_benchmark': True, 'compile': True},
        {'default_hooks.visualization.type': 'VisualizationHook', 'default_hooks.visualization.interval': 1},
        {'optim_wrapper.paramwise_cfg.custom_keys.backbone.lr_mult': 0.1, 'env_cfg.dist_cfg.timeout': 9},
        {'model.backbone': dict(type='STGCN', graph_cfg=dict(layout='coco')), 'param_scheduler': []},
    ],
)
def test_what_is_taken_that_the_file_does_not_have(options):
    check_overrides(read_config('linear_ntu60_2d', options))


def test_a_runner_refuses_before_it_builds(tmp_path):
    cfg = Config.fromfile(find_config('pretrain_synthetic'))
    cfg.work_dir, cfg.max_epochs = str(tmp_path), 3
    with pytest.raises(ConfigError, match=r'Set train_cfg\.max_epochs'):
        UsdrlRunner.from_cfg(cfg)
