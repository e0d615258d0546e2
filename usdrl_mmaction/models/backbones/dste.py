"""DSTE, the dense spatio-temporal encoder: dense shift attention and convolutional attention, in parallel, over the
frames of a clip and over its joints."""

import torch
from mmaction.registry import MODELS
from torch import Tensor, nn
from torch.utils.checkpoint import checkpoint

from ..layers import Attention, Linear, TokenConv, TokenShift, for_products, linear
from .stream_encoder import Fusion, StreamEncoder


@MODELS.register_module()
class DSTE(StreamEncoder):
    """The dense spatio-temporal encoder of USDRL.

    Args:
        layout, num_person, num_frames, in_channels, embed_dims, modalities, modality, output, whiten: As
            ``StreamEncoder``.
        num_heads (int): Heads of the attention.
        num_layers (int): Layers of each stream.
        alpha (float): Share of the convolutional attention in a layer's output; the rest is dense shift attention.
        gap (int): Dense shift attention leaves every ``gap``-th token unmixed.
        kernel_size (int): Kernel of the convolution over tokens.
        drop_path (float): Probability that a clip skips a residual branch, in training.
        causal (bool): Whether the temporal stream at a frame depends on no later frame.
        with_cp (bool): Whether to compute each layer again in the backward pass: less memory, more time.

    Examples:
        >>> import torch
        >>> from usdrl_mmaction.models import DSTE
        >>> encoder = DSTE(layout='coco', num_person=1, in_channels=2, embed_dims=64)
        >>> streams = encoder(torch.rand(8, 1, 64, 17, 2))  # clips, people, frames, joints, coordinates
        >>> streams.temporal.shape, streams.spatial.shape, streams.pooled().shape
        (torch.Size([8, 64, 64]), torch.Size([8, 17, 64]), torch.Size([8, 128]))
    """

    def __init__(
        self, layout='nturgb+d', num_person=2, num_frames=64, in_channels=3, embed_dims=1024, num_heads=1, num_layers=2,
        alpha=0.5, gap=4, kernel_size=1, drop_path=0.1, modalities=('joint',), modality=None, causal=False,
        output='streams', whiten=False, with_cp=False, init_cfg=None,
    ):  # fmt: skip
        super().__init__(
            layout, num_person, num_frames, in_channels, embed_dims, modalities, modality, output, whiten, init_cfg
        )
        self.causal = causal
        num_joints = self.spatial_position.size(1)
        layer = (embed_dims, num_heads, alpha, gap, kernel_size, drop_path)
        self.temporal = DenseStream(num_layers, with_cp, *layer, num_frames, causal)
        self.spatial = DenseStream(num_layers, with_cp, *layer, num_joints, causal=False)
        self.apply(init_linear)

    def embed(self, clip: Tensor, modality: str) -> tuple[Tensor, Tensor]:  # (N, M, T, V, C) -> (N, T, D), (N, M*V, D)
        temporal, spatial = super().embed(clip, modality)
        if self.causal and modality == 'motion':
            temporal = temporal.roll(1, 1)  # motion to the next frame is known when that frame is
        return temporal, spatial


class DenseStream(nn.ModuleList):
    """Dense layers one after another, with the positions added before each."""

    def __init__(self, num_layers, with_cp, *layer, **kwargs):
        super().__init__(DenseLayer(*layer, **kwargs) for _ in range(num_layers))
        self.with_cp = with_cp

    def forward(self, x: Tensor, position: Tensor) -> Tensor:  # (N, L, D), (1, L, D) -> (N, L, D)
        for layer in self:
            x = x + position
            x = checkpoint(layer, x, use_reentrant=False) if self.with_cp and self.training else layer(x)
        return x


class DenseLayer(nn.Module):
    """Convolutional attention CA and dense shift attention DSA over L tokens, which share one attention.

    ``plain`` is the layer as in the paper. ``forward`` computes the same with one call of the attention in place of
    three, one of DSA's MLP in place of two with its last product once, and ``x + DP(residual)`` in one pass.
    """

    def __init__(self, embed_dims, num_heads, alpha, gap, kernel_size, drop_path, num_tokens, causal):
        super().__init__()
        self.alpha = alpha
        self.drop_path = drop_path
        self.attention = Attention(embed_dims, num_heads, causal)
        self.conv = TokenConv(embed_dims, kernel_size, causal)
        self.conv_branch = Branch(embed_dims)
        self.shift = TokenShift(num_tokens, gap, causal)
        self.shift_branch = Branch(embed_dims)

    def plain(self, x: Tensor) -> Tensor:  # (N, L, D) -> (N, L, D)
        """``alpha·CA(x) + (1 - alpha)·DSA(x)``"""
        return self.alpha * self.convolutional_attention(x) + (1 - self.alpha) * self.dense_shift_attention(x)

    def convolutional_attention(self, x: Tensor) -> Tensor:
        """``CA(x) = DP(MLP(LN2(v)))``, ``v = x + DP(Attn(LN1(f)))``, ``f = x + ReLU(Conv(x))``"""
        branch = self.conv_branch
        v = x + self.drop(self.attention(branch.norm1(self.conv(x))))
        return self.drop(branch.mlp(branch.norm2(v)))

    def dense_shift_attention(self, x: Tensor) -> Tensor:
        """``DSA(x) = (A(s) + A(x)) / 2``, where s is x shifted across tokens"""
        return (self.block(self.shift(x)) + self.block(x)) / 2

    def block(self, u: Tensor) -> Tensor:
        """``A(u) = v + DP(MLP(LN2(v)))``, ``v = u + DP(Attn(LN1(u)))``"""
        branch = self.shift_branch
        v = u + self.drop(self.attention(branch.norm1(u)))
        return v + self.drop(branch.mlp(branch.norm2(v)))

    def drop(self, residual: Tensor) -> Tensor:
        """DropPath"""
        return residual * self.keep(residual, 1.0)

    def forward(self, x: Tensor) -> Tensor:  # (N, L, D) -> (N, L, D)
        n = x.size(0)  # len() would fix it in an exported graph
        dense = torch.cat([self.shift(x), x])  # (2N, L, D)
        normed = [self.conv_branch.norm1(self.conv(x)), self.shift_branch.norm1(dense)]
        attended = self.attention(torch.cat([for_products(t) for t in normed]))  # (3N, L, D)
        of_conv, of_dense = attended.split([n, 2 * n])
        ca = self.add(x, of_conv)
        ca = self.conv_branch.mlp(self.conv_branch.norm2(ca)) * self.keep(x, self.alpha)
        dsa = self.both_blocks(self.add(dense, of_dense), [n, n])
        return torch.add(ca, dsa, alpha=(1 - self.alpha) / 2)

    def both_blocks(self, v: Tensor, halves: list[int]) -> Tensor:
        """``A(s) + A(x)`` from the v of s and of x. The last product of the MLP is taken once, of the sum of what it is
        taken of.  # (2N, L, D) -> (N, L, D)"""
        up, gelu, down = self.shift_branch.mlp
        of_s, of_x = v.split(halves)
        hidden_s, hidden_x = gelu(up(self.shift_branch.norm2(v))).split(halves)  # (N, L, 2D)
        if not (self.training and self.drop_path):
            return of_s + of_x + linear(hidden_s + hidden_x, down.weight, 2 * down.bias)
        kept = 1 - self.drop_path
        # 0 and 1 are exact in bfloat16, which 1 / kept is not.
        keep_s, keep_x = hidden_s.new_empty(len(v), 1, 1).bernoulli_(kept).split(halves)
        residual = linear(torch.addcmul(hidden_s * keep_s, hidden_x, keep_x), down.weight)
        return torch.add(of_s + of_x, residual + (keep_s + keep_x) * down.bias, alpha=1 / kept)

    def add(self, x: Tensor, residual: Tensor) -> Tensor:
        """``x + DP(residual)`` in one pass"""
        if self.training and self.drop_path:
            return torch.addcmul(x, residual, self.keep(x, 1.0))
        return x + residual

    def keep(self, x: Tensor, scale: float) -> Tensor | float:
        """``scale`` over the share of clips that keep their branch, for those clips; 0 for the others.  # (N, 1, 1)"""
        if not (self.training and self.drop_path):
            return scale
        kept = 1 - self.drop_path
        return x.new_empty(len(x), 1, 1).bernoulli_(kept).mul_(scale / kept)


class Branch(nn.Module):
    """The norms and the MLP of one of the two attentions."""

    def __init__(self, embed_dims):
        super().__init__()
        self.norm1 = nn.LayerNorm(embed_dims)
        self.norm2 = nn.LayerNorm(embed_dims)
        self.mlp = nn.Sequential(Linear(embed_dims, 2 * embed_dims), nn.GELU(), Linear(2 * embed_dims, embed_dims))


def init_linear(module: nn.Module):
    """Linear layers: truncated normal, no bias. The packed in-projection of an attention: as PyTorch does."""
    if isinstance(module, nn.Linear) and not isinstance(module, Fusion):
        nn.init.trunc_normal_(module.weight, std=0.02)
        if module.bias is not None:
            nn.init.zeros_(module.bias)
    if isinstance(module, Attention):
        nn.init.xavier_uniform_(module.qkv.weight)
