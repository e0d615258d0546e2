"""A checkpoint at SIGTERM and SIGINT, from which an interrupted run resumes without loss."""

import random
import signal
import threading
from pathlib import Path

import numpy as np
import torch
from mmaction.registry import HOOKS
from mmengine.dist import all_gather_object, all_reduce, get_rank, get_world_size, is_main_process
from mmengine.hooks import Hook

from usdrl_mmaction.checkpoints.saving import LAST, DraftBackend, last_good
from usdrl_mmaction.errors import SaveError

from ..runner import ResumableTrainLoop

SIGNALS = (signal.SIGTERM, signal.SIGINT)
FILE = 'interrupted.pth'


@HOOKS.register_module()
class InterruptHook(Hook):
    """At SIGTERM or SIGINT, lets the iteration end, writes a checkpoint and exits with 128 + the signal's number.

    Resumed by ``ResumableTrainLoop``, the run continues as if it had not been interrupted: the checkpoint holds the
    number of batches that were done, and every process's random state. A second signal ends the run at once. One that
    comes during validation ends the validation, which is not repeated.
    """

    priority = 'LOWEST'

    def __init__(self):
        self.received = 0
        self.previous = {}
        self.left_off = None
        self.done = None  # batches of the epoch, while there is one

    def after_load_checkpoint(self, runner, checkpoint):
        if runner._resume:
            self.left_off = checkpoint['meta'].get('left_off')

    def before_train(self, runner):
        if self.left_off:
            self.resume_epoch(runner)
        if threading.current_thread() is threading.main_thread():
            self.previous = {number: signal.signal(number, self.receive) for number in SIGNALS}

    def receive(self, number, frame):
        self.received = number
        self.restore()

    def restore(self):
        for number, handler in self.previous.items():
            signal.signal(number, handler)
        self.previous = {}

    def before_train_epoch(self, runner):
        self.done = getattr(runner.train_loop, 'done', 0)

    def after_train_iter(self, runner, batch_idx, data_batch=None, outputs=None):
        self.done = batch_idx + 1
        self.end_if_interrupted(runner, runner.iter + 1)

    def after_train_epoch(self, runner):
        self.done = None

    def after_val_iter(self, runner, batch_idx, data_batch=None, outputs=None):
        self.end_if_interrupted(runner, runner.iter)

    def after_failed_reading(self, runner):
        """``ResumableTrainLoop`` got no batch: the process that reads them has died, perhaps of the same signal."""
        if get_world_size() == 1:
            self.end(runner, runner.iter) if self.received else self.save(runner, runner.iter)

    def after_train(self, runner):
        self.restore()

    def end_if_interrupted(self, runner, iteration: int):
        """All processes have to end after the same iteration, whichever of them got a signal."""
        if get_world_size() > 1:
            received = torch.tensor(self.received)
            all_reduce(received, 'max')
            self.received = int(received)
        if self.received:
            self.end(runner, iteration)

    def end(self, runner, iteration: int):
        name, code = signal.Signals(self.received).name, 128 + self.received
        self.save(runner, iteration)
        runner.logger.warning(
            f'{name}: ended after iteration {iteration}, in epoch {runner.epoch + 1}. Saved {last_good(runner)}; '
            f'--resume continues from there. Exit code {code}.'
        )
        raise SystemExit(code)

    def save(self, runner, iteration: int):
        meta = {'epoch': runner.epoch, 'iter': iteration}
        if self.done is not None:
            states = all_gather_object(random_state())
            meta['left_off'] = {'done': self.done, 'of': len(runner.train_dataloader), 'random_states': states}
        try:
            runner.save_checkpoint(runner.work_dir, FILE, meta=meta, backend_args={'backend': 'draft'})
            if is_main_process():
                path = Path(runner.work_dir, FILE)
                DraftBackend().put(str(path).encode(), path.with_name(LAST))
        except OSError as error:
            raise SaveError(
                f'Ended after iteration {iteration}, but {FILE} cannot be written to {runner.work_dir}: '
                f'{error.strerror}. The last good checkpoint: {last_good(runner)}.'
            ) from error

    def resume_epoch(self, runner):
        loop, states = runner.train_loop, self.left_off['random_states']
        changed = (self.left_off['of'], len(states)) != (len(loop.dataloader), get_world_size())
        if changed or not isinstance(loop, ResumableTrainLoop):
            why = 'the batches or processes have changed' if changed else "train_cfg.type is not 'ResumableTrainLoop'"
            runner.logger.warning(f'Epoch {runner.epoch + 1}, which was interrupted, starts again: {why}.')
            return
        loop.done = self.left_off['done']

    def before_remaining_iters(self, runner):
        set_random_state(self.left_off['random_states'][get_rank()])


def random_state() -> dict:
    """The state of every generator of a process, in types that a checkpoint may hold."""
    name, keys, *rest = np.random.get_state()
    state = {'python': random.getstate(), 'numpy': (name, keys.tolist(), *rest), 'torch': torch.get_rng_state()}
    return state | ({'cuda': torch.cuda.get_rng_state()} if torch.cuda.is_available() else {})


def set_random_state(state: dict):
    random.setstate(state['python'])
    np.random.set_state(state['numpy'])
    torch.set_rng_state(state['torch'].cpu())
    if 'cuda' in state:
        torch.cuda.set_rng_state(state['cuda'].cpu())
