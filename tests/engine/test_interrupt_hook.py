"""A run that is interrupted, at any point, resumes as if it had not been."""

import os
import random
import signal
import struct
import subprocess
import sys
import threading
import time
from multiprocessing.connection import Connection

import numpy as np
import pytest
import torch
from conftest import ROOT, losses
from mmengine.hooks import Hook
from mmengine.runner import Runner
from torch.utils.data import get_worker_info

from usdrl_mmaction.commands.common import one_line_errors
from usdrl_mmaction.engine.hooks.interrupt_hook import random_state, set_random_state

# 3 epochs of 4 batches; a rate that changes every step; views, DropPath and the order of the clips are random
THREE_EPOCHS = {
    'train_cfg.max_epochs': 3,
    'train_dataloader.batch_size': 4,
    'param_scheduler': [dict(type='CosineAnnealingLR', T_max=3, by_epoch=True, convert_to_iter_based=True)],
    'default_hooks.logger.interval': 1,
    'default_hooks.checkpoint.interval': 2,
}


class Signal(Hook):
    """Sends this process a signal while it trains on a batch, or validates."""

    def __init__(self, number, at, where='after_train_iter'):
        self.number, self.at, self.calls = number, at, 0
        setattr(self, where, self.count)

    def count(self, runner, **_):
        self.calls += 1
        if self.calls == self.at:
            os.kill(os.getpid(), self.number)


class Fault(Hook):
    """Ends the run after some steps, without a checkpoint."""

    def __init__(self, steps):
        self.steps = steps

    def after_train_iter(self, runner, **_):
        1 / (self.steps - 1 - runner.iter)


def train(tiny, options, *hooks):
    runner = Runner.from_cfg(tiny('pretrain_synthetic', {**THREE_EPOCHS, **options}))
    for hook in hooks:
        runner.register_hook(hook, priority='NORMAL')
    runner.train()
    return runner


def everything(runner):
    optimizer = runner.optim_wrapper.optimizer.state_dict()['state']
    moments = {f'{n}.{key}': value for n, state in optimizer.items() for key, value in state.items()}
    return {**runner.model.state_dict(), **moments}


def test_with_persistent_readers_a_run_resumes_bit_for_bit(tiny, tmp_path):
    """Torch draws a random number when it starts processes that read data, and none when they go on."""
    options = {'train_dataloader.num_workers': 1, 'train_dataloader.persistent_workers': True}
    expected = everything(train(tiny, {**options, 'work_dir': str(tmp_path / 'whole')}))
    options |= {'work_dir': str(tmp_path / 'parts'), 'default_hooks.checkpoint.interval': 1}
    with pytest.raises(ZeroDivisionError):
        train(tiny, options, Fault(6))  # in the second epoch
    resumed = train(tiny, {**options, 'resume': True})
    assert all(value.equal(expected[key]) for key, value in everything(resumed).items())


def test_wherever_it_ended_it_resumes_bit_for_bit(tiny, tmp_path):
    whole = train(tiny, {'work_dir': str(tmp_path / 'whole')})
    options = {'work_dir': str(tmp_path / 'parts'), 'resume': True}
    handlers = [signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)]
    done = 0
    # within the first epoch, at its end, within the second, and right after that
    ends = (signal.SIGTERM, 2), (signal.SIGINT, 2), (signal.SIGTERM, 2), (signal.SIGTERM, 1)
    for number, steps in ends:
        with pytest.raises(SystemExit) as exit_:
            train(tiny, options, Signal(number, steps))
        done += steps
        assert exit_.value.code == 128 + number
        assert (tmp_path / 'parts/last_checkpoint').read_text() == str(tmp_path / 'parts/interrupted.pth')
        assert sorted(losses(tmp_path / 'parts')) == list(range(1, done + 1))
    assert [signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)] == handlers
    resumed = train(tiny, options)
    assert losses(tmp_path / 'parts') == losses(tmp_path / 'whole') and len(losses(tmp_path / 'whole')) == 12
    expected = everything(whole)
    assert all(value.equal(expected[key]) for key, value in everything(resumed).items())
    assert resumed.param_schedulers[0].last_step == whole.param_schedulers[0].last_step


def test_with_another_batch_size_the_epoch_starts_again(tiny, tmp_path, caplog):
    with pytest.raises(SystemExit):
        train(tiny, {}, Signal(signal.SIGTERM, 6))
    options = {'resume': True, 'train_dataloader.batch_size': 8}
    runner = Runner.from_cfg(tiny('pretrain_synthetic', {**THREE_EPOCHS, **options}))
    runner.logger.addHandler(caplog.handler)
    runner.train()
    assert any('Epoch 2, which was interrupted, starts again: the batches' in text for text in caplog.messages)
    assert runner.iter == 6 + 2 * 2


def test_a_run_begun_with_an_interrupted_checkpoint_trains_on_every_batch(tiny, tmp_path):
    with pytest.raises(SystemExit):
        train(tiny, {}, Signal(signal.SIGTERM, 6))
    runner = train(tiny, {'work_dir': str(tmp_path / 'b'), 'load_from': str(tmp_path / 'work/interrupted.pth')})
    assert runner.iter == 12


def test_validation_is_ended_as_well(tiny):
    options = {'train_cfg.val_interval': 1, 'custom_hooks': [], 'default_hooks.checkpoint.interval': 10}
    cfg = tiny('linear_ntu60', {**options, 'val_dataloader.batch_size': 2})
    runner = Runner.from_cfg(cfg)
    runner.register_hook(Signal(signal.SIGTERM, 2, 'after_val_iter'))
    with pytest.raises(SystemExit):
        runner.train()
    runner = Runner.from_cfg(tiny('linear_ntu60', {**options, 'resume': True}))
    runner.train()
    assert (runner.epoch, runner.iter) == (2, 4)


def test_a_signal_while_the_training_ends_changes_nothing(tiny):
    handler = signal.getsignal(signal.SIGTERM)
    runner = train(tiny, {}, Signal(signal.SIGTERM, 3, 'after_train_epoch'))
    assert runner.iter == 12 and signal.getsignal(signal.SIGTERM) is handler


def test_random_states_come_back():
    def draw():
        return random.random(), np.random.rand(), torch.rand(()).item(), random.gauss(0, 1), np.random.randn()

    draw()
    state = random_state()
    first = [draw() for _ in range(3)]
    set_random_state(state)
    assert [draw() for _ in range(3)] == first


def test_a_signal_to_those_that_read_data_as_well(tiny, tmp_path):
    """As a cluster's scheduler, and Ctrl-C in a terminal, send it."""
    options = {
        **THREE_EPOCHS,
        'log_level': 'INFO',
        'train_cfg.max_epochs': 500,
        'train_dataloader.num_workers': 2,
        'train_dataloader.persistent_workers': True,
    }
    tiny('pretrain_synthetic', options).dump(tmp_path / 'config.py')
    command = [sys.executable, 'tools/train.py', tmp_path / 'config.py', '--work-dir', tmp_path / 'work', '--seed', '1']
    process = subprocess.Popen(
        command, cwd=ROOT, start_new_session=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    while not (tmp_path / 'work/epoch_2.pth').exists():
        assert process.poll() is None
        time.sleep(0.02)
    os.killpg(process.pid, signal.SIGTERM)
    output, _ = process.communicate(timeout=60)
    assert process.returncode == 143
    assert 'SIGTERM: ended after iteration' in output and 'interrupted.pth; --resume continues from there' in output
    assert 'Traceback' not in output and 'killed by signal' not in output
    meta = torch.load(tmp_path / 'work/interrupted.pth')['meta']
    assert meta['iter'] == 4 * meta['epoch'] + meta['left_off']['done']


def test_a_process_that_reads_data_dies_and_nothing_is_lost(tiny, tmp_path):
    class Kill(Hook):
        def after_train_iter(self, runner, **_):
            if runner.iter + 1 == 6:
                os.kill(runner.train_loop.dataloader._iterator._workers[0].pid, signal.SIGKILL)

    options = {'train_dataloader.num_workers': 1, 'train_dataloader.persistent_workers': True}
    with pytest.raises(SystemExit, match='lower num_workers'), one_line_errors():
        train(tiny, {**options, 'work_dir': str(tmp_path / 'parts')}, Kill())
    left = torch.load(tmp_path / 'parts/interrupted.pth')['meta']
    assert 6 <= left['iter'] <= 8  # what had been read was trained on
    train(tiny, {**options, 'work_dir': str(tmp_path / 'parts'), 'resume': True})
    train(tiny, {**options, 'work_dir': str(tmp_path / 'whole')})
    assert losses(tmp_path / 'parts') == losses(tmp_path / 'whole') and len(losses(tmp_path / 'whole')) == 12


def test_a_process_dies_halfway_through_handing_over_a_batch(tiny, tmp_path, monkeypatch):
    """The rest never comes, and the other process keeps the pipe open: one must not wait for it."""
    stock, handed = Connection._send_bytes, []

    def send(connection, message):
        if threading.current_thread().name == 'QueueFeederThread' and get_worker_info():
            handed.append(message)  # two batches, that the second epoch may start, and a batch
            if get_worker_info().id == 0 and len(handed) == 4:
                connection._send(struct.pack('!i', len(message)) + bytes(message[: len(message) // 2]))
                os.kill(os.getpid(), signal.SIGKILL)
        stock(connection, message)

    monkeypatch.setattr(Connection, '_send_bytes', send)
    options = {'train_dataloader.num_workers': 2, 'train_dataloader.persistent_workers': True}
    with pytest.raises(SystemExit, match='lower num_workers'), one_line_errors():
        train(tiny, {**options, 'work_dir': str(tmp_path)})
    assert (tmp_path / 'interrupted.pth').exists()
