"""Whitening of pooled features, which the papers do not do: without it a few directions in which all clips differ
outweigh the others in a distance, and in a classifier of few clips."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from .streams import NUM_PARTS, PARTS, POOLINGS, StreamFeatures

EVERY = (*POOLINGS, PARTS)
SHRINKAGE = 0.1  # of the mean variance, added to the variance of each direction


class Whitening(nn.Module):
    """A linear map of the pooled features of each stream, by the way that they are pooled. It starts as the identity;
    ``fit`` makes it decorrelate and scale the features of some clips.

    Args:
        embed_dims (int): Width D.

    Examples:
        >>> import torch
        >>> from usdrl_mmaction.models import DSTE, StreamFeatures
        >>> from usdrl_mmaction.models.backbones.whitening import EVERY
        >>> encoder = DSTE(layout='coco', num_person=1, in_channels=2, embed_dims=16, whiten=True).eval()
        >>> streams = encoder(torch.rand(200, 1, 64, 17, 2))
        >>> encoder.whitening.fit(StreamFeatures(*streams).pooled(EVERY))
        >>> bool(streams.pooled().mean(0).abs().max() < 1e-3)  # the same streams, pooled now
        True
    """

    def __init__(self, embed_dims):
        super().__init__()
        blocks = len(blocks_of(EVERY))
        self.register_buffer('mean', torch.zeros(blocks, embed_dims))
        self.register_buffer('map', torch.zeros(blocks, embed_dims, embed_dims))
        self.map.diagonal(dim1=1, dim2=2).fill_(1)

    def forward(self, pooled: Tensor, pooling: Sequence[str]) -> Tensor:  # (N, F) -> (N, F)
        """Features as ``StreamFeatures.pooled`` gives them, whitened."""
        every = blocks_of(EVERY)
        chosen = [every.index(block) for block in blocks_of(pooling)]
        centred = pooled.unflatten(-1, (len(chosen), -1)) - self.mean[chosen]
        return torch.einsum('...bd,bde->...be', centred, self.map[chosen]).flatten(-2)

    @torch.no_grad()
    def fit(self, pooled: Tensor):
        """Fit it to the features of clips, pooled in all ways. One clip alone says nothing.  # (N, F)"""
        if len(pooled) < 2:
            return
        for number, features in enumerate(pooled.double().unflatten(-1, (len(self.mean), -1)).unbind(1)):  # (N, D)
            variance, directions = torch.linalg.eigh(torch.cov(features.T))
            scale = (variance.clamp(min=0) + SHRINKAGE * variance.mean()).clamp(min=1e-12).rsqrt()
            self.mean[number] = features.mean(0)
            self.map[number] = directions * scale @ directions.T


class WhitenedStreams(StreamFeatures):
    """Streams whose pooled features are whitened."""

    def __new__(cls, temporal: Tensor, spatial: Tensor, whitening: Whitening):
        streams = super().__new__(cls, temporal, spatial)
        streams.whitening = whitening
        return streams

    def pooled(self, pooling=('max',)) -> Tensor:  # (N, F)
        return self.whitening(super().pooled(pooling), pooling)


def blocks_of(pooling: Sequence[str]) -> list[tuple[str, int]]:
    """How the parts of width D of pooled features are pooled, in their order."""
    blocks = [(how, stream) for how in pooling if how in POOLINGS for stream in range(len(StreamFeatures._fields))]
    return blocks + [(PARTS, part) for part in range(NUM_PARTS) if PARTS in pooling]
