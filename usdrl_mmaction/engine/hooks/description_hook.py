"""Checkpoints that need nothing else to be asked, and nobody's code to be read."""

import numpy as np
import torch
from mmaction.models.recognizers import RecognizerGCN
from mmaction.registry import HOOKS
from mmengine.hooks import Hook
from mmengine.model import MMDistributedDataParallel

from usdrl_mmaction.checkpoints.describe import describe, histories, listed, plain, trained_on

from ..features import answers
from ..novelty import Novelty
from ..ridge import calibrate

ENOUGH = 20  # held-out clips that confidence is measured on


@HOOKS.register_module()
class DescriptionHook(Hook):
    """Writes into every checkpoint what its model is and how clips are prepared for it (``describe``), for a classifier
    also what it takes to say that a clip is unlike all of its training. The whole is plain data: ``torch.load`` reads
    it without MMEngine and without this package."""

    def before_save_checkpoint(self, runner, checkpoint):
        meta = checkpoint['meta']
        model = runner.model.module if isinstance(runner.model, MMDistributedDataParallel) else runner.model
        described = describe(runner.cfg, meta.get('dataset_meta') or {})
        described['trained'] = trained_on(runner.cfg, meta)
        is_classifier = isinstance(model, RecognizerGCN) and model.with_cls_head
        if is_classifier and 'left_off' not in meta and (novelty := novelty_of(runner, model)):
            described['unknown'] = novelty.described()
            labels = torch.from_numpy(novelty.labels)
            checkpoint['unknown'] = {'features': torch.from_numpy(novelty.features).half(), 'labels': labels}
        meta['description'] = listed(plain(described))
        for key in ('meta', 'message_hub', 'param_schedulers'):
            if key in checkpoint:
                checkpoint[key] = plain(checkpoint[key])

    def after_load_checkpoint(self, runner, checkpoint):
        if 'message_hub' in checkpoint:
            scalars = checkpoint['message_hub'].get('log_scalars', {})
            checkpoint['message_hub']['log_scalars'] = histories(scalars)


def novelty_of(runner, model) -> Novelty | None:
    """What a classifier's answers are compared with. Held-out clips say how sure it may be; without enough of them, the
    clips that it was trained on."""
    if hasattr(runner.train_loop, 'novelty'):
        return runner.train_loop.novelty
    training = model.training
    with torch.random.fork_rng(devices=[]):
        loader = runner.train_loop.dataloader
        features, labels, scores = answers(model, loader.dataset, loader.batch_size)
        others = ()
        if runner.val_loop is not None and len(runner.val_loop.dataloader.dataset) >= ENOUGH:
            others = answers(model, runner.val_loop.dataloader.dataset, runner.val_loop.dataloader.batch_size)
    model.train(training)
    _, truth, found = others or (features, labels, scores)
    if min(labels.min(), truth.min()) < 0 or not np.isfinite(found).all():
        return None
    factor = calibrate(found, truth)
    if others:
        return Novelty.held_out(features, labels, others, factor)
    return Novelty.left_out(features, labels, scores, factor)
