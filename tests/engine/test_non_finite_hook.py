"""A step that is not finite leaves no trace, is counted, and ends the run in the end, with what went wrong."""

import re
from itertools import pairwise
from pathlib import Path

import pytest
import torch
from mmengine.hooks import Hook
from mmengine.runner import Runner

from usdrl_mmaction.errors import TrainingError
from usdrl_mmaction.models import MPCT

FOUR_STEPS = {'train_cfg.max_epochs': 2, 'train_dataloader.batch_size': 8}


class Recorder(Hook):
    """Keeps all that a step may change, before the first step and after every one."""

    priority = 'VERY_LOW'

    def __init__(self):
        self.states = []

    def before_train(self, runner):
        self.keep(runner)

    def after_train_iter(self, runner, batch_idx, data_batch=None, outputs=None):
        self.keep(runner)

    def keep(self, runner):
        optimizer = runner.optim_wrapper.optimizer.state_dict()['state']
        moments = {f'{n}.{key}': value for n, state in optimizer.items() for key, value in state.items()}
        self.states.append({key: value.clone() for key, value in {**runner.model.state_dict(), **moments}.items()})

    def steps_taken(self) -> list[bool]:
        return [not same(a, b) for a, b in pairwise(self.states)]


def same(a, b):
    return a.keys() == b.keys() and all(value.equal(b[key]) for key, value in a.items())


def recorded(cfg):
    runner, recorder = Runner.from_cfg(cfg), Recorder()
    runner.register_hook(recorder)
    return runner, recorder


def spoil(monkeypatch, steps, how):
    """Changes the losses of some steps, counted from 0."""
    forward, calls = MPCT.forward, []

    def spoiled(self, inputs, data_samples=None, mode='tensor'):
        losses = forward(self, inputs, data_samples, mode)
        if mode == 'loss':
            how(losses) if len(calls) in steps else None
            calls.append(mode)
        return losses

    monkeypatch.setattr(MPCT, 'forward', spoiled)


def scale_by_nan(losses):
    losses['spatial_cross'] = losses['spatial_cross'] * torch.nan
    losses['loss'] = losses['loss'] * torch.nan


def add_infinity(losses):  # the gradient stays finite
    losses['spatial_cross'] = losses['spatial_cross'] + torch.inf
    losses['loss'] = losses['loss'] + torch.inf


class SteepSquareRoot(torch.autograd.Function):  # the loss stays finite
    @staticmethod
    def forward(ctx, x):
        return x

    @staticmethod
    def backward(ctx, gradient):
        return gradient * torch.inf


def steepen(losses):
    losses['loss'] = SteepSquareRoot.apply(losses['loss'])


@pytest.mark.parametrize(
    'how, named', [(scale_by_nan, r'loss \(spatial_cross\)'), (add_infinity, 'spatial_cross'), (steepen, 'gradient of')]
)
@pytest.mark.parametrize('wrapper', ['OptimWrapper', 'MixedPrecisionOptimWrapper'])
def test_a_skipped_step_leaves_no_trace(tiny, monkeypatch, caplog, how, named, wrapper):
    runner, recorder = recorded(tiny('pretrain_synthetic', {'optim_wrapper.type': wrapper, **FOUR_STEPS}))
    spoil(monkeypatch, [0, 2], how)
    runner.logger.addHandler(caplog.handler)
    runner.train()
    assert recorder.steps_taken() == [False, True, False, True]
    assert runner.message_hub.runtime_info['skipped_steps'] == 2
    assert all(value.isfinite().all() for value in recorder.states[-1].values())
    warnings = [record.getMessage() for record in caplog.records if 'Step skipped' in record.getMessage()]
    assert len(warnings) == 2
    (first,) = [text for text in warnings if 'epoch 1, iteration 1' in text]
    assert re.search(named, first) and 'clip' in first and '1 in a row, 1 in all' in first


def test_a_clip_that_is_not_finite_is_named_and_spoils_nothing(tiny, monkeypatch, caplog):
    runner, recorder = recorded(tiny('pretrain_synthetic', FOUR_STEPS))
    dataset = runner.train_dataloader.dataset
    item = type(dataset).__getitem__

    def broken(self, index):
        packed = item(self, index)
        if packed['data_samples'].frame_dir == 'clip3':
            packed['inputs'][..., 0, 0] = torch.nan
        return packed

    monkeypatch.setattr(type(dataset), '__getitem__', broken)
    runner.logger.addHandler(caplog.handler)
    runner.train()
    assert sorted(recorder.steps_taken()) == [False, False, True, True]  # the clip comes once an epoch
    assert all(value.isfinite().all() for value in recorder.states[-1].values())  # running statistics, too
    named = [text for text in caplog.messages if 'Step skipped' in text]
    assert [text.rpartition('Clips: ')[2] for text in named] == ['clip3 (not finite itself)'] * 2


def test_so_many_in_a_row_end_the_run_with_term_clips_and_checkpoint(tiny, monkeypatch):
    options = {**FOUR_STEPS, 'train_cfg.max_epochs': 4, 'default_hooks.non_finite.patience': 3}
    runner, recorder = recorded(tiny('pretrain_synthetic', options))
    spoil(monkeypatch, [0, 1, 3, 4, 5, 6], scale_by_nan)
    with pytest.raises(TrainingError) as error:
        runner.train()
    assert recorder.steps_taken() == [False, False, True, False, False]  # the hook stops the third before it is kept
    message, names = str(error.value).split('Clips of the batch: ')
    assert '3 steps in a row were skipped, the last in epoch 3, iteration 6: the loss (spatial_cross)' in message
    assert str(Path(runner.work_dir, 'epoch_2.pth')) in message
    assert len(set(names.split(', '))) == 8 and all(name.startswith('clip') for name in names.split(', '))


@pytest.mark.parametrize('fused', [True, False])
def test_steps_that_loss_scaling_skips_count(tiny, fused):
    runner, recorder = recorded(
        tiny('pretrain_synthetic', {**FOUR_STEPS, 'train_cfg.max_epochs': 3, 'optim_wrapper.optimizer.fused': fused})
    )
    runner.optim_wrapper = runner.build_optim_wrapper(runner.optim_wrapper)
    runner.optim_wrapper.cast_dtype = None
    runner.optim_wrapper.loss_scaler = torch.amp.GradScaler('cpu', init_scale=2.0**127, backoff_factor=2.0**-60)
    runner.train()
    taken = recorder.steps_taken()
    assert not taken[0] and all(taken[taken.index(True) :]) and taken[-1]
    assert runner.message_hub.runtime_info['skipped_steps'] == taken.count(False)


def test_an_accumulated_step_is_skipped_whole(tiny, monkeypatch):
    options = {**FOUR_STEPS, 'optim_wrapper.accumulative_counts': 2}
    runner, recorder = recorded(tiny('pretrain_synthetic', options))
    spoil(monkeypatch, [0], scale_by_nan)
    runner.train()
    weights = [state['backbone.spatial_position'] for state in recorder.states]
    assert [not a.equal(b) for a, b in pairwise(weights)] == [False, False, False, True]
