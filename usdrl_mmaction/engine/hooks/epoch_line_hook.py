"""A short log of training: one line an epoch."""

import time

from mmaction.registry import HOOKS
from mmengine.dist import is_main_process
from mmengine.hooks import Hook

SHOWN = 4  # metrics


@HOOKS.register_module()
class EpochLineHook(Hook):
    """Prints a line for each epoch: its loss, and the metrics of the validation if there was one."""

    priority = 'LOWEST'

    def before_train_epoch(self, runner):
        self.losses, self.start = [], time.monotonic()

    def after_train_iter(self, runner, batch_idx, data_batch=None, outputs=None):
        if outputs and 'loss' in outputs:
            self.losses.append(float(outputs['loss'].detach()))

    def after_train_epoch(self, runner):
        loop = runner.train_loop
        loss = f'  loss: {sum(self.losses) / len(self.losses):.4g}' if self.losses else ''
        self.line = f'epoch {runner.epoch + 1}/{runner.max_epochs}{loss}'
        validates = runner.val_loop is not None and (
            (runner.epoch + 1) % loop.val_interval == 0 or runner.epoch + 1 == runner.max_epochs
        )
        if not validates or runner.epoch + 1 < loop.val_begin:
            self.print({})

    def after_val_epoch(self, runner, metrics=None):
        self.print(metrics or {})

    def after_train(self, runner):
        if is_main_process():
            print(f'saved in {runner.work_dir}; usdrl infer RECORDING --model {runner.work_dir} asks the model')

    def print(self, metrics: dict):
        if is_main_process():
            numbers = [f'{name}: {value:.4f}' for name, value in metrics.items() if isinstance(value, int | float)]
            print('  '.join([self.line, *numbers[:SHOWN], f'{time.monotonic() - self.start:.0f} s']), flush=True)
