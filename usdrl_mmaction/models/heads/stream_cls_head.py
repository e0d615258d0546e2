"""Recognition from streams: the pooled representation and one linear layer."""

from mmaction.models.heads import BaseHead
from mmaction.registry import MODELS
from mmengine.model.weight_init import normal_init
from torch import Tensor, nn

from ..backbones.streams import as_streams, check_width


@MODELS.register_module()
class StreamClsHead(BaseHead):
    """Classifier on the pooled streams of any skeleton backbone.

    Args:
        num_classes (int): Number of classes.
        in_channels (int): Width D of the backbone; the classifier sees 2D.
    """

    def __init__(self, num_classes, in_channels, average_clips='prob', **kwargs):
        super().__init__(num_classes, in_channels, average_clips=average_clips, **kwargs)
        self.fc = nn.Linear(2 * in_channels, num_classes)

    def init_weights(self):
        normal_init(self.fc, std=0.01)

    def forward(self, feats, **kwargs) -> Tensor:  # streams, (N, M, C, T, V) or pooled (N, 2D) -> (N, classes)
        pooled = feats if isinstance(feats, Tensor) and feats.ndim == 2 else as_streams(feats).pooled()
        check_width(self, pooled.size(-1) // 2)
        return self.fc(pooled).float()  # under autocast too: BaseHead's accuracy cannot take bfloat16
