"""Early action prediction: scores of a clip before it has ended."""

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
    cumulative maximum is the representation of the clip up to each. Zeros stand in place of the spatial stream, whose
    tokens hold a joint's whole time line. In training each clip is seen up to a random point.

    Args:
        num_ratios (int): R.
    """

    def __init__(self, num_ratios=10, **kwargs):
        super().__init__(**kwargs)
        check_backbone(self)
        if not getattr(self.backbone, 'causal', False):
            raise ConfigError('EarlyRecognizer needs a backbone that sees no later frame: a DSTE with causal=True.')
        num_frames = self.backbone.clip_shape[1]
        if not 1 <= num_ratios <= num_frames:
            raise ConfigError(f'num_ratios={num_ratios} is from 1 to the {num_frames} frames of the backbone.')
        self.seen = [num_frames * k // num_ratios for k in range(1, num_ratios + 1)]  # frames at each point

    def forward(self, inputs: Tensor, data_samples: list[ActionDataSample] | None = None, mode: str = 'tensor'):
        """Of clips (N, clips, M, T, V, C): the losses, the data samples with ``scores_by_ratio`` (R, classes), or the
        logits (N·clips, R, classes)."""
        features = self.features(inputs.flatten(0, 1))  # (N·clips, R, 2D)
        if mode == 'loss':
            point = torch.randint(len(self.seen), (len(features),)).to(features.device)
            return self.cls_head.loss(features[torch.arange(len(point), device=point.device), point], data_samples)
        logits = self.cls_head(features.flatten(0, 1)).unflatten(0, (-1, len(self.seen)))
        return self.predictions(logits, inputs.size(1), data_samples) if mode == 'predict' else logits

    def features(self, clips: Tensor) -> Tensor:
        """The representation of each clip up to every point.  # (N, M, T, V, C) -> (N, R, 2D)"""
        temporal = self.backbone.temporal_stream(clips).cummax(1).values  # (N, T, D)
        at_points = temporal[:, [seen - 1 for seen in self.seen]]
        return F.pad(at_points, (0, at_points.size(-1)))

    def predictions(self, logits: Tensor, num_clips: int, data_samples: list[ActionDataSample]):
        scores = logits.float().softmax(-1).unflatten(0, (-1, num_clips)).mean(1)  # (N, R, classes)
        for sample, score in zip(data_samples, scores, strict=True):
            sample.set_field(score, 'scores_by_ratio')
            sample.set_pred_score(score[-1]).set_pred_label(score[-1].argmax())
        return data_samples
