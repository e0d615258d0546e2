"""Early action prediction: scores of a clip before its end."""

import torch
import torch.nn.functional as F
from mmaction.models.recognizers import RecognizerGCN
from mmaction.registry import MODELS
from mmaction.structures import ActionDataSample
from torch import Tensor

from usdrl_mmaction.errors import ConfigError

from ..backbones.streams import check_backbone


@MODELS.register_module()
class EarlyRecognizer(RecognizerGCN):
    """Scores a clip after k/R of it, k = 1 … R, by one model for all k.

    The backbone is a causal ``DSTE``: one pass over the whole clip gives the temporal feature of every frame, and their
    cumulative maximum represents the clip up to each frame. Zeros replace the spatial stream, whose tokens hold all
    frames of a joint. In training each clip is seen up to a random point.

    Args:
        num_ratios (int): R.
    """

    def __init__(self, num_ratios=10, **kwargs):
        super().__init__(**kwargs)
        check_backbone(self)
        if not getattr(self.backbone, 'causal', False):
            raise ConfigError('EarlyRecognizer needs a backbone that sees no later frames: a DSTE with causal=True.')
        num_frames = self.backbone.clip_shape[1]
        if not 1 <= num_ratios <= num_frames:
            raise ConfigError(f'num_ratios={num_ratios} is from 1 to the {num_frames} frames of the backbone.')
        self.seen = [num_frames * k // num_ratios for k in range(1, num_ratios + 1)]  # frames at each point

    def forward(self, inputs: Tensor, data_samples: list[ActionDataSample] | None = None, mode: str = 'tensor'):
        """For clips (N, clips, M, T, V, C): the losses, the data samples with ``scores_by_ratio`` (R, classes), or the
        logits (N·clips, R, classes)."""
        features = self.features(inputs.flatten(0, 1))  # (N·clips, R, 2D)
        if mode == 'loss':
            point = torch.randint(len(self.seen), (len(features),)).to(features.device)
            return self.cls_head.loss(features[torch.arange(len(point), device=point.device), point], data_samples)
        logits = self.cls_head(features.flatten(0, 1)).unflatten(0, (-1, len(self.seen)))
        if mode != 'predict':
            return logits
        scores = logits.float().softmax(-1).unflatten(0, inputs.shape[:2]).mean(1)  # (N, R, classes)
        for sample, score in zip(data_samples, scores, strict=True):
            sample.set_field(score, 'scores_by_ratio')
            sample.set_pred_score(score[-1]).set_pred_label(score[-1].argmax())
        return data_samples

    def features(self, clips: Tensor) -> Tensor:
        """The representation of each clip up to every point.  # (N, M, T, V, C) -> (N, R, 2D)"""
        temporal = self.backbone.temporal_stream(clips).cummax(1).values  # (N, T, D)
        at_points = temporal[:, [seen - 1 for seen in self.seen]]
        return F.pad(at_points, (0, at_points.size(-1)))
