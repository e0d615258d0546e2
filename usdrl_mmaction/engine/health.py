"""Measures of the health of an embedding. A collapsed one may have a low loss, and does not tell clips apart."""

import torch
import torch.nn.functional as F
from torch import Tensor


def effective_rank(features: Tensor) -> float:
    """The number of directions in which the features vary on the unit sphere: the exponential of the entropy of the
    eigenvalues of their covariance. It is D if they vary alike in all directions, and 1 if they are all at one point
    or at two opposite ones.  # (N, D)"""
    unit = F.normalize(features, dim=1)
    variance = torch.linalg.svdvals(unit - unit.mean(0)).square()
    share = variance / variance.sum().clamp(min=torch.finfo(variance.dtype).tiny)
    return float(torch.special.entr(share).sum().exp())


def spread(features: Tensor) -> float:
    """Mean standard deviation of the features on the unit sphere, times √D: 1 when they fill it, 0 at one point."""
    return float(F.normalize(features, dim=1).std(0).mean() * features.size(1) ** 0.5)


def alignment(views: Tensor) -> float:
    """Mean squared distance of two views of a clip on the unit sphere; 0 is best.  # (views, N, D)"""
    a, b = torch.combinations(torch.arange(len(views))).T
    unit = F.normalize(views, dim=-1)
    return float((unit[a] - unit[b]).square().sum(-1).mean())


def uniformity(features: Tensor) -> float:
    """Log of the mean of exp(-2·squared distance) over pairs on the unit sphere; 0 at one point, lower is better."""
    return float(F.pdist(F.normalize(features, dim=1)).square().mul(-2).exp().mean().log())


def neighbour_accuracy(features: Tensor, labels: Tensor) -> float:
    """Share of the clips whose nearest other clip, by cosine similarity, has the same label.  # (N, D), (N,)"""
    unit = F.normalize(features, dim=1)
    nearest = (unit @ unit.T).fill_diagonal_(-torch.inf).argmax(1)
    return float((labels[nearest] == labels).float().mean())
