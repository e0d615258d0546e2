"""``nn.Linear`` at the speed of the processor."""

import platform
from functools import cache
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor, nn

# From so many rows of the input and multiplications on, a convolution is the faster.
TOKENS = 128
PRODUCTS = 2**23


class Linear(nn.Linear):
    """``nn.Linear``, faster on some CPUs."""

    def forward(self, x: Tensor) -> Tensor:
        return linear(x, self.weight, self.bias)


def linear(x: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
    """``F.linear``. For float32 on a CPU that is a product by MKL, which leaves half of an AMD processor with AVX-512
    idle; a convolution is by oneDNN, which does not, and with a kernel of 1×1 it is the same product."""
    if not by_convolution(x, len(weight)):
        return F.linear(x, weight, bias)
    tokens = x.reshape(-1, *x.shape[-2:])[:, :, None].permute(0, 3, 1, 2)  # (N, D, L, 1)
    out = F.conv2d(tokens, weight[:, :, None, None], bias)
    return out.permute(0, 2, 3, 1).reshape(*x.shape[:-1], -1)


def by_convolution(x: Tensor, out_features: int) -> bool:
    return (
        x.is_cpu
        and x.dtype == torch.float32
        and mkl_holds_back()
        and not torch.is_autocast_enabled('cpu')
        and not torch.compiler.is_compiling()
        and not torch.jit.is_tracing()
        and x.ndim > 1
        and x.numel() >= TOKENS * x.size(-1)
        and x.numel() * out_features >= PRODUCTS
    )


@cache
def mkl_holds_back() -> bool:
    fast = torch.backends.mkldnn.is_available() and torch.backends.cpu.get_cpu_capability() == 'AVX512'
    return fast and torch.backends.mkl.is_available() and 'AuthenticAMD' in processor()


def processor() -> str:
    info = Path('/proc/cpuinfo')  # on Linux platform knows the architecture alone
    return info.read_text() if info.exists() else platform.processor()
