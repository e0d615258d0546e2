"""Encoding a whole data set, once."""

import torch
from mmaction.structures import ActionDataSample
from mmengine.model import is_model_wrapper
from mmengine.utils import track_iter_progress
from torch import Tensor
from torch.utils.data import DataLoader

from usdrl_mmaction.models import as_streams


@torch.no_grad()
def encode(model, data: dict) -> tuple[Tensor, list[ActionDataSample]]:
    """Pooled features of a batch, the mean over the clips of each sample.  # (N, 2D)"""
    data = model.data_preprocessor(data, False)
    clips = data['inputs']  # (N, clips, M, T, V, C)
    pooled = as_streams(model.extract_feat(clips)[0]).pooled()
    return pooled.unflatten(0, clips.shape[:2]).mean(1), data['data_samples']


def encode_all(model, loader: DataLoader) -> tuple[Tensor, list[ActionDataSample]]:
    """Pooled features of all samples of a loader, in its order.  # (samples, 2D)"""
    model = model.module if is_model_wrapper(model) else model
    model.eval()
    features, samples = zip(*(encode(model, data) for data in track_iter_progress((loader, len(loader)))), strict=True)
    return torch.cat(features), [sample for batch in samples for sample in batch]
