"""DSTE, the dense spatio-temporal encoder: dense shift attention and convolutional attention, side by side, over
the frames of a clip and over its joints."""

import torch
import torch.nn.functional as F
from mmaction.registry import MODELS
from torch import Tensor, nn
from torch.utils.checkpoint import checkpoint

from ..layers import Linear, linear
from .stream_encoder import Fusion, StreamEncoder


@MODELS.register_module()
class DSTE(StreamEncoder):
    """The dense spatio-temporal encoder of USDRL.

    Args:
        layout (str | dict): Name of the skeleton, or ``num_node``, ``inward`` and ``center`` of one.
        num_person (int): Persons in a clip.
        num_frames (int): Frames in a clip.
        in_channels (int): Coordinates of a joint.
        embed_dims (int): Width D.
        num_heads (int): Heads of the attention.
        num_layers (int): Layers of each stream.
        alpha (float): Share of the convolutional attention in a layer's output; the rest is dense shift attention's.
        gap (int): Dense shift attention leaves every ``gap``-th token unmixed.
        kernel_size (int): Kernel of the convolution over tokens.
        drop_path (float): Probability that a sample skips a residual branch, in training.
        modalities (tuple[str]): 'joint', 'bone', 'motion': one, or several to be fused.
        modality (str | None): What clips are encoded as by default: one of the modalities, or 'fused'.
        causal (bool): Whether the temporal stream at a frame depends on no later frame.
        output (str): 'streams' for StreamFeatures, 'gcn' for (N, 1, 2D, 1, 1) as MMAction2's ``GCNHead`` takes.
        with_cp (bool): In training, keep the input of each layer alone and run the layer again in the backward pass:
            less memory, more time.
    """

    def __init__(
        self,
        layout='nturgb+d',
        num_person=2,
        num_frames=64,
        in_channels=3,
        embed_dims=1024,
        num_heads=1,
        num_layers=2,
        alpha=0.5,
        gap=4,
        kernel_size=1,
        drop_path=0.1,
        modalities=('joint',),
        modality=None,
        causal=False,
        output='streams',
        with_cp=False,
        init_cfg=None,
    ):
        super().__init__(
            layout, num_person, num_frames, in_channels, embed_dims, modalities, modality, output, init_cfg
        )
        layer = dict(
            with_cp=with_cp,
            embed_dims=embed_dims,
            num_heads=num_heads,
            alpha=alpha,
            gap=gap,
            kernel_size=kernel_size,
            drop_path=drop_path,
        )
        self.causal = causal
        joints = self.spatial_position.size(1)
        self.temporal = DenseStream(num_layers, num_tokens=num_frames, causal=causal, **layer)
        self.spatial = DenseStream(num_layers, num_tokens=joints, causal=False, **layer)
        self.apply(init_linear)

    def embed(self, clip: Tensor, modality: str) -> tuple[Tensor, Tensor]:  # (N, M, T, V, C) -> (N, T, D), (N, M*V, D)
        temporal, spatial = super().embed(clip, modality)
        if self.causal and modality == 'motion':
            temporal = temporal.roll(1, 1)  # the movement from a frame to the next is known at the next
        return temporal, spatial


class DenseStream(nn.ModuleList):
    """Dense layers one after another; the positions are added before each."""

    def __init__(self, num_layers, with_cp, **layer):
        super().__init__(DenseLayer(**layer) for _ in range(num_layers))
        self.with_cp = with_cp

    def forward(self, x: Tensor, position: Tensor) -> Tensor:  # (N, L, D), (1, L, D) -> (N, L, D)
        for layer in self:
            x = x + position
            x = checkpoint(layer, x, use_reentrant=False) if self.with_cp and self.training else layer(x)
        return x


class DenseLayer(nn.Module):
    """``y = alpha·CA(x) + (1 - alpha)·DSA(x)`` over L tokens.

    ``CA(x) = MLP(LN(x + Attn(LN(x + ReLU(Conv(x))))))`` and ``DSA(x) = (A(s) + A(x)) / 2``, where ``s`` is x mixed
    across tokens and A a pre-norm transformer block. The three calls of their common attention are one here.
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

    def forward(self, x: Tensor) -> Tensor:  # (N, L, D) -> (N, L, D)
        n = x.size(0)  # len() would fix it in an exported graph
        dense = torch.cat([self.shift(x), x])  # (2N, L, D)
        attended = self.attention(torch.cat([self.conv_branch.norm1(self.conv(x)), self.shift_branch.norm1(dense)]))
        of_conv, of_dense = attended.split([n, 2 * n])
        ca = self.add(x, of_conv)
        ca = self.conv_branch.mlp(self.conv_branch.norm2(ca)) * self.keep(x, self.alpha)
        dsa = self.add(dense, of_dense)
        dsa = self.add(dsa, self.shift_branch.mlp(self.shift_branch.norm2(dsa)))
        return ca + (1 - self.alpha) / 2 * dsa.unflatten(0, (2, n)).sum(0)

    def add(self, x: Tensor, residual: Tensor) -> Tensor:
        """``x + DropPath(residual)`` in one pass."""
        if self.training and self.drop_path:
            return torch.addcmul(x, residual, self.keep(x, 1.0))
        return x + residual

    def keep(self, x: Tensor, scale: float) -> Tensor | float:
        """``scale`` for the samples that keep their branch, over the share that does; 0 for the others.  # (N, 1, 1)"""
        if not (self.training and self.drop_path):
            return scale
        kept = 1 - self.drop_path
        return x.new_empty(len(x), 1, 1).bernoulli_(kept).mul_(scale / kept)


class Branch(nn.Module):
    """The norms and the MLP that one of the two attentions has for itself."""

    def __init__(self, embed_dims):
        super().__init__()
        self.norm1 = nn.LayerNorm(embed_dims)
        self.norm2 = nn.LayerNorm(embed_dims)
        self.mlp = nn.Sequential(Linear(embed_dims, 2 * embed_dims), nn.GELU(), Linear(2 * embed_dims, embed_dims))


class Attention(nn.Module):
    """Multi-head self-attention."""

    def __init__(self, embed_dims, num_heads, causal):
        super().__init__()
        if embed_dims % num_heads:
            raise ValueError(f'embed_dims={embed_dims} is not a multiple of num_heads={num_heads}.')
        self.num_heads = num_heads
        self.causal = causal
        self.qkv = Linear(embed_dims, 3 * embed_dims)
        self.out = Linear(embed_dims, embed_dims)

    def forward(self, x: Tensor) -> Tensor:  # (N, L, D) -> (N, L, D)
        q, k, v = (t.unflatten(-1, (self.num_heads, -1)).transpose(1, 2) for t in self.qkv(x).chunk(3, -1))
        # (N, heads, L, d) each
        attend = plain_attention if x.device.type == 'cpu' else F.scaled_dot_product_attention
        return self.out(attend(q, k, v, is_causal=self.causal).transpose(1, 2).flatten(2))


def plain_attention(q: Tensor, k: Tensor, v: Tensor, is_causal: bool) -> Tensor:
    """``scaled_dot_product_attention`` as two products: with so few tokens, the backward pass of PyTorch's fused kernel
    for CPUs takes four times as long in bfloat16.  # (N, heads, L, d) -> (N, heads, L, d)"""
    scores = (q * q.size(-1) ** -0.5) @ k.mT  # (N, heads, L, L)
    if is_causal:
        later = torch.ones_like(scores[0, 0], dtype=torch.bool).triu(1)
        scores = scores.masked_fill(later, -torch.inf)
    return scores.softmax(-1).to(v.dtype) @ v


class TokenConv(nn.Conv1d):
    """``x + ReLU(Conv(x))``, the convolution running over tokens."""

    def __init__(self, embed_dims, kernel_size, causal):
        super().__init__(embed_dims, embed_dims, kernel_size)
        before = kernel_size - 1 if causal else (kernel_size - 1) // 2
        self.pad = (before, kernel_size - 1 - before)

    def forward(self, x: Tensor) -> Tensor:  # (N, L, D) -> (N, L, D)
        if self.kernel_size == (1,):
            return x + F.relu(linear(x, self.weight[..., 0], self.bias))
        return x + F.relu(super().forward(F.pad(x.transpose(1, 2), self.pad))).transpose(1, 2)


class TokenShift(nn.Module):
    """``x + W2·ReLU(W1·x)``, with L×L matrices that act across tokens; every ``gap``-th token stays as it was."""

    def __init__(self, num_tokens, gap, causal):
        super().__init__()
        self.gap = gap
        self.causal = causal
        self.mix1 = nn.Linear(num_tokens, num_tokens)
        self.mix2 = nn.Linear(num_tokens, num_tokens)

    def forward(self, x: Tensor) -> Tensor:  # (N, L, D) -> (N, L, D)
        shift = self.mix(self.mix2, F.relu(self.mix(self.mix1, x)))
        shifted = x + shift
        shifted[:, :: self.gap] = x[:, :: self.gap]
        return shifted

    def mix(self, layer: nn.Linear, x: Tensor) -> Tensor:
        weight = layer.weight.tril() if self.causal else layer.weight
        return linear(x.mT, weight, layer.bias).mT


def init_linear(module: nn.Module):
    """Linear layers: truncated normal, no bias. The packed in-projection of an attention: as PyTorch's own."""
    if isinstance(module, nn.Linear) and not isinstance(module, Fusion):
        nn.init.trunc_normal_(module.weight, std=0.02)
        if module.bias is not None:
            nn.init.zeros_(module.bias)
    if isinstance(module, Attention):
        nn.init.xavier_uniform_(module.qkv.weight)
