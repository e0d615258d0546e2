"""Encoding a whole data set once."""

from collections.abc import Sequence

import torch
from mmaction.structures import ActionDataSample
from mmengine.dataset import pseudo_collate
from mmengine.model import is_model_wrapper
from mmengine.utils import track_iter_progress
from torch import Tensor
from torch.utils.data import DataLoader

from usdrl_mmaction.models import as_streams


@torch.no_grad()
def encode(model, data: dict, pooling: Sequence[str] = ('max',)) -> tuple[Tensor, list[ActionDataSample]]:
    """Pooled features of a batch, the mean over the clips of each sample.  # (N, F)"""
    data = model.data_preprocessor(data, False)
    clips = data['inputs']  # (N, clips, M, T, V, C)
    pooled = as_streams(model.extract_feat(clips)[0]).pooled(pooling)
    return pooled.unflatten(0, clips.shape[:2]).mean(1), data['data_samples']


def encode_all(model, loader: DataLoader, pooling: Sequence[str] = ('max',)) -> tuple[Tensor, list[ActionDataSample]]:
    """Pooled features of all samples of a loader, in its order.  # (samples, F)"""
    model = model.module if is_model_wrapper(model) else model
    model.eval()
    batches = track_iter_progress((loader, len(loader)))
    features, samples = zip(*(encode(model, data, pooling) for data in batches), strict=True)
    return torch.cat(features), [sample for batch in samples for sample in batch]


def in_order(loader: DataLoader) -> DataLoader:
    """All clips of a loader's data set, in every process."""
    return DataLoader(loader.dataset, loader.batch_size, collate_fn=pseudo_collate)
