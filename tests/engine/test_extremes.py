"""Clips, labels and batches at the edge of what there is train to a stated result, or are refused by name."""

import json
import pickle
from pathlib import Path

import numpy as np
import pytest
import torch
from mmengine.runner import Runner

from usdrl_mmaction.errors import AnnotationError, ConfigError

PRETRAIN, LINEAR = 'pretrain_synthetic', 'linear_ntu60'


def clip(number, persons=1, frames=30, joints=25, label=None, value=None, dtype=np.float32):
    rng = np.random.default_rng(number)
    keypoint = rng.normal(size=(persons, frames, joints, 3)).astype(np.float16).astype(dtype)
    if value is not None:
        keypoint[:, frames // 2 :] = value
    label = number % 3 if label is None else label
    return dict(frame_dir=f'clip{number}', label=label, total_frames=frames, keypoint=keypoint)


SOUND = [clip(number) for number in range(16)]


@pytest.fixture
def fit(tiny, tmp_path):
    """Trains on clips; the runner."""

    def run(name, clips, options=None, **split):
        names = [item['frame_dir'] for item in clips]
        split = {'xsub_train': names, 'xsub_val': names} | split
        path = tmp_path / 'extreme.pkl'
        path.write_bytes(pickle.dumps({'split': split, 'annotations': clips}))
        files = {
            f'{loader}_dataloader.dataset.ann_file': str(path) for loader in ('train', 'val') if name == LINEAR
        } or {'train_dataloader.dataset.ann_file': str(path)}
        runner = Runner.from_cfg(tiny(name, {**files, **(options or {})}))
        runner.train()
        assert all(value.isfinite().all() for value in runner.model.state_dict().values())
        assert runner.epoch == 2 and np.isfinite(runner.message_hub.get_scalar('train/loss').data[0]).any()
        return runner

    return run


UNUSUAL = {
    'one frame': [clip(0, frames=1), *SOUND[1:]],
    'one frame each': [clip(number, frames=1) for number in range(16)],
    'nobody, in zeros': [clip(0, value=0), dict(SOUND[1], keypoint=np.zeros((1, 30, 25, 3), np.float32)), *SOUND[2:]],
    'nobody, in no rows': [clip(0, persons=0), *SOUND[1:]],
    'more people than the model takes': [clip(0, persons=5), *SOUND[1:]],
    '100,000 frames': [clip(0, frames=100_000), *SOUND[1:]],
    'one class': [clip(number, label=0) for number in range(16)],
}


@pytest.mark.parametrize('clips', UNUSUAL.values(), ids=UNUSUAL)
@pytest.mark.parametrize('name', [PRETRAIN, LINEAR])
def test_unusual_clips_train(fit, name, clips):
    assert 'skipped_steps' not in fit(name, clips).message_hub.runtime_info


def test_a_classifier_of_one_class_is_always_right(fit):
    runner = fit(LINEAR, UNUSUAL['one class'], {'model.cls_head.num_classes': 1, 'train_cfg.val_interval': 1})
    assert runner.message_hub.get_scalar('train/loss').current() == 0
    assert runner.message_hub.get_scalar('val/acc/top1').current() == 1


@pytest.mark.parametrize('value', [np.nan, np.inf])
@pytest.mark.parametrize('name', [PRETRAIN, LINEAR])
def test_the_batch_of_a_clip_that_is_not_finite_is_left_out(fit, name, value):
    runner = fit(name, [clip(0, value=value), *SOUND[1:]], {'default_hooks.checkpoint.interval': 1})
    assert runner.message_hub.runtime_info['skipped_steps'] == 2  # once an epoch


@pytest.mark.parametrize('dtype', [np.float16, np.float64])
@pytest.mark.parametrize('name', [PRETRAIN, LINEAR])
def test_numbers_of_other_sizes_give_the_same_weights(fit, name, dtype):
    expected = fit(name, SOUND).model.state_dict()
    found = fit(name, [clip(number, dtype=dtype) for number in range(16)]).model.state_dict()
    for key, value in expected.items():
        torch.testing.assert_close(found[key], value, msg=key)


def test_300_joints(fit, tmp_path):
    layout = str(tmp_path / 'chain.json')  # written out in the config, MMEngine would format it for half a minute
    Path(layout).write_text(json.dumps({'parents': [None, *range(299)]}))
    pipeline = [
        dict(type='PoseDecode'),
        dict(type='NormalizeSkeleton', layout=layout),
        dict(type='ResizeFrames', num_frames=64),
        dict(type='FormatGCNInput', num_person=2),
        dict(type='PackActionInputs'),
    ]
    pipelines = {f'{loader}_dataloader.dataset.pipeline': pipeline for loader in ('train', 'val')}
    clips = [clip(number, joints=300) for number in range(4)]
    fit(LINEAR, clips, {'model.backbone.layout': layout, **pipelines})


@pytest.mark.parametrize('label', [60, 1000, -1])
def test_a_label_without_a_class_is_named(fit, label):
    with pytest.raises(ConfigError, match=rf"'clip5' has the label {label}, .* 60 classes, 0 to 59"):
        fit(LINEAR, [*SOUND[:5], clip(5, label=label), *SOUND[6:]])


def test_a_label_means_nothing_to_pretraining(fit):
    fit(PRETRAIN, [*SOUND[:5], clip(5, label=-1), *SOUND[6:]])


def test_a_classifier_trains_on_batches_of_one(fit):
    assert fit(LINEAR, SOUND[:4], {'train_dataloader.batch_size': 1}).iter == 8


@pytest.mark.parametrize('size', [1, 5, 15])
def test_pretraining_refuses_a_batch_of_one_before_it_starts(fit, size):
    options = {'train_dataloader.batch_size': size, 'train_dataloader.drop_last': size == 1}
    with pytest.raises(ConfigError, match=f'Of 16 clips in batches of {size}, a batch of one is left'):
        fit(PRETRAIN, SOUND, options)


def test_fewer_clips_than_a_batch(fit):
    with pytest.raises(ConfigError, match=r'The clips to train on \(16\) do not fill one batch of 100'):
        fit(PRETRAIN, SOUND, {'train_dataloader.batch_size': 100})


@pytest.mark.parametrize('split', ['xsub_train', 'xsub_val'])
def test_an_empty_split(fit, split):
    with pytest.raises(AnnotationError, match=f"none of the 0 names of split '{split}'"):
        fit(LINEAR, SOUND, **{split: []})
