"""STTR, the baseline encoder: a post-norm transformer over the frames of a clip and one over its joints."""

from mmaction.registry import MODELS
from torch import Tensor, nn

from .stream_encoder import StreamEncoder


@MODELS.register_module()
class STTR(StreamEncoder):
    """The spatio-temporal transformer that USDRL compares DSTE with. It also takes the arguments of ``StreamEncoder``.

    Args:
        num_heads (int): Heads of the attention.
        num_layers (int): Layers of each stream.
    """

    def __init__(self, *args, num_heads=1, num_layers=2, **kwargs):
        super().__init__(*args, **kwargs)
        embed_dims = self.temporal_position.size(-1)
        self.temporal = PlainStream(embed_dims, num_heads, num_layers)
        self.spatial = PlainStream(embed_dims, num_heads, num_layers)


class PlainStream(nn.TransformerEncoder):
    """PyTorch's transformer encoder with the positions added once."""

    def __init__(self, embed_dims, num_heads, num_layers):
        layer = nn.TransformerEncoderLayer(
            embed_dims, num_heads, dim_feedforward=embed_dims, dropout=0.0, batch_first=True
        )
        super().__init__(layer, num_layers, enable_nested_tensor=False)

    def forward(self, x: Tensor, position: Tensor) -> Tensor:  # (N, L, D), (1, L, D) -> (N, L, D)
        return super().forward(x + position)
