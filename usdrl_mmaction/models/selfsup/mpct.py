"""MPCT, multi-perspective consistency training: it makes the features of the views of a clip agree."""

from collections.abc import Iterator
from itertools import groupby
from operator import itemgetter

import torch
from mmaction.registry import MODELS
from mmengine.model import BaseModel
from torch import Tensor

from usdrl_mmaction.errors import ConfigError

from ..backbones.stream_encoder import FUSED, MODALITIES, StreamEncoder, as_modality
from ..backbones.streams import StreamFeatures, as_streams, check_backbone, check_joints
from ..layers import clips_at_once


@MODELS.register_module()
class MPCT(BaseModel):
    """Pretrains a skeleton backbone without labels.

    Args:
        backbone (dict): ``DSTE``, ``STTR``, or a graph network of MMAction2.
        head (dict): ``DecorrelationHead``.
        data_preprocessor (dict): ``MultiViewPreprocessor``; the number of views is filled in.
        views (tuple[str] | None): The modality of each view; the others are drawn to the last. Four times 'joint' is
            multi-view training, ('joint', 'bone', 'motion', 'fused') is multi-modal. The default is one of these,
            chosen by the modalities of the backbone.
        clips_per_call (int | None): How many clips ``DSTE`` and ``STTR`` encode at once. It does not change the result;
            by default as many as the device encodes fastest.
    """

    def __init__(self, backbone, head, data_preprocessor, views=None, clips_per_call=None, init_cfg=None):
        encoder = MODELS.build(backbone)
        if views is None:
            modalities = getattr(encoder, 'modalities', ('joint',))
            views = modalities * 4 if len(modalities) == 1 else (*modalities, FUSED)
        views = tuple(views)
        if len(views) < 2:
            raise ConfigError(f'MPCT needs at least two views, not {views}.')
        super().__init__(MODELS.build({**data_preprocessor, 'num_views': len(views)}), init_cfg)
        self.backbone = encoder
        self.head = MODELS.build(head)
        self.views = views
        self.clips_per_call = clips_per_call
        check_backbone(self)
        if isinstance(encoder, StreamEncoder):
            for modality in views:
                encoder.check_modality(modality)
        elif strange := sorted(set(views) - set(MODALITIES)):
            raise ConfigError(
                f"{type(encoder).__name__} has no '{strange[0]}' modality: set 'views' of MPCT to some of {MODALITIES}."
            )

    def forward(self, inputs: Tensor, data_samples=None, mode: str = 'tensor'):
        """The losses in mode 'loss', the streams of every view in mode 'tensor'.  # (views, N, M, T, V, C)"""
        streams = self.encode(inputs)
        return self.head.loss(streams) if mode == 'loss' else streams

    def encode(self, clips: Tensor) -> StreamFeatures:
        """Encode every view in its modality.  # (views, N, M, T, V, C) -> streams of (views, N, L, D)"""
        streams = [self.encode_as(clip, modality) for clip, modality in self.calls(clips)]
        return StreamFeatures(*(torch.cat(t).unflatten(0, clips.shape[:2]) for t in zip(*streams, strict=True)))

    def calls(self, clips: Tensor) -> Iterator[tuple[Tensor, str]]:
        """The clips and the modality of each call of the backbone: neighbouring views of one modality share calls."""
        if not isinstance(self.backbone, StreamEncoder):
            yield from zip(clips, self.views, strict=True)  # a graph network's batch statistics are a view's own
            return
        for modality, group in groupby(zip(self.views, clips, strict=True), key=itemgetter(0)):
            together = torch.cat([clip for _, clip in group])
            size = self.clips_per_call or clips_at_once(together, *self.backbone.temporal_position.shape[1:])
            yield from ((piece, modality) for piece in together.split(size))

    def encode_as(self, clip: Tensor, modality: str) -> StreamFeatures:
        """Encode one view.  # (N, M, T, V, C) -> streams of (N, L, D)"""
        if isinstance(self.backbone, StreamEncoder):
            return self.backbone(clip, modality)
        check_joints(self.backbone, clip)
        return as_streams(self.backbone(as_modality(clip, modality, self.data_preprocessor.skeleton)))
