"""Features of a frozen encoder, computed once instead of every epoch."""

import logging

from mmaction.registry import HOOKS
from mmengine.dataset import DefaultSampler, pseudo_collate
from mmengine.hooks import Hook
from mmengine.logging import print_log
from mmengine.model import is_model_wrapper
from torch.utils.data import DataLoader

from ..features import encode_all, in_order


@HOOKS.register_module()
class FeatureCacheHook(Hook):
    """Encodes every clip once before training; the loops then read the features from memory.

    For a ``FrozenRecognizer`` and a pipeline that draws nothing at random: the result is the same.
    """

    def before_train(self, runner):
        runner.train_loop.dataloader = self.cached(runner, runner.train_loop.dataloader, shuffle=True)
        if runner.val_loop is not None:
            runner.val_loop.dataloader = self.cached(runner, runner.val_loop.dataloader, shuffle=False)

    def cached(self, runner, loader: DataLoader, shuffle: bool) -> DataLoader:
        """A loader like this one, of the features of its data set."""
        print_log(f'Encoding each clip once, not every epoch. Clips: {len(loader.dataset)}.', 'current', logging.INFO)
        model = runner.model.module if is_model_wrapper(runner.model) else runner.model
        features, samples = encode_all(model, in_order(loader), model.cls_head.pooling)
        items = [
            {'inputs': feature[None], 'data_samples': sample.cpu()}
            for feature, sample in zip(features.cpu(), samples, strict=True)
        ]
        dataset, sampler = Features(items), DefaultSampler(items, shuffle, seed=runner.seed)
        dataset.metainfo = loader.dataset.metainfo
        return DataLoader(
            dataset, loader.batch_size, sampler=sampler, collate_fn=pseudo_collate, drop_last=loader.drop_last
        )


class Features(list):
    """A data set in memory; it also has the ``metainfo`` that loops read."""
