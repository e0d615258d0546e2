"""Fine-tuning of an encoder on labelled clips in Python, as the configs finetune_* do it."""

from copy import deepcopy

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from usdrl_mmaction.models.backbones.streams import pooled_width

from .encoder import BodyEncoder

EPOCHS, BATCH, RATE, SLOWER, DECAY = 13, 32, 3e-3, 0.3, 0.05  # of finetune_custom; the encoder learns more slowly
WARM_UP = 0.125  # share of the steps
POOLING = ('max',)


def fine_tuned(
    encoder: BodyEncoder, clips: Tensor, targets: np.ndarray, weights: np.ndarray | None = None, seed: int = 0
) -> BodyEncoder:
    """A copy of an encoder that was trained on clips with a linear classifier. The seed fixes the result on a CPU.

    Args:
        encoder (BodyEncoder): The encoder to start from, which stays as it is.
        clips (Tensor): As ``BodyEncoder.prepare`` makes them.  # (N, M, T, V, C)
        targets (np.ndarray): Labels (N,), or a 0/1 matrix (N, L) of several at once.
        weights (np.ndarray | None): Of the clips in the loss.  # (N,)
        seed (int): Of the classifier's start, the order of the clips and what is dropped.
    """
    several = targets.ndim == 2
    outputs = targets.shape[1] if several else int(targets.max()) + 1
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        model = deepcopy(encoder.model).to(encoder.device)
        backbone = model.backbone.requires_grad_(True)
        nn.Module.train(model.backbone)
        head = nn.Linear(pooled_width(POOLING, backbone.embed_dims), outputs).to(encoder.device)
        nn.init.normal_(head.weight, std=0.01)
        nn.init.zeros_(head.bias)
        groups = [dict(params=backbone.parameters(), lr=SLOWER * RATE), dict(params=head.parameters(), lr=RATE)]
        optimizer = torch.optim.AdamW(groups, weight_decay=DECAY)
        steps = EPOCHS * -(-len(clips) // BATCH)
        schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: share_of_rate(step / steps))
        truth = torch.from_numpy(targets).to(encoder.device, torch.float32 if several else torch.int64)
        weight = torch.ones(len(clips)) if weights is None else torch.from_numpy(weights).float()
        for _ in range(EPOCHS):
            for batch in torch.randperm(len(clips)).split(BATCH):
                scores = head(backbone(clips[batch].to(encoder.device)).pooled(POOLING))
                loss = losses(scores, truth[batch.to(encoder.device)]) * weight[batch].to(encoder.device)
                optimizer.zero_grad()
                loss.mean().backward()
                optimizer.step()
                schedule.step()
    backbone.requires_grad_(False)
    return BodyEncoder(model, encoder.device, encoder.batch_size)


def share_of_rate(done: float) -> float:
    """Of the learning rate: it rises for a share of the steps, then falls along a cosine."""
    return max(done / WARM_UP, 0.01) if done < WARM_UP else 0.5 + 0.5 * np.cos(np.pi * (done - WARM_UP) / (1 - WARM_UP))


def losses(scores: Tensor, truth: Tensor) -> Tensor:
    """The loss of each clip.  # (n, L), (n,) or (n, L) -> (n,)"""
    if truth.ndim == 2:
        return F.binary_cross_entropy_with_logits(scores, truth, reduction='none').mean(1)
    return F.cross_entropy(scores, truth, reduction='none')
