"""Random convolutions of the joints' paths, as MiniRocket and MultiRocket compute them: strong features of clips that
take no training, beside those of an encoder."""

from collections.abc import Iterator
from itertools import combinations, product

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import conv1d, pad

LENGTH = 9
KERNELS = tuple(combinations(range(LENGTH), 3))  # where a kernel has 2 in place of -1
DILATIONS = (1, 2, 4, 7)
BIASES = 8  # for each kernel, dilation and kind of series
BATCH = 128
SAMPLE = 20_000  # values of a convolution that its biases are quantiles of


class RandomConvolutions:
    """The share of the frames in which a convolution is above a bias, for 84 kernels of length 9, each over a few
    channels drawn at random and in four dilations, of the coordinates and of their changes. The biases are quantiles of
    the convolutions over the clips that it is fitted to.

    Args:
        biases (np.ndarray | None): Those of an earlier fit.  # (convolutions, BIASES)
        seed (int): Of the channels, and of where the quantiles lie.
    """

    def __init__(self, biases: np.ndarray | None = None, seed: int = 0):
        self.biases = biases
        self.seed = seed

    def fit(self, clips: Tensor) -> 'RandomConvolutions':
        """Takes the biases from clips.  # (N, M, T, V, C)"""
        level = (np.arange(BIASES) + np.random.default_rng([self.seed, 1]).random(BIASES)) / BIASES
        rows = []
        for found in self.convolve(clips[:, 0]):
            values = found.flatten()
            values = values[:: max(1, len(values) // SAMPLE)]
            rows.append(torch.quantile(values, torch.from_numpy(level).to(values)))
        self.biases = torch.stack(rows).numpy()
        return self

    def transform(self, clips: Tensor) -> np.ndarray:
        """The features of each person after each other.  # (N, M, T, V, C) -> (N, M·F)"""
        biases = torch.from_numpy(self.biases)[:, :, None]  # (convolutions, BIASES, 1)
        batches = []
        for batch in clips.split(BATCH):
            shares = [
                (found[:, None] > bias).float().mean(-1)  # (n, BIASES)
                for person in batch.unbind(1)
                for found, bias in zip(self.convolve(person), biases, strict=True)
            ]
            batches.append(torch.cat(shares, 1))
        return torch.cat(batches).numpy()

    def convolve(self, clips: Tensor) -> Iterator[Tensor]:
        """Every convolution of one person's clips.  # (N, T, V, C) -> many (N, T)"""
        series = clips.permute(0, 2, 3, 1).flatten(1, 2)  # (N, V·C, T)
        for kind in (series, pad(series.diff(dim=-1), (0, 1))):
            draw = np.random.default_rng(self.seed)
            frames, channels = kind.shape[-1], kind.shape[1]
            for dilation in DILATIONS:
                padded = pad(kind, (dilation * (LENGTH // 2),) * 2)
                shifted = [padded[..., place * dilation :][..., :frames] for place in range(LENGTH)]
                total = sum(shifted)
                for kernel in KERNELS:
                    few = draw.permutation(channels)[: int(2 ** draw.uniform(0, np.log2(LENGTH + 1)))]
                    twice = sum(shifted[place][:, few] for place in kernel)
                    yield (3 * twice - total[:, few]).sum(1)


class ConvolutionShares(nn.Module):
    """What ``RandomConvolutions.transform`` computes, as a network: for export, or ``soft`` for gradients, with slopes
    in place of the steps at the biases."""

    def __init__(self, random: RandomConvolutions, channels: int, soft: bool = False):
        super().__init__()
        self.soft = soft
        draw, kernels = np.random.default_rng(random.seed), torch.zeros(len(DILATIONS), len(KERNELS), channels, LENGTH)
        for dilation, kernel in product(range(len(DILATIONS)), range(len(KERNELS))):
            few = draw.permutation(channels)[: int(2 ** draw.uniform(0, np.log2(LENGTH + 1)))].copy()
            kernels[dilation, kernel, few] = -1.0
            kernels[dilation, kernel, few[:, None], list(KERNELS[kernel])] = 2.0
        self.register_buffer('kernels', kernels)
        self.register_buffer('biases', torch.from_numpy(random.biases).view(2, len(DILATIONS), len(KERNELS), BIASES))

    def forward(self, clips: Tensor) -> Tensor:  # (N, M, T, V, C) -> (N, M·F)
        shares = []
        for person in clips.unbind(1):
            series = person.permute(0, 2, 3, 1).flatten(1, 2)  # (N, V·C, T)
            for kind, biases in zip((series, pad(series.diff(dim=-1), (0, 1))), self.biases, strict=True):
                for number, dilation in enumerate(DILATIONS):
                    found = conv1d(kind, self.kernels[number], padding=dilation * (LENGTH // 2), dilation=dilation)
                    above = found[:, :, None] - biases[number][:, :, None]  # (N, kernels, BIASES, T)
                    spread = (biases[number].amax(-1) - biases[number].amin(-1)).clamp(min=1e-6) / BIASES
                    above = (above / spread[:, None, None]).sigmoid() if self.soft else (above > 0).float()
                    shares.append(above.mean(-1).flatten(1))
        return torch.cat(shares, 1)


def num_features(num_person: int) -> int:
    return num_person * 2 * len(DILATIONS) * len(KERNELS) * BIASES
