"""Recognition from streams: pooled features and one linear layer."""

from mmaction.models.heads import BaseHead
from mmaction.registry import MODELS
from mmengine.model.weight_init import normal_init
from torch import Tensor, nn

from ..backbones.streams import as_streams, check_width, pooled_width


@MODELS.register_module()
class StreamClsHead(BaseHead):
    """Classifier on the pooled streams of any skeleton backbone.

    Args:
        num_classes (int): Number of classes.
        in_channels (int): Width D of the backbone.
        pooling (tuple[str]): Some of 'max', 'mean', 'std' (over the tokens of each stream) and 'parts' (the maximum
            over each quarter of the frames). The papers' is ('max',): the classifier sees 2D features.
    """

    def __init__(self, num_classes, in_channels, pooling=('max',), average_clips='prob', **kwargs):
        super().__init__(num_classes, in_channels, average_clips=average_clips, **kwargs)
        self.pooling = tuple(pooling)
        self.fc = nn.Linear(pooled_width(self.pooling, in_channels), num_classes)

    def init_weights(self):
        normal_init(self.fc, std=0.01)

    def pool(self, feats) -> Tensor:  # streams or (N, M, C, T, V) -> (N, F)
        return as_streams(feats).pooled(self.pooling)

    def forward(self, feats, **kwargs) -> Tensor:  # streams, (N, M, C, T, V) or pooled (N, F) -> (N, classes)
        pooled = feats if isinstance(feats, Tensor) and feats.ndim == 2 else self.pool(feats)
        check_width(self, pooled.size(-1) * self.in_channels // self.fc.in_features)
        return self.fc(pooled).float()  # under autocast too: BaseHead's accuracy cannot take bfloat16
