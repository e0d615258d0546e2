"""Recognition from streams: pooled features and one linear layer."""

from mmaction.models.heads import BaseHead
from mmaction.registry import MODELS
from mmengine.model.weight_init import normal_init
from torch import Tensor, nn

from usdrl_mmaction.errors import ConfigError

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

    def forward(self, feats, **kwargs) -> Tensor:  # streams, (N, M, C, T, V) or pooled (N, F) -> (N, classes)
        if not isinstance(feats, Tensor) or feats.ndim != 2:
            streams = as_streams(feats)
            check_width(self, streams.temporal.size(-1))
            feats = streams.pooled(self.pooling)
        if feats.size(-1) != self.fc.in_features:
            raise ConfigError(
                f'The head has {self.fc.in_features} pooled features of a clip (in_channels={self.in_channels}, '
                f'pooling={self.pooling}) and got {feats.size(-1)}: set these two.'
            )
        return self.fc(feats).float()  # under autocast too: BaseHead's accuracy cannot take bfloat16
