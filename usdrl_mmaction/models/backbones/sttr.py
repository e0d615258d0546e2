"""STTR, the baseline encoder: a post-norm transformer over the frames of a clip and one over its joints."""

from mmaction.registry import MODELS
from torch import Tensor, nn

from .stream_encoder import StreamEncoder


@MODELS.register_module()
class STTR(StreamEncoder):
    """The spatio-temporal transformer that USDRL compares DSTE with. Its arguments are as those of ``DSTE``.

    Examples:
        >>> import torch
        >>> from usdrl_mmaction.models import STTR
        >>> STTR(embed_dims=64)(torch.rand(8, 2, 64, 25, 3)).pooled().shape
        torch.Size([8, 128])
    """

    def __init__(
        self, layout='nturgb+d', num_person=2, num_frames=64, in_channels=3, embed_dims=1024, num_heads=1, num_layers=2,
        modalities=('joint',), modality=None, output='streams', whiten=False, init_cfg=None,
    ):  # fmt: skip
        super().__init__(
            layout, num_person, num_frames, in_channels, embed_dims, modalities, modality, output, whiten, init_cfg
        )
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
