"""MPCT, multi-perspective consistency training: the views of a clip, encoded alike, are made to agree."""

from collections.abc import Iterator
from itertools import groupby
from operator import itemgetter

import torch
from mmaction.registry import MODELS
from mmengine.model import BaseModel
from torch import Tensor, nn

from ..backbones.stream_encoder import FUSED, StreamEncoder, StreamFeatures, as_modality, as_streams

CACHED = 2**19  # numbers of one activation that fit a CPU's cache together with those around it


@MODELS.register_module()
class MPCT(BaseModel):
    """Pretrains a skeleton backbone without labels.

    Args:
        backbone (dict): ``DSTE``, ``STTR``, or a skeleton backbone of MMAction2.
        head (dict): ``DecorrelationHead``.
        data_preprocessor (dict): ``MultiViewPreprocessor``; the number of views is filled in.
        views (tuple[str] | None): The modality of each view; the last is the one that the others are drawn to. Four
            times 'joint' is multi-view training; ('joint', 'bone', 'motion', 'fused') is multi-modal. By default
            either of these, according to the modalities of the backbone.
    """

    def __init__(self, backbone, head, data_preprocessor, views=None, init_cfg=None):
        encoder = MODELS.build(backbone)
        views = default_views(encoder) if views is None else tuple(views)
        if len(views) < 2:
            raise ValueError(f'MPCT needs at least two views, not {views}.')
        super().__init__(MODELS.build({**data_preprocessor, 'num_views': len(views)}), init_cfg)
        self.backbone = encoder
        self.head = MODELS.build(head)
        self.views = views

    def forward(self, inputs: Tensor, data_samples=None, mode: str = 'tensor'):
        """The losses in mode 'loss', the streams of every view in mode 'tensor'.  # (views, N, M, T, V, C)"""
        streams = self.encode(inputs)
        return self.head.loss(streams) if mode == 'loss' else streams

    def encode(self, clips: Tensor) -> StreamFeatures:
        """Encode every view in its modality.  # (views, N, M, T, V, C) -> streams of (views, N, L, D)"""
        streams = [self.encode_as(clip, modality) for clip, modality in self.calls(clips)]
        return StreamFeatures(*(torch.cat(t).unflatten(0, clips.shape[:2]) for t in zip(*streams, strict=True)))

    def calls(self, clips: Tensor) -> Iterator[tuple[Tensor, str]]:
        """The clips and the modality of each call of the backbone: neighbouring views of one modality share a call; on
        a CPU it is split into pieces that stay in its cache."""
        if not isinstance(self.backbone, StreamEncoder):
            yield from zip(clips, self.views, strict=True)  # a graph network's batch statistics are a view's own
            return
        for modality, group in groupby(zip(self.views, clips, strict=True), key=itemgetter(0)):
            together = torch.cat([clip for _, clip in group])
            size = clips_in_cache(self.backbone) if clips.is_cpu else len(together)
            yield from ((piece, modality) for piece in together.split(size))

    def encode_as(self, clip: Tensor, modality: str) -> StreamFeatures:
        if isinstance(self.backbone, StreamEncoder):
            return self.backbone(clip, modality)
        if modality == FUSED:
            raise ValueError(f"{type(self.backbone).__name__} has no 'fused' modality; DSTE and STTR have.")
        return as_streams(self.backbone(as_modality(clip, modality, self.data_preprocessor.skeleton)))


def default_views(backbone: nn.Module) -> tuple[str, ...]:
    modalities = backbone.modalities if isinstance(backbone, StreamEncoder) else ('joint',)
    return modalities * 4 if len(modalities) == 1 else (*modalities, FUSED)


def clips_in_cache(backbone: StreamEncoder) -> int:
    """How many clips a CPU encodes with the activations of a layer in its cache."""
    return max(1, CACHED // backbone.temporal_position.numel())
