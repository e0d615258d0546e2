"""The terms of multi-grained feature decorrelation (MG-FD), as functions of projected views ``z`` (views, N, D).

Covariances are D×D, but only their squared norms and diagonals are needed. With centred Z (N×D),
``‖ZaᵀZb‖² = ⟨ZaZaᵀ, ZbZbᵀ⟩``: the N×N Gram matrices give the same numbers in O(N²D).
"""

from itertools import combinations

import torch
import torch.nn.functional as F
from torch import Tensor

from usdrl_mmaction.errors import ConfigError

VARIANCE_EPS = 1e-4
VARIANCE_WEIGHT = 5.0
OFF_DIAGONAL_WEIGHT = 0.005


def decorrelation_terms(z: Tensor) -> dict[str, Tensor]:
    """The three terms of one domain, in float32 or float64.  # (views, N, D) -> scalars

    - consistency: draws every view to the last view, and to the mean of the others;
    - variance: within each view, draws each standard deviation up to 1, and auto-covariances to 0;
    - cross: draws the cross-correlation matrix of every pair of views to the identity.

    Examples:
        >>> import torch
        >>> from usdrl_mmaction.models.losses import decorrelation_terms
        >>> z = torch.randn(2, 512, 64)  # two views of 512 clips
        >>> agree, differ = decorrelation_terms(torch.stack([z[0], z[0]])), decorrelation_terms(z)
        >>> bool(agree['consistency'] < differ['consistency']), bool(agree['cross'] < differ['cross'])
        (True, True)
    """
    if z.ndim != 3 or z.size(0) < 2 or z.size(1) < 2:
        raise ConfigError(
            f'The loss needs z (views, N, D) of at least two views and two clips, not {tuple(z.shape)}: set a '
            'batch_size of 2 or more.'
        )
    with torch.autocast(z.device.type, enabled=False):
        z = z if z.dtype == torch.float64 else z.float()
        mean = z.mean(1, keepdim=True)
        centred = z - mean
        variance = centred.square().sum(1) / (z.size(1) - 1)  # (views, D)
        gram = centred @ centred.mT  # (views, N, N)
        return {
            'consistency': consistency(z),
            'variance': variance_and_covariance(variance, gram),
            'cross': cross_correlation(standardise(centred, mean, variance)),
        }


def consistency(z: Tensor) -> Tensor:
    others, last = z[:-1], z[-1:]
    centre = others.mean(0, keepdim=True)
    per_view = z[0].numel()
    return ((others - last).square().sum() + (others - centre).square().sum()) / per_view


def variance_and_covariance(variance: Tensor, gram: Tensor) -> Tensor:
    clips, dims = gram.size(-1), variance.size(-1)
    hinge = F.relu(1 - (variance + VARIANCE_EPS).sqrt()).mean(1)  # (views,)
    off_diagonal = gram.square().sum((1, 2)) / (clips - 1) ** 2 - variance.square().sum(1)  # (views,)
    return (VARIANCE_WEIGHT * hinge + off_diagonal / dims).sum()


def standardise(centred: Tensor, mean: Tensor, variance: Tensor) -> Tensor:
    """Divides by the standard deviation; a dimension that varies only by rounding becomes 0."""
    alive = variance > 1e-12 * (1 + mean[:, 0].square())
    scale = torch.where(alive, variance, torch.ones_like(variance)).rsqrt() * alive
    return centred * scale[:, None]


def cross_correlation(z: Tensor) -> Tensor:  # standardised (views, N, D)
    views, clips = z.shape[:2]
    gram = (z @ z.mT).flatten(1) / clips  # (views, N·N)
    norms = gram @ gram.mT  # (views, views): ‖C‖² of each pair
    total = z.new_zeros(())
    for a, b in combinations(range(views), 2):
        diagonal = (z[a] * z[b]).sum(0) / clips  # (D,)
        off_diagonal = norms[a, b] - diagonal.square().sum()
        total = total + (diagonal - 1).square().sum() + OFF_DIAGONAL_WEIGHT * off_diagonal
    return total
