"""The common part of the encoders: temporal and spatial tokens of a clip, their embedding and positions."""

import math

import torch
from mmengine.model import BaseModule
from torch import Tensor, nn

from usdrl_mmaction.errors import ConfigError
from usdrl_mmaction.skeletons import bone, get_skeleton, motion

from ..layers import Linear
from .streams import StreamFeatures
from .whitening import WhitenedStreams, Whitening

MODALITIES = ('joint', 'bone', 'motion')
FUSED = 'fused'


class StreamEncoder(BaseModule):
    """The part of an encoder before its layers.

    A subclass sets ``self.temporal`` and ``self.spatial``, modules of (tokens, positions) -> tokens.

    Args:
        layout (str | dict): The layout of the clips, as ``get_skeleton`` takes it.
        num_person (int): Persons in a clip.
        num_frames (int): Frames in a clip.
        in_channels (int): Coordinates of a joint.
        embed_dims (int): Width D.
        modalities (tuple[str]): Some of 'joint', 'bone' and 'motion'; each has its own embedding. With several,
            'fused' is a modality too: a linear map of the mean of their embeddings.
        modality (str | None): The modality of a call that names none; by default the only one, or 'fused'.
        output (str): 'streams' for StreamFeatures, 'gcn' for the pooled streams as (N, 1, 2D, 1, 1), which MMAction2's
            ``GCNHead`` takes.
        whiten (bool): Whether pooled features are whitened, once ``WhiteningHook`` or a checkpoint says how.

    Examples:
        >>> import torch
        >>> from usdrl_mmaction.models.backbones.stream_encoder import StreamEncoder
        >>> class Plain(StreamEncoder):
        ...     def temporal(self, tokens, position):
        ...         return tokens + position
        ...     spatial = temporal
        >>> Plain(embed_dims=64)(torch.rand(8, 2, 64, 25, 3)).pooled().shape
        torch.Size([8, 128])
    """

    def __init__(
        self,
        layout='nturgb+d',
        num_person=2,
        num_frames=64,
        in_channels=3,
        embed_dims=1024,
        modalities=('joint',),
        modality=None,
        output='streams',
        whiten=False,
        init_cfg=None,
    ):
        super().__init__(init_cfg)
        if not modalities or set(modalities) - set(MODALITIES):
            raise ConfigError(f"modalities are some of 'joint', 'bone' and 'motion', not {tuple(modalities)}.")
        if output not in ('streams', 'gcn'):
            raise ConfigError(f"output is 'streams' or 'gcn', not '{output}'.")
        self.skeleton = get_skeleton(layout)
        self.clip_shape = (num_person, num_frames, len(self.skeleton), in_channels)
        self.embed_dims = embed_dims
        self.modalities = tuple(modalities)
        self.modality = modality or (FUSED if len(modalities) > 1 else modalities[0])
        self.check_modality(self.modality)
        self.output = output
        self.whitening = Whitening(embed_dims) if whiten else None
        widths = {'temporal': num_person * len(self.skeleton) * in_channels, 'spatial': num_frames * in_channels}
        self.embeddings = nn.ModuleList(
            nn.ModuleDict({stream: embedding(width, embed_dims) for stream, width in widths.items()})
            for _ in self.modalities
        )
        if len(self.modalities) > 1:
            self.fusion = nn.ModuleDict({stream: Fusion(embed_dims) for stream in widths})
        self.register_buffer('temporal_position', sinusoids(num_frames, embed_dims), persistent=False)
        self.spatial_position = nn.Parameter(torch.empty(1, num_person * len(self.skeleton), embed_dims))
        nn.init.trunc_normal_(self.spatial_position, std=0.02)

    def forward(self, clip: Tensor, modality: str | None = None) -> StreamFeatures | Tensor:
        """Encode clips of joints.  # (N, M, T, V, C) -> streams"""
        self.check_clip(clip)
        temporal, spatial = self.embed(clip, modality or self.modality)
        streams = StreamFeatures(
            self.temporal(temporal, self.temporal_position), self.spatial(spatial, self.spatial_position)
        )
        if self.whitening is not None:
            streams = WhitenedStreams(*streams, self.whitening)
        return streams if self.output == 'streams' else streams.pooled()[:, None, :, None, None]

    def temporal_stream(self, clip: Tensor) -> Tensor:
        """The temporal stream without the spatial one.  # (N, M, T, V, C) -> (N, T, D)"""
        self.check_clip(clip)
        tokens, _ = self.embed(clip, self.modality)
        return self.temporal(tokens, self.temporal_position)

    def check_clip(self, clip: Tensor):
        if clip.shape[1:] != self.clip_shape:
            raise ConfigError(
                f'{type(self).__name__} was built for clips (persons, frames, joints, coordinates) of '
                f'{self.clip_shape} and got {tuple(clip.shape[1:])}: set num_person, num_frames, layout or in_channels '
                'of the backbone, or resize the clips in the pipeline.'
            )

    def check_modality(self, modality: str):
        known = self.modalities if len(self.modalities) == 1 else (*self.modalities, FUSED)
        if modality not in known:
            raise ConfigError(f"This encoder was built for the modalities {self.modalities}. It has no '{modality}'.")

    def embed(self, clip: Tensor, modality: str) -> tuple[Tensor, Tensor]:
        """The embedded tokens of both streams.  # (N, M, T, V, C) -> (N, T, D), (N, M*V, D)"""
        self.check_modality(modality)
        if modality == FUSED:
            every = [self.embed(clip, one) for one in self.modalities]
            temporal, spatial = (torch.stack(tokens).mean(0) for tokens in zip(*every, strict=True))
            return self.fusion['temporal'](temporal), self.fusion['spatial'](spatial)
        layers = self.embeddings[self.modalities.index(modality)]
        clip = as_modality(clip, modality, self.skeleton)
        return layers['temporal'](temporal_tokens(clip)), layers['spatial'](spatial_tokens(clip))


class Fusion(Linear):
    """The map of the mean of the modalities' embeddings. It starts as the mean itself: with small random weights, the
    positions would outweigh the embeddings of a narrow encoder."""

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
    if torch.empty(0).is_meta:  # the shape alone counts; torch would import its compiler for the values
        return torch.empty(1, length, embed_dims)
    frequency = torch.exp(torch.arange(0, embed_dims, 2) * (-math.log(10000.0) / embed_dims))
    angle = torch.arange(length)[:, None] * frequency  # (length, ceil(D/2))
    return torch.stack([angle.sin(), angle.cos()], dim=-1).flatten(1)[None, :, :embed_dims]
