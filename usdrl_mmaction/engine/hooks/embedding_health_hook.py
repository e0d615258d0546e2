"""Measures the embedding while it is pretrained, and stops a run whose embedding has collapsed."""

import logging
from pathlib import Path

import numpy as np
import torch
from mmaction.registry import DATASETS, HOOKS
from mmengine.dataset import pseudo_collate
from mmengine.dist import is_main_process
from mmengine.hooks import Hook
from mmengine.logging import print_log
from mmengine.model import is_model_wrapper
from torch import Tensor
from torch.distributed.fsdp import FullyShardedDataParallel
from torch.utils.data import DataLoader, Dataset, Subset

from usdrl_mmaction.errors import TrainingError
from usdrl_mmaction.files import replacing
from usdrl_mmaction.models import StreamFeatures

from ..health import alignment, effective_rank, neighbour_accuracy, spread, uniformity

PANELS = {
    'loss': 'loss, mean since the last point',
    'effective_rank': 'effective rank (1: collapsed)',
    'spread': 'spread on the sphere (0: collapsed)',
    'alignment': 'alignment of views (0: equal)',
    'uniformity': 'uniformity (0: collapsed)',
    'neighbour': '1-NN accuracy among the clips',
}


@HOOKS.register_module()
class EmbeddingHealthHook(Hook):
    """Embeds some held-out clips every few epochs: logs the measures of ``usdrl_mmaction.engine.health``, plots them
    over the epochs in ``health.png``, and stops a run that has collapsed.

    Args:
        split (str): The split of the training data set that the clips are from.
        num_clips (int): How many of its clips, evenly spread.
        interval (int): Epochs between two measurements; the last epoch is always measured.
        min_rank (float): The run stops when the effective rank falls below; after the last epoch it only warns.
    """

    def __init__(self, split, num_clips=512, interval=5, min_rank=2.0):
        self.split = split
        self.num_clips = num_clips
        self.interval = interval
        self.min_rank = min_rank

    def before_train(self, runner):
        clips = DATASETS.build({**runner.cfg.train_dataloader.dataset, 'split': self.split})
        self.loader = some_clips(clips, self.num_clips)
        self.losses = []
        self.sharded = isinstance(runner.model, FullyShardedDataParallel)
        if self.sharded:
            runner.logger.warning('Embedding health is not measured: the weights are sharded over processes (FSDP).')

    def after_train_iter(self, runner, batch_idx, data_batch=None, outputs=None):
        if torch.isfinite(outputs['loss']):  # else the step was skipped
            self.losses.append(outputs['loss'].item())
        self.terms = {name: float(value) for name, value in outputs.items() if name != 'loss'}

    def after_train_epoch(self, runner):
        due = self.every_n_epochs(runner, self.interval) or self.is_last_train_epoch(runner)
        if not due or not is_main_process() or self.sharded:
            return
        loss = float(np.mean(self.losses or [np.nan]))
        point = {'epoch': runner.epoch + 1, 'loss': loss, **self.measure(runner.model)}
        self.losses.clear()
        history = [*runner.message_hub.runtime_info.get('health', []), point]
        runner.message_hub.update_info('health', history)
        numbers = {f'health/{name}': value for name, value in point.items() if name in PANELS and name != 'loss'}
        runner.visualizer.add_scalars(numbers, step=runner.epoch + 1)
        runner.logger.info('Health: ' + ', '.join(f'{name[7:]} {value:.3f}' for name, value in numbers.items()))
        draw(history, Path(runner.work_dir, 'health.png'))
        if point['effective_rank'] >= self.min_rank:
            return
        terms = ', '.join(f'{name} {value:.3g}' for name, value in self.terms.items())
        message = (
            f'The embedding has collapsed: in epoch {runner.epoch + 1} its effective rank is '
            f'{point["effective_rank"]:.2f}, below min_rank={self.min_rank}, while the loss is {loss:.4g} ({terms}). '
            "Open health.png in the work dir. If the rank fell slowly, raise the head's variance_weight or "
            'cross_weight; if at once, lower the learning rate, use milder augmentations or a larger batch. '
            'Checkpoints that were saved are untouched.'
        )
        if not self.is_last_train_epoch(runner):
            raise TrainingError(message)
        runner.logger.warning(message)

    @torch.no_grad()
    def measure(self, model) -> dict[str, float]:
        model = model.module if is_model_wrapper(model) else model
        was_training = model.training
        model.eval()
        with torch.random.fork_rng():  # the same views each time, and training's random numbers are left alone
            torch.manual_seed(0)
            batches = [embed(model, data) for data in self.loader]
        model.train(was_training)
        features, views, labels = zip(*batches, strict=True)
        features, views, labels = torch.cat(features).float(), torch.cat(views, dim=1).float(), torch.cat(labels)
        finite = features.isfinite().all(1) & views.isfinite().all(2).all(0)  # (N,)
        if not finite.all():
            count = int((~finite).sum())
            print_log(f'Held-out clips left out of the measures, not finite: {count}.', 'current', logging.WARNING)
            features, views, labels = features[finite], views[:, finite], labels[finite.to(labels.device)]
        numbers = {
            'effective_rank': effective_rank(features),
            'spread': spread(features),
            'alignment': alignment(views),
            'uniformity': uniformity(features),
        }
        if (labels >= 0).all():
            numbers['neighbour'] = neighbour_accuracy(features, labels.to(features.device))
        return numbers


def some_clips(clips: Dataset, number: int) -> DataLoader:
    """Batches of so many clips, evenly spread."""
    chosen = np.unique(np.linspace(0, len(clips) - 1, number).astype(int))
    return DataLoader(Subset(clips, chosen.tolist()), 64, collate_fn=pseudo_collate)


def embed(model, data: dict) -> tuple[Tensor, Tensor, Tensor]:
    """Pooled features of whole clips and of their views, and labels.  # (N, 2D), (views, N, 2D), (N,)"""
    whole = whole_clips(model, data).pooled()
    views = model.encode(model.data_preprocessor(data, True)['inputs']).pooled()
    return whole, views, torch.cat([sample.gt_label for sample in data['data_samples']])


def whole_clips(model, data: dict) -> StreamFeatures:
    """The streams of whole clips, whose pooled features are not whitened."""
    return StreamFeatures(*model.encode_as(model.data_preprocessor(data, False)['inputs'], model.views[-1]))


def draw(history: list[dict], path: Path):
    from matplotlib.figure import Figure  # drawn at the end: it takes long to import

    figure = Figure(figsize=(11, 6), layout='constrained')
    for axes, (name, title) in zip(figure.subplots(2, 3).flat, PANELS.items(), strict=True):
        measured = [point for point in history if name in point]
        axes.plot([point['epoch'] for point in measured], [point[name] for point in measured], marker='.')
        axes.set_title(title, fontsize=10)
        axes.set_xlabel('epoch')
        axes.grid(alpha=0.3)
    with replacing(path) as draft:
        figure.savefig(draft, format='png', dpi=100)
