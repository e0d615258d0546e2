"""MPCT, multi-perspective consistency training: the views of a clip, encoded alike, are made to agree."""

import torch
from mmaction.registry import MODELS
from mmengine.model import BaseModel
from torch import Tensor, nn

from ..backbones.tokens import FUSED, StreamEncoder, StreamFeatures, as_modality, as_streams


@MODELS.register_module()
class MPCT(BaseModel):
    """Pretrains a skeleton backbone without labels.

    Args:
        backbone (dict): ``DSTE``, ``STTR``, or a skeleton backbone of MMAction2.
        head (dict): ``DecorrelationHead``.
        data_preprocessor (dict): ``MultiViewPreprocessor``; the number of views is filled in.
        views (tuple[str]): The modality of each view. Four times 'joint' is multi-view training; ('joint', 'bone',
            'motion', 'fused') is multi-modal. The last view is the one that the others are drawn to.
    """

    def __init__(self, backbone, head, data_preprocessor, views=('joint',) * 4, init_cfg=None):
        if len(views) < 2:
            raise ValueError(f'MPCT needs at least two views, not {tuple(views)}.')
        super().__init__(MODELS.build({**data_preprocessor, 'num_views': len(views)}), init_cfg)
        self.backbone = MODELS.build(backbone)
        self.head = MODELS.build(head)
        self.views = tuple(views)

    def forward(self, inputs: Tensor, data_samples=None, mode: str = 'tensor'):
        """The losses in mode 'loss', the streams of every view in mode 'tensor'.  # (views, N, M, T, V, C)"""
        streams = self.encode(inputs)
        return self.head.loss(streams) if mode == 'loss' else streams

    def encode(self, clips: Tensor) -> StreamFeatures:
        """Encode every view in its modality.  # (views, N, M, T, V, C) -> streams of (views, N, L, D)"""
        if len(set(self.views)) == 1 and not has_batch_norm(self.backbone):
            streams = self.encode_as(clips.flatten(0, 1), self.views[0])
            return StreamFeatures(*(tokens.unflatten(0, clips.shape[:2]) for tokens in streams))
        each = [self.encode_as(clip, modality) for clip, modality in zip(clips, self.views, strict=True)]
        return StreamFeatures(*(torch.stack(tokens) for tokens in zip(*each, strict=True)))

    def encode_as(self, clip: Tensor, modality: str) -> StreamFeatures:
        if isinstance(self.backbone, StreamEncoder):
            return self.backbone(clip, modality)
        if modality == FUSED:
            raise ValueError(f"{type(self.backbone).__name__} has no 'fused' modality; DSTE and STTR have.")
        return as_streams(self.backbone(as_modality(clip, modality, self.data_preprocessor.skeleton)))


def has_batch_norm(module: nn.Module) -> bool:
    """Whether clips of one batch depend on each other, so that views cannot share it."""
    return any(isinstance(layer, nn.modules.batchnorm._BatchNorm) for layer in module.modules())
