"""Training that can continue where it was interrupted, also within an epoch."""

import signal
import threading
from collections import deque
from contextlib import contextmanager
from itertools import islice

import torch
from mmaction.registry import LOOPS
from mmengine.runner import EpochBasedTrainLoop
from torch.utils.data import DataLoader
from torch.utils.data._utils.signal_handling import _error_if_any_worker_fails

from usdrl_mmaction.errors import ConfigError
from usdrl_mmaction.models import MPCT


@LOOPS.register_module()
class ResumableTrainLoop(EpochBasedTrainLoop):
    """``EpochBasedTrainLoop`` that skips the batches that were done when ``InterruptHook`` saved."""

    def __init__(self, runner, dataloader, **kwargs):
        super().__init__(runner, dataloader, **kwargs)
        self.done = 0  # batches of the coming epoch
        check_batches(self.dataloader, isinstance(getattr(runner.model, 'module', runner.model), MPCT))

    def run_epoch(self):
        self.runner.call_hook('before_train_epoch')
        self.runner.model.train()
        batches = enumerate(self.read())
        if self.done:
            self.runner.logger.info(f'Skipping batches that are done: {self.done} of {len(self.dataloader)}.')
            deque(islice(batches, self.done), maxlen=0)
            self.runner.call_hook('before_remaining_iters')
            self.done = 0
        for number, batch in batches:
            self.run_iter(number, batch)
        self.runner.call_hook('after_train_epoch')
        self._epoch += 1

    def read(self):
        """The batches. If one cannot be read, hooks may save first."""
        try:
            state = torch.get_rng_state()
            batches = iter(self.dataloader)
            torch.set_rng_state(state)  # torch draws a seed for new workers, and none for persistent ones
            while True:
                with dead_readers_raise():
                    batch = next(batches, None)
                if batch is None:
                    return
                yield batch
        except Exception:
            self.runner.call_hook('after_failed_reading')
            raise


@contextmanager
def dead_readers_raise():
    """Raises for a data loading process that has died, here and nowhere else.

    Torch raises wherever this process is, also while it writes a checkpoint. Here it must: a process that died while
    handing over a batch leaves a part of it, and waiting for the rest would never end.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    signal.signal(signal.SIGCHLD, lambda *_: _error_if_any_worker_fails())
    try:
        _error_if_any_worker_fails()  # died in between
        yield
    finally:
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)


def check_batches(loader: DataLoader, pretrains: bool):
    """Raises if there is no batch, or if one to pretrain on has a single clip, which has no batch statistics."""
    clips, size = len(loader.sampler), loader.batch_size
    if not len(loader):
        raise ConfigError(
            f'The clips to train on ({clips}) do not fill one batch of {size}: lower train_dataloader.batch_size.'
        )
    smallest = size if loader.drop_last or clips % size == 0 else clips % size
    if pretrains and smallest == 1:
        raise ConfigError(
            f'Of {clips} clips in batches of {size}, a batch of one is left, and pretraining compares the clips of a '
            'batch: set train_dataloader.drop_last=True, or another batch_size.'
        )
