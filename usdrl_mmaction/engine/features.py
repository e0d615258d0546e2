"""Encoding a whole data set once."""

from collections.abc import Sequence

import numpy as np
import torch
from mmaction.structures import ActionDataSample
from mmengine.dataset import pseudo_collate
from mmengine.model import is_model_wrapper
from mmengine.utils import track_iter_progress
from torch import Tensor
from torch.utils.data import DataLoader, Dataset, Subset

from usdrl_mmaction.models import EarlyRecognizer, as_streams

MOST = 2000  # clips that novelty is measured on


@torch.no_grad()
def encode(model, data: dict, pooling: Sequence[str] = ('max',)) -> tuple[Tensor, list[ActionDataSample]]:
    """Pooled features of a batch, the mean over the clips of each sample.  # (N, F)"""
    data = model.data_preprocessor(data, False)
    clips = data['inputs']  # (N, clips, M, T, V, C)
    pooled = as_streams(model.extract_feat(clips)[0]).pooled(pooling)
    return pooled.unflatten(0, clips.shape[:2]).mean(1), data['data_samples']


def maxima_and_scores(model, clips: Tensor) -> tuple[Tensor, Tensor]:
    """What a classifier sees of clips: the maxima of the streams, and a score of each class before softmax. Clips may
    be the features that its head pools.  # (n, M, T, V, C) or (n, F) -> (n, 2D), (n, classes)"""
    if isinstance(model, EarlyRecognizer):
        features = model.features(clips)[:, -1]
        return features, model.cls_head(features)
    if clips.ndim == 2:
        return clips[:, : 2 * model.backbone.embed_dims], model.cls_head(clips)
    streams = model.backbone(clips)
    return as_streams(streams).pooled(), model.cls_head(streams)


@torch.no_grad()
def answers(model, dataset: Dataset, batch_size: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Maxima, labels and scores of a classifier's clips, of many those that are spread evenly.
    # (N, 2D), (N,), (N, classes)"""
    model.eval()
    places = np.unique(np.linspace(0, len(dataset) - 1, MOST).round().astype(int)) if len(dataset) > MOST else None
    shown = dataset if places is None else Subset(dataset, places.tolist())
    found = []
    for data in DataLoader(shown, batch_size, collate_fn=pseudo_collate):
        data = model.data_preprocessor(data, False)
        clips = data['inputs']  # (n, clips, M, T, V, C) or, of features, (n, clips, F)
        maxima, scores = maxima_and_scores(model, clips.flatten(0, 1))
        mean = [each.unflatten(0, clips.shape[:2]).mean(1).float().cpu().numpy() for each in (maxima, scores)]
        found.append((mean[0], np.array([int(sample.gt_label[0]) for sample in data['data_samples']]), mean[1]))
    return tuple(map(np.concatenate, zip(*found, strict=True)))


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
