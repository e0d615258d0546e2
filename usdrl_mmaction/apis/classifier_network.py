"""A fitted classifier as one network, for export and explanations."""

import torch
from torch import Tensor, nn
from torch.nn.functional import linear

from usdrl_mmaction.engine.convolutions import ConvolutionShares
from usdrl_mmaction.models import StreamFeatures

POOLING = ('max', 'mean', 'std', 'parts')


class ClassifierNetwork(nn.Module):
    """The scores of a fitted ``ActionClassifier``, of clips as its encoder takes them."""

    def __init__(self, classifier, soft: bool = False):
        super().__init__()
        model = classifier.encoder_.model.cpu()
        self.backbone, self.cfg, self.about = model.backbone, model.cfg, {'layout': classifier.layout_}
        self.shares = None
        if classifier.convolutions:
            joints, channels = self.backbone.clip_shape[2:]
            self.shares = ConvolutionShares(classifier.random_, joints * channels, soft)
        self.register_buffer('weight', torch.from_numpy(classifier.linear_.weight))
        self.register_buffer('bias', torch.from_numpy(classifier.linear_.bias))
        self.with_cls_head, self.dataset_meta = True, {'classes': classifier.classes_.tolist()}

    def forward(self, clip: Tensor, streams: StreamFeatures) -> Tensor:  # (N, M, T, V, C) -> (N, classes)
        features = streams.pooled(POOLING)
        if self.shares is not None:
            features = torch.cat([features, self.shares(clip)], dim=1)
        return linear(features, self.weight, self.bias)
