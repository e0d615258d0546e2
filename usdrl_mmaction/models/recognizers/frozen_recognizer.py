"""Linear evaluation: a recognizer that trains only its head."""

import torch
from mmaction.models.recognizers import RecognizerGCN
from mmaction.registry import MODELS
from torch import Tensor

from ..backbones.streams import check_backbone, check_joints


@MODELS.register_module()
class FrozenRecognizer(RecognizerGCN):
    """``RecognizerGCN`` with a frozen backbone that stays in evaluation mode.

    It takes clips, or the features (N, clips, F) that its head pools, so that each clip has to be encoded only once.
    """

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        check_backbone(self)
        self.backbone.requires_grad_(False)

    def train(self, mode: bool = True):
        super().train(mode)
        self.backbone.eval()
        return self

    def extract_feat(self, inputs: Tensor, **kwargs) -> tuple:
        if inputs.ndim == 3:
            return inputs.flatten(0, 1), {}
        check_joints(self.backbone, inputs)
        with torch.no_grad():
            return super().extract_feat(inputs)
