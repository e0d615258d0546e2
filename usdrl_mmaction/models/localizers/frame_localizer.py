"""Detection and segmentation: scores of every frame of windows over untrimmed videos."""

import re

from mmaction.registry import MODELS
from mmaction.structures import ActionDataSample
from mmengine.model import BaseModel
from torch import Tensor

from usdrl_mmaction.errors import ConfigError

from ..backbones.stream_encoder import StreamEncoder
from ..backbones.streams import StreamFeatures, check_backbone, check_joints


@MODELS.register_module()
class FrameLocalizer(BaseModel):
    """An encoder and a head that scores frames.

    Args:
        backbone (dict): ``DSTE``, ``STTR``, or a graph network of MMAction2. A ``DSTE`` with ``causal=True`` goes with
            a head with ``spatial=False``, and no score depends on a later frame.
        head (dict): ``FrameHead``.
        frozen_stages (int): -1 trains the whole encoder, 0 freezes its embeddings and positions, k also the first k
            layers of both streams (or blocks of a graph network). Frozen parts stay in evaluation mode.
        window (int | None): Frames that are scored, if the pipeline resizes windows to another number of frames.
    """

    def __init__(self, backbone, head, frozen_stages=-1, window=None, init_cfg=None):
        super().__init__(MODELS.build(dict(type='ActionDataPreprocessor')), init_cfg)
        self.backbone = MODELS.build(backbone)
        self.head = MODELS.build(head)
        self.frozen_stages = frozen_stages
        self.window = window
        check_backbone(self)
        if getattr(self.backbone, 'causal', False) and self.head.spatial_fc:
            raise ConfigError(
                "The spatial stream sees later frames: with a causal backbone, set the head's spatial=False."
            )
        last = max(stage_of(name) for name, _ in self.backbone.named_parameters())
        if not -1 <= frozen_stages <= last:
            name = type(self.backbone).__name__
            raise ConfigError(f'frozen_stages={frozen_stages} is not from -1 to {last}, the last stage of {name}.')
        for name, parameter in self.backbone.named_parameters():
            if stage_of(name) <= frozen_stages:
                parameter.requires_grad_(False)

    def train(self, mode: bool = True):
        super().train(mode)
        for name, module in self.backbone.named_modules():
            if stage_of(f'{name}.') <= self.frozen_stages:
                module.training = False
        return self

    def forward(self, inputs: Tensor, data_samples: list[ActionDataSample] | None = None, mode: str = 'tensor'):
        """For windows (N, 1, M, T, V, C): the losses, the data samples with ``scores`` (T, 1 + classes), probabilities
        with the background first, and ``boundaries`` (T, 2) where the head has them, or the logits (N, T, 1 + classes).
        """
        feats = self.encode(inputs.flatten(0, 1))
        num_frames = self.window or inputs.size(3)
        if mode == 'loss':
            return self.head.loss(feats, data_samples)
        if mode == 'predict':
            for sample, scores in zip(data_samples, self.head.predict(feats, num_frames), strict=True):
                sample.set_field(scores, 'scores')
            if self.head.boundary_fc:
                found = self.head.predict_boundaries(feats, num_frames)
                for sample, boundaries in zip(data_samples, found, strict=True):
                    sample.set_field(boundaries, 'boundaries')
            return data_samples
        return self.head(feats, num_frames)

    def encode(self, clips: Tensor) -> StreamFeatures | Tensor:
        check_joints(self.backbone, clips)
        if self.head.spatial_fc or not isinstance(self.backbone, StreamEncoder):
            return self.backbone(clips)
        temporal = self.backbone.temporal_stream(clips)
        return StreamFeatures(temporal, temporal[:, :0])  # the head does not use the spatial stream


def stage_of(name: str) -> int:
    """The stage of the encoder that a parameter or module belongs to, by its name."""
    layer = re.match(r'(?:temporal|spatial|gcn)\.(?:layers\.)?(\d+)\.', name)
    return 1 + int(layer[1]) if layer else 0
