"""The closed-form training of a classifier as MMEngine sees it: one epoch, a checkpoint, a validation."""

import json
from pathlib import Path

import pytest
import torch
from mmengine.runner import Runner

from usdrl_mmaction.engine.features import encode_all, in_order
from usdrl_mmaction.errors import ConfigError

FIT = {
    'train_cfg': dict(_delete_=True, type='FitLoop'),
    'param_scheduler': None,
    'custom_hooks': [],
    'model.cls_head.pooling': ('max', 'mean', 'std', 'parts'),
    'model.cls_head.num_classes': 3,
}


def test_it_fits_the_head_alone_writes_a_checkpoint_and_validates(tiny, tmp_path):
    runner = Runner.from_cfg(tiny('linear_ntu60', FIT))
    before = {key: value.clone() for key, value in runner.model.backbone.state_dict().items()}
    runner.train()
    head = runner.model.cls_head
    assert all(value.equal(before[key]) for key, value in runner.model.backbone.state_dict().items())
    assert head.fc.weight.shape == (3, 10 * 16) and head.fc.weight.any()
    saved = torch.load(tmp_path / 'work/epoch_1.pth', weights_only=True)['state_dict']
    assert saved['cls_head.fc.weight'].equal(head.fc.weight)
    (log,) = Path(runner.work_dir).glob('*/vis_data/scalars.json')
    logged = {name: value for line in log.open() for name, value in json.loads(line).items()}
    assert 0 <= logged['fit/left_out_accuracy'] <= 1 and logged['fit/strength'] > 0 and 'acc/top1' in logged
    # A test of the checkpoint, which encodes clips again, scores as the features do.
    features, samples = encode_all(runner.model, in_order(runner.val_loop.dataloader), head.pooling)
    predicted = head(features).argmax(1)
    right = [int(label) == int(sample.gt_label) for label, sample in zip(predicted, samples, strict=True)]
    test = Runner.from_cfg(tiny('linear_ntu60', FIT | {'load_from': str(tmp_path / 'work/epoch_1.pth')}))
    assert test.test()['acc/top1'] == pytest.approx(sum(right) / len(right)) == logged['acc/top1']


def test_noise_that_is_seen_in_training_is_recognised_again(tiny):
    runner = Runner.from_cfg(tiny('linear_ntu60', FIT | {'val_dataloader.dataset.split': 'xsub_train'}))
    runner.train()
    assert runner.val_loop.run()['acc/top1'] > 0.9


def test_a_label_beyond_the_classes_is_reported_by_its_clip(tiny):
    runner = Runner.from_cfg(tiny('linear_ntu60', FIT | {'model.cls_head.num_classes': 2}))
    with pytest.raises(ConfigError, match=r"Clip 'clip2' has the label 2, and the model has 2 classes"):
        runner.train()
