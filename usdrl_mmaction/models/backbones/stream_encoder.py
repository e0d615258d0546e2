"""From a clip to temporal and spatial tokens, their embedding and positions: what every USDRL encoder shares."""

import math
from typing import NamedTuple

import torch
from mmengine.model import BaseModule
from torch import Tensor, nn

from usdrl_mmaction.skeletons import bone, get_skeleton, motion

from ..layers import Linear

FUSED = 'fused'


class StreamFeatures(NamedTuple):
    """What an encoder returns and a head takes: a feature a frame, and a feature a joint of each person."""

    temporal: Tensor  # (N, T, D)
    spatial: Tensor  # (N, M*V, D)

    def pooled(self) -> Tensor:
        """The representation of the clip: the maximum over the tokens of each stream.  # (N, 2D)"""
        return torch.cat([self.temporal.amax(-2), self.spatial.amax(-2)], dim=-1)


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


class StreamEncoder(BaseModule):
    """The part of an encoder that comes before its layers.

    A subclass sets ``self.temporal`` and ``self.spatial``, modules of (tokens, positions) -> tokens.

    Args:
        layout (str | dict): Name of the skeleton, or ``num_node``, ``inward`` and ``center`` of one.
        num_person (int): Persons in a clip.
        num_frames (int): Frames in a clip.
        in_channels (int): Coordinates of a joint.
        embed_dims (int): Width D.
        modalities (tuple[str]): 'joint', 'bone', 'motion'; each has an embedding of its own. With several, 'fused' is
            a modality too: a linear map of the mean of their embeddings.
        modality (str | None): What clips are encoded as when the call does not say; by default the only modality, or
            'fused' when there are several.
        output (str): 'streams' for StreamFeatures, 'gcn' for the pooled streams as (N, 1, 2D, 1, 1), which stands in
            for the output of MMAction2's graph networks.
    """

    def __init__(
        self, layout, num_person, num_frames, in_channels, embed_dims, modalities, modality, output, init_cfg=None
    ):
        super().__init__(init_cfg)
        unknown = set(modalities) - {'joint', 'bone', 'motion'}
        if unknown or not modalities:
            raise ValueError(f"modalities are some of 'joint', 'bone' and 'motion', not {tuple(modalities)}.")
        if output not in ('streams', 'gcn'):
            raise ValueError(f"output is 'streams' or 'gcn', not '{output}'.")
        self.skeleton = get_skeleton(layout)
        self.clip_shape = (num_person, num_frames, len(self.skeleton), in_channels)
        self.modalities = tuple(modalities)
        self.modality = modality or (FUSED if len(modalities) > 1 else modalities[0])
        self.check(self.modality)
        self.output = output
        time_width = num_person * len(self.skeleton) * in_channels
        space_width = num_frames * in_channels
        self.embeddings = nn.ModuleList(
            nn.ModuleDict(
                {'temporal': embedding(time_width, embed_dims), 'spatial': embedding(space_width, embed_dims)}
            )
            for _ in self.modalities
        )
        if len(self.modalities) > 1:
            self.fusion = nn.ModuleDict({stream: Fusion(embed_dims) for stream in ('temporal', 'spatial')})
        self.register_buffer('temporal_position', sinusoids(num_frames, embed_dims), persistent=False)
        self.spatial_position = nn.Parameter(torch.empty(1, num_person * len(self.skeleton), embed_dims))
        nn.init.trunc_normal_(self.spatial_position, std=0.02)

    def forward(self, clip: Tensor, modality: str | None = None) -> StreamFeatures | Tensor:
        """Encode clips of joints.  # (N, M, T, V, C) -> streams"""
        if clip.shape[1:] != self.clip_shape:
            raise ValueError(
                f'{type(self).__name__} was built for clips (persons, frames, joints, coordinates) of '
                f'{self.clip_shape} and got {tuple(clip.shape[1:])}: set num_person, num_frames, layout or in_channels '
                'of the backbone, or resize the clips in the pipeline.'
            )
        temporal, spatial = self.embed(clip, modality or self.modality)
        streams = StreamFeatures(
            self.temporal(temporal, self.temporal_position), self.spatial(spatial, self.spatial_position)
        )
        return streams if self.output == 'streams' else streams.pooled()[:, None, :, None, None]

    def temporal_stream(self, clip: Tensor) -> Tensor:
        """The temporal stream without the spatial one.  # (N, M, T, V, C) -> (N, T, D)"""
        tokens, _ = self.embed(clip, self.modality)
        return self.temporal(tokens, self.temporal_position)

    def check(self, modality: str):
        known = self.modalities if len(self.modalities) == 1 else (*self.modalities, FUSED)
        if modality not in known:
            raise ValueError(f"This encoder was built for modalities {self.modalities}; it has no '{modality}'.")

    def embed(self, clip: Tensor, modality: str) -> tuple[Tensor, Tensor]:
        """The embedded tokens of both streams.  # (N, M, T, V, C) -> (N, T, D), (N, M*V, D)"""
        self.check(modality)
        if modality == FUSED:
            every = [self.embed(clip, one) for one in self.modalities]
            temporal, spatial = (torch.stack(tokens).mean(0) for tokens in zip(*every, strict=True))
            return self.fusion['temporal'](temporal), self.fusion['spatial'](spatial)
        layers = self.embeddings[self.modalities.index(modality)]
        clip = as_modality(clip, modality, self.skeleton)
        return layers['temporal'](temporal_tokens(clip)), layers['spatial'](spatial_tokens(clip))


class Fusion(Linear):
    """The map of the mean of the modalities' embeddings. It starts as the mean itself: small random weights would leave
    a narrow encoder little but its positions to see."""

    def __init__(self, embed_dims):
        super().__init__(embed_dims, embed_dims, bias=False)

    def reset_parameters(self):
        nn.init.eye_(self.weight)


def as_modality(clip: Tensor, modality: str, skeleton) -> Tensor:
    """Joints as joints, bones or motion.  # (..., T, V, C) -> (..., T, V, C)"""
    if modality == 'joint':
        return clip
    return bone(clip, skeleton) if modality == 'bone' else motion(clip)


def temporal_tokens(clip: Tensor) -> Tensor:
    """A token a frame, its features ordered person, joint, coordinate.  # (N, M, T, V, C) -> (N, T, M*V*C)"""
    return clip.transpose(1, 2).flatten(2)


def spatial_tokens(clip: Tensor) -> Tensor:
    """A token a joint of each person, its features ordered frame, coordinate.  # (N, M, T, V, C) -> (N, M*V, T*C)"""
    return clip.transpose(2, 3).flatten(3).flatten(1, 2)


def embedding(in_features: int, embed_dims: int) -> nn.Sequential:
    return nn.Sequential(
        Linear(in_features, embed_dims), nn.LayerNorm(embed_dims), nn.ReLU(), Linear(embed_dims, embed_dims)
    )


def sinusoids(length: int, embed_dims: int) -> Tensor:
    """Sine at even and cosine at odd features, wavelengths up to 10000·2π.  # (1, length, D)"""
    frequency = torch.exp(torch.arange(0, embed_dims, 2) * (-math.log(10000.0) / embed_dims))
    angle = torch.arange(length)[:, None] * frequency  # (length, ceil(D/2))
    return torch.stack([angle.sin(), angle.cos()], dim=-1).flatten(1)[None, :, :embed_dims]
