"""Skips optimizer steps that are not finite, which would spoil the weights."""

import torch
from mmaction.registry import HOOKS
from mmengine.dist import all_reduce
from mmengine.hooks import Hook
from torch import Tensor, nn
from torch.nn.utils import get_total_norm

from usdrl_mmaction.checkpoints.saving import last_good
from usdrl_mmaction.errors import TrainingError

SHOWN = 5  # names in a warning


@HOOKS.register_module()
class NonFiniteHook(Hook):
    """Skips a step whose loss or gradient is not finite: parameters, buffers and the optimizer's state stay as they
    were. The steps that loss scaling skips count as well; with float16, the first few are how it finds its scale.

    Args:
        patience (int): The run stops after so many such steps in a row.
    """

    priority = 'HIGH'

    def __init__(self, patience=20):
        self.patience = patience
        self.in_a_row = self.total = 0

    def before_train(self, runner):
        self.model, self.optimizer = runner.model, runner.optim_wrapper.optimizer
        self.buffers = list(self.model.buffers())
        self.handles = [
            self.model.register_forward_hook(self.check_losses),
            self.optimizer.register_step_pre_hook(self.check_gradients),
        ]
        self.start_step()

    def after_train(self, runner):
        for handle in self.handles:
            handle.remove()

    def start_step(self):
        """A step has several iterations if gradients are accumulated."""
        self.batches, self.finite, self.taken, self.cause = [], True, False, ''
        self.before = [buffer.clone() for buffer in self.buffers]

    def check_losses(self, model: nn.Module, inputs: tuple, losses: dict):
        in_training = model.training and isinstance(losses, dict)
        if in_training and not is_finite(sum(map(total, losses.values()))):
            wrong = [name for name, value in losses.items() if not is_finite(total(value))]
            terms = [name for name in wrong if name != 'loss']
            self.finite, self.cause = False, f'the loss ({", ".join(terms or wrong)})'

    def check_gradients(self, optimizer: torch.optim.Optimizer, args: tuple, kwargs: dict):
        parameters = [value for group in optimizer.param_groups for value in group['params'] if value.grad is not None]
        largest = get_total_norm([value.grad for value in parameters], norm_type=torch.inf)
        finite = (largest.isfinite() & self.finite).int()
        all_reduce(finite, 'min')  # all processes take the step, or none
        self.taken = bool(finite)
        if self.taken:
            return
        gradients = {name: value.grad for name, value in self.model.named_parameters() if value.grad is not None}
        wrong = [name for name, gradient in gradients.items() if not is_finite(gradient)]
        self.cause = self.cause or f'the gradient of {listed(wrong)}'
        for value in parameters:
            value.grad = None  # an optimizer passes over parameters without one

    def after_train_iter(self, runner, batch_idx, data_batch=None, outputs=None):
        self.batches.append(data_batch)
        if not runner.optim_wrapper.should_update():
            return
        if self.taken:
            self.in_a_row = 0
        else:
            self.skip(runner)
        self.start_step()

    @torch.no_grad()
    def skip(self, runner):
        for buffer, before in zip(self.buffers, self.before, strict=True):
            buffer.copy_(before)
        self.in_a_row, self.total = self.in_a_row + 1, self.total + 1
        runner.message_hub.update_info('skipped_steps', self.total)
        where = f'epoch {runner.epoch + 1}, iteration {runner.iter + 1}'
        clips = [name for batch in self.batches for name in names_of(batch)]
        what = f'{self.cause or "the scaled gradient"} is not finite'
        runner.logger.warning(
            f'Step skipped in {where}: {what} ({self.in_a_row} in a row, {self.total} in all). Clips: {listed(clips)}'
        )
        if self.in_a_row >= self.patience:
            raise TrainingError(
                f'{self.in_a_row} steps in a row were skipped, the last in {where}: {what}. Check these clips with '
                'usdrl inspect, lower the learning rate, or train without mixed precision. The last good checkpoint: '
                f'{last_good(runner)}. Clips of the batch: {", ".join(clips)}'
            )


def total(loss: Tensor | list[Tensor]) -> Tensor:
    return sum(part.detach().sum() for part in (loss if isinstance(loss, list) else [loss]))


def is_finite(value: Tensor) -> bool:
    return bool(value.isfinite().all())


def names_of(data_batch: dict) -> list[str]:
    """The names of a batch's clips; of clips with NaN or infinite coordinates alone, if there are any."""
    samples, inputs = data_batch['data_samples'], data_batch['inputs']
    names = [str(sample.get('frame_dir', f'number {place} of the batch')) for place, sample in enumerate(samples)]
    broken = [name for name, clip in zip(names, inputs, strict=True) if not is_finite(clip)]
    return [f'{name} (not finite itself)' for name in broken] or names


def listed(names: list[str]) -> str:
    more = len(names) - SHOWN
    return ', '.join(names[:SHOWN]) + (f' and {more} more' if more > 0 else '')
