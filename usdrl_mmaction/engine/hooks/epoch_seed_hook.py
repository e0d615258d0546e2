"""Random numbers that depend on the epoch alone, so that a resumed run draws what an uninterrupted one would have."""

import random

import numpy as np
import torch
from mmaction.registry import HOOKS
from mmengine.device import get_device
from mmengine.dist import get_rank
from mmengine.hooks import Hook

from usdrl_mmaction.models.layers import PRODUCT


@HOOKS.register_module()
class EpochSeedHook(Hook):
    """Seeds every epoch from the run's seed, the epoch and the process.

    Views, DropPath and the order of the clips then depend on nothing that a checkpoint would have to hold. How products
    are rounded does: see ``Product``.
    """

    def after_load_checkpoint(self, runner, checkpoint):
        meta = checkpoint.get('meta')
        if runner._resume and isinstance(meta, dict):
            PRODUCT.resume(meta.get('product'))

    def before_save_checkpoint(self, runner, checkpoint):
        checkpoint['meta']['product'] = PRODUCT.name()

    def before_train(self, runner):
        if get_device() == 'cpu':
            runner.logger.info(f'Products in float32 are computed by {PRODUCT}.')
        runner.train_dataloader.sampler.seed = runner.seed  # built before resuming, which may have changed the seed

    def before_train_epoch(self, runner):
        seed = int(np.random.SeedSequence([runner.seed, runner.epoch, get_rank()]).generate_state(1)[0])
        random.seed(seed)
        np.random.seed(seed)
        torch.manual_seed(seed)
