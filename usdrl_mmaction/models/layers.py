"""The layers of the encoders and heads, each with the fastest path for the processor."""

import math
import os
import time
from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.utils._python_dispatch import _get_current_dispatch_mode

from usdrl_mmaction.errors import ConfigError

# From this many rows of the input and this many multiplications on, a convolution is faster than a product.
TOKENS = 128
PRODUCTS = 2**23
exporting = getattr(torch.compiler, 'is_exporting', torch.compiler.is_compiling)  # from PyTorch 2.7 on
CACHED = 2**19  # numbers of an activation that fit into a CPU's cache with the neighbouring activations


def full_precision(function: Callable) -> Callable:
    """Keeps a function in the precision of its arguments where training is mixed."""
    return torch.autocast('cpu', enabled=False)(torch.autocast('cuda', enabled=False)(function))


class Linear(nn.Linear):
    """``nn.Linear`` by ``linear``."""

    def forward(self, x: Tensor) -> Tensor:
        return linear(x, self.weight, self.bias)


class Attention(nn.Module):
    """Multi-head self-attention.

    With one head, the maps of query and key, and those of value and output, are each one map: ``x·Wq·(x·Wk)ᵀ`` is
    ``x·(Wq·Wkᵀ)·xᵀ``, and of the biases only the query's changes the softmax. That halves the products with weights, at
    the cost of the products of weights.
    """

    def __init__(self, embed_dims, num_heads, causal):
        super().__init__()
        if embed_dims % num_heads:
            raise ConfigError(f'embed_dims={embed_dims} is not a multiple of num_heads={num_heads}.')
        self.num_heads = num_heads
        self.causal = causal
        self.qkv = Linear(embed_dims, 3 * embed_dims)
        self.out = Linear(embed_dims, embed_dims)

    def forward(self, x: Tensor) -> Tensor:  # (N, L, D) -> (N, L, D)
        if self.merging_pays(x):
            return attend_merged(x, *self.merged(), self.causal)
        q, k, v = (t.unflatten(-1, (self.num_heads, -1)).transpose(1, 2) for t in self.qkv(x).chunk(3, -1))
        attended = attend(q, k, v, is_causal=self.causal, scale=q.size(-1) ** -0.5)
        return self.out(attended.transpose(1, 2).flatten(2))

    def merging_pays(self, x: Tensor) -> bool:
        if self.num_heads > 1 or exporting() or torch.jit.is_tracing():  # for any number of clips
            return False
        return x.size(0) * x.size(1) >= 2 * x.size(2)

    @full_precision
    def merged(self) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """Weight and bias of query and key, scaled, and weight and bias of value and output."""
        query, key, value = self.qkv.weight.chunk(3)
        of_query, _, of_value = self.qkv.bias.chunk(3)
        key, out = key.T * len(key) ** -0.5, self.out.weight
        return key @ query, key @ of_query, out @ value, out @ of_value + self.out.bias


class MergedAttention(nn.Module):
    """An attention of one head whose weights do not change any more."""

    def __init__(self, attention: Attention):
        super().__init__()
        self.causal = attention.causal
        names = ('query', 'query_bias', 'value', 'value_bias')
        for name, tensor in zip(names, attention.merged(), strict=True):
            self.register_buffer(name, tensor)

    def forward(self, x: Tensor) -> Tensor:  # (N, L, D) -> (N, L, D)
        return attend_merged(x, self.query, self.query_bias, self.value, self.value_bias, self.causal)


class TokenConv(nn.Conv1d):
    """``x + ReLU(Conv(x))``, with a convolution over tokens."""

    def __init__(self, embed_dims, kernel_size, causal):
        super().__init__(embed_dims, embed_dims, kernel_size)
        before = kernel_size - 1 if causal else (kernel_size - 1) // 2
        self.pad = (before, kernel_size - 1 - before)

    def forward(self, x: Tensor) -> Tensor:  # (N, L, D) -> (N, L, D)
        if self.kernel_size == (1,):
            return x + F.relu(linear(x, self.weight[..., 0], self.bias))
        return x + F.relu(super().forward(F.pad(x.transpose(1, 2), self.pad))).transpose(1, 2)


class TokenShift(nn.Module):
    """``x + W2·ReLU(W1·x)``, with L×L matrices that act across tokens; every ``gap``-th token keeps its value."""

    def __init__(self, num_tokens, gap, causal):
        super().__init__()
        self.gap = gap
        self.causal = causal
        self.mix1 = nn.Linear(num_tokens, num_tokens)
        self.mix2 = nn.Linear(num_tokens, num_tokens)

    def forward(self, x: Tensor) -> Tensor:  # (N, L, D) -> (N, L, D)
        shifted = x + self.mix(self.mix2, F.relu(self.mix(self.mix1, x)))
        shifted[:, :: self.gap] = x[:, :: self.gap]
        return shifted

    def mix(self, layer: nn.Linear, x: Tensor) -> Tensor:
        weight = layer.weight.tril() if self.causal else layer.weight
        return linear(x.mT, weight, layer.bias).mT


def linear(x: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
    """``F.linear``, in float32 on a CPU by whichever of two libraries is faster there: PyTorch computes products with
    MKL, which leaves half of some processors idle, and convolutions with oneDNN; a convolution with a kernel of 1×1 is
    the same product."""
    if not by_convolution(x, len(weight)):
        return F.linear(x, weight, bias)
    return convolved(x, weight, bias)


def for_products(x: Tensor) -> Tensor:
    """x in the precision of products where training is mixed: once, for all that take it."""
    device = x.device.type
    return x.to(torch.get_autocast_dtype(device)) if torch.is_autocast_enabled(device) else x


def convolved(x: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
    tokens = x.reshape(-1, *x.shape[-2:])[:, :, None].permute(0, 3, 1, 2)  # (N, D, L, 1)
    out = F.conv2d(tokens, weight[:, :, None, None], bias)
    return out.permute(0, 2, 3, 1).reshape(*x.shape[:-1], -1)


def attend_merged(
    x: Tensor, query: Tensor, query_bias: Tensor, value: Tensor, value_bias: Tensor, causal: bool
) -> Tensor:  # (N, L, D) -> (N, L, D)
    q, tokens = linear(x, query, query_bias)[:, None], x[:, None]  # (N, 1, L, D)
    attended = attend(q, tokens, tokens, is_causal=causal, scale=1.0)
    return linear(attended.squeeze(1), value, value_bias)


def attend(q: Tensor, k: Tensor, v: Tensor, is_causal: bool, scale: float) -> Tensor:
    """Scaled dot-product attention.  # (N, heads, L, d) -> (N, heads, L, d)"""
    compute = attention_by_products if q.device.type == 'cpu' else F.scaled_dot_product_attention
    return compute(q, k, v, is_causal=is_causal, scale=scale)


def attention_by_products(q: Tensor, k: Tensor, v: Tensor, is_causal: bool, scale: float) -> Tensor:
    """``F.scaled_dot_product_attention`` as two products: for few tokens in bfloat16, the backward pass of PyTorch's
    fused kernel for CPUs takes four times as long.  # (N, heads, L, d) -> (N, heads, L, d)"""
    scores = (q if scale == 1.0 else q * scale) @ k.mT  # (N, heads, L, L)
    if is_causal:
        later = torch.ones_like(scores[0, 0], dtype=torch.bool).triu(1)
        scores = scores.masked_fill(later, -torch.inf)
    return scores.softmax(-1).to(v.dtype) @ v


def clips_at_once(clips: Tensor, num_tokens: int, width: int) -> int:
    """How many clips to encode in one call, of tokens of this number and width: on a CPU as many as fit into its cache,
    but enough that products of tokens outweigh those of weights, elsewhere all."""
    return max(1, CACHED // (num_tokens * width), 4 * width // num_tokens) if clips.is_cpu else len(clips)


def by_convolution(x: Tensor, out_features: int) -> bool:
    return (
        x.is_cpu
        and x.dtype == torch.float32
        and not torch.is_autocast_enabled('cpu')
        and not torch.compiler.is_compiling()
        and not torch.jit.is_tracing()
        and x.ndim > 1
        and x.numel() >= TOKENS * x.size(-1)
        and x.numel() * out_features >= PRODUCTS
        and PRODUCT.name() == 'convolution'
    )


class Product:
    """Which of 'matmul' and 'convolution' float32 products on a CPU are computed by: the one that is faster in a
    measurement of some milliseconds when the first is needed, or the one that the environment variable
    ``USDRL_PRODUCT`` names. Both round differently, so a run that is resumed goes on with that of its checkpoint."""

    def __init__(self):
        self.chosen = None
        self.rates = {}  # GFLOP/s, if measured

    def name(self) -> str:
        if self.chosen is None and (given := os.environ.get('USDRL_PRODUCT')):
            if given not in PRODUCERS:
                raise ConfigError(f"USDRL_PRODUCT is 'matmul' or 'convolution', not '{given}'.")
            self.chosen = given
        if self.chosen is None:
            if _get_current_dispatch_mode() is not None:
                return 'matmul'  # whatever watches or replaces operations would watch the measurement
            self.rates = measure_products()
            faster = self.rates['convolution'] > MARGIN * self.rates['matmul']
            self.chosen = 'convolution' if faster else 'matmul'
        return self.chosen

    def resume(self, name: str | None):
        """Goes on with the choice of a checkpoint, unless another is given."""
        if name in PRODUCERS and not os.environ.get('USDRL_PRODUCT'):
            self.chosen, self.rates = name, {}

    def __str__(self):
        measured = ', '.join(f'{name} {rate:.0f} GFLOP/s' for name, rate in self.rates.items())
        return self.name() + (f' ({measured})' if measured else '')


@torch.no_grad()
def measure_products() -> dict[str, float]:
    """GFLOP/s of both, from the least of several times, taken in turn."""
    if not torch.backends.mkldnn.is_available():
        return {'matmul': 1.0, 'convolution': 0.0}
    x, weight = torch.ones(4, 128, 512), torch.ones(512, 512)
    seconds = dict.fromkeys(PRODUCERS, math.inf)
    for _ in range(6):
        for name, compute in PRODUCERS.items():
            begun = time.perf_counter()
            compute(x, weight)
            seconds[name] = min(seconds[name], time.perf_counter() - begun)
    return {name: 2e-9 * x.numel() * len(weight) / least for name, least in seconds.items()}


PRODUCERS = {'matmul': F.linear, 'convolution': convolved}
MARGIN = 1.1  # by which a convolution has to be faster
PRODUCT = Product()
