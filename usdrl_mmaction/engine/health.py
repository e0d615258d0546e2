"""Measures of the health of an embedding: a collapsed one may have a low loss, and says nothing of its clips."""

import torch
import torch.nn.functional as F
from torch import Tensor


def effective_rank(features: Tensor) -> float:
    """In how many directions the features vary on the unit sphere, where a few long ones count no more than others: the
    exponential of the entropy of their covariance's eigenvalues. It is D for features that vary alike in all
    directions, and 1 for those that lie in a point or on opposite ones.  # (N, D)"""
    unit = F.normalize(features, dim=1)
    variance = torch.linalg.svdvals(unit - unit.mean(0)).square()
    share = variance / variance.sum().clamp(min=torch.finfo(variance.dtype).tiny)
    return float(torch.special.entr(share).sum().exp())


def spread(features: Tensor) -> float:
    """Mean standard deviation of the features on the unit sphere, times √D: 1 when they fill it, 0 in a point."""
    return float(F.normalize(features, dim=1).std(0).mean() * features.size(1) ** 0.5)


def alignment(views: Tensor) -> float:
    """Mean squared distance of two views of a clip on the unit sphere; 0 is best.  # (views, N, D)"""
    a, b = torch.combinations(torch.arange(len(views))).T
    unit = F.normalize(views, dim=-1)
    return float((unit[a] - unit[b]).square().sum(-1).mean())


def uniformity(features: Tensor) -> float:
    """Log of the mean of exp(-2·squared distance) over pairs on the unit sphere; 0 in a point, lower is better."""
    return float(F.pdist(F.normalize(features, dim=1)).square().mul(-2).exp().mean().log())


def neighbour_accuracy(features: Tensor, labels: Tensor) -> float:
    """Share of the samples whose nearest other sample, by cosine, has their label.  # (N, D), (N,)"""
    unit = F.normalize(features, dim=1)
    nearest = (unit @ unit.T).fill_diagonal_(-torch.inf).argmax(1)
    return float((labels[nearest] == labels).float().mean())
