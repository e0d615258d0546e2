"""Fits the whitening of an encoder to the clips that it is pretrained on."""

import torch
from mmaction.registry import HOOKS
from mmengine.hooks import Hook
from mmengine.model import is_model_wrapper

from usdrl_mmaction.models.backbones.whitening import EVERY

from .embedding_health_hook import some_clips, whole_clips


@HOOKS.register_module()
class WhiteningHook(Hook):
    """After each epoch of pretraining, fits the whitening of an encoder with ``whiten=True`` to some of the training
    clips, seen whole.

    Args:
        num_clips (int): How many of them, evenly spread.
    """

    def __init__(self, num_clips=2048):
        self.num_clips = num_clips

    @torch.no_grad()
    def after_train_epoch(self, runner):
        model = runner.model.module if is_model_wrapper(runner.model) else runner.model
        if getattr(model.backbone, 'whitening', None) is None:
            return
        loader = some_clips(runner.train_dataloader.dataset, self.num_clips)
        model.eval()
        features = torch.cat([whole_clips(model, data).pooled(EVERY) for data in loader])
        model.train()
        model.backbone.whitening.fit(features[features.isfinite().all(1)])
