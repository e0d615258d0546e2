"""The features that encoders return and heads take, also from graph networks, and whether the three fit together."""

from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor, nn

from usdrl_mmaction.errors import ConfigError

POOLINGS = {
    'max': lambda tokens: tokens.amax(-2),
    'mean': lambda tokens: tokens.mean(-2),
    'std': lambda tokens: tokens.std(-2, correction=0),
}
PARTS, NUM_PARTS = 'parts', 4


class StreamFeatures(NamedTuple):
    """A feature a frame, and a feature a joint of each person.

    Examples:
        >>> import torch
        >>> from usdrl_mmaction.models import StreamFeatures
        >>> streams = StreamFeatures(temporal=torch.rand(8, 64, 128), spatial=torch.rand(8, 50, 128))
        >>> streams.pooled(('max', 'mean')).shape
        torch.Size([8, 512])
    """

    temporal: Tensor  # (N, T, D)
    spatial: Tensor  # (N, M*V, D)

    def pooled(self, pooling: Sequence[str] = ('max',)) -> Tensor:
        """The representation of the clip: by default the maximum over the tokens of each stream.  # (N, 2D)

        Args:
            pooling (Sequence[str]): 'max', 'mean' and 'std' pool each stream, 'parts' gives the maximum over each
                quarter of the frames.
        """
        pooled = [POOLINGS[how](tokens) for how in pooling if how in POOLINGS for tokens in self]
        if PARTS in pooling:
            pooled += [part.amax(-2) for part in self.temporal.tensor_split(NUM_PARTS, -2)]
        return torch.cat(pooled, dim=-1)


def pooled_width(pooling: Sequence[str], width: int) -> int:
    """Features of a clip that streams of width D are pooled to."""
    unknown = set(pooling) - {*POOLINGS, PARTS}
    if unknown or not pooling:
        raise ConfigError(f'pooling is some of {", ".join([*POOLINGS, PARTS])}, not {tuple(pooling)}.')
    return width * (2 * len(set(pooling) & set(POOLINGS)) + NUM_PARTS * (PARTS in pooling))


def as_streams(features: StreamFeatures | Tensor) -> StreamFeatures:
    """Streams from any skeleton backbone of MMAction2, whose output is (N, M, C, T, V): averaged over persons and
    joints they are temporal, averaged over time they are spatial."""
    if isinstance(features, StreamFeatures):
        return features
    if not isinstance(features, Tensor) or features.ndim != 5:
        found = tuple(features.shape) if isinstance(features, Tensor) else type(features).__name__
        raise TypeError(f'A skeleton backbone returns StreamFeatures or a tensor (N, M, C, T, V), not {found}.')
    temporal = features.mean(dim=(1, 4)).transpose(1, 2)  # (N, T, C)
    spatial = features.mean(dim=3).permute(0, 1, 3, 2).flatten(1, 2)  # (N, M*V, C)
    return StreamFeatures(temporal, spatial)


def check_backbone(model: nn.Module):
    """Raises if a model's backbone does not encode skeletons, or not as streams."""
    encoder = model.backbone
    if not hasattr(encoder, 'skeleton') and not hasattr(getattr(encoder, 'graph', None), 'num_node'):
        raise ConfigError(
            f'{type(encoder).__name__} does not encode skeletons: set the backbone of {type(model).__name__} to DSTE, '
            "STTR or a graph network of MMAction2 ('STGCN', 'AAGCN')."
        )
    if getattr(encoder, 'output', None) == 'gcn' and not hasattr(model, 'cls_head'):
        raise ConfigError(
            f"{type(model).__name__} needs the streams of {type(encoder).__name__}: set output='streams' of the "
            'backbone.'
        )


def check_joints(backbone: nn.Module, clips: Tensor):
    """Raises if clips (..., V, C) have other joints than a graph network's layout. DSTE and STTR check theirs."""
    graph = getattr(backbone, 'graph', None)
    if graph is not None and clips.size(-2) != graph.num_node:
        raise ConfigError(
            f'{type(backbone).__name__} was built for {graph.num_node} joints and got clips of {clips.size(-2)}: '
            "set 'layout' in the backbone's graph_cfg to that of the data."
        )


def check_width(head: nn.Module, width: int):
    """Raises if a backbone's features are not as wide as a head's ``in_channels``."""
    if width != head.in_channels:
        raise ConfigError(
            f'{type(head).__name__} was built for features of width {head.in_channels} and the backbone gives {width}: '
            f'set in_channels={width} of the head.'
        )
