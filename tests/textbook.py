"""The method as it is written down: the oracle of the tests and the yardstick of the benchmark.

A view at a time, ``nn.MultiheadAttention`` with its weights returned, three attention calls a layer, D×D matrices.
"""

import copy
from itertools import combinations

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

from usdrl_mmaction.models import StreamFeatures
from usdrl_mmaction.models.backbones.stream_encoder import as_modality, spatial_tokens, temporal_tokens


def textbook_terms(z):
    """The three terms of one domain.  # (views, N, D) -> scalars"""
    views, n, d = z.shape
    last, others = z[-1], z[:-1]
    consistency = sum(F.mse_loss(view, last) for view in others) + sum(
        F.mse_loss(view, others.mean(0)) for view in others
    )
    variance = 0.0
    for view in z:
        covariance = torch.cov(view.T)
        off_diagonal = covariance - torch.diag(covariance.diag())
        std = (view.var(0) + 1e-4).sqrt()
        variance = variance + 5 * torch.relu(1 - std).mean() + off_diagonal.square().sum() / d
    cross = 0.0
    standard = (z - z.mean(1, keepdim=True)) / z.std(1, keepdim=True)
    for a, b in combinations(range(views), 2):
        c = standard[a].T @ standard[b] / n
        off_diagonal = c - torch.diag(c.diag())
        cross = cross + (c.diag() - 1).square().sum() + 0.005 * off_diagonal.square().sum()
    return dict(consistency=consistency, variance=variance, cross=cross)


class DropPath(nn.Module):
    def __init__(self, p):
        super().__init__()
        self.p = p

    def forward(self, x):
        if not self.training or not self.p:
            return x
        return x / (1 - self.p) * (torch.rand(len(x), 1, 1, device=x.device) >= self.p)


class TextbookLayer(nn.Module):
    """One dense layer with the weights of one of ours."""

    def __init__(self, layer):
        super().__init__()
        dims = layer.attention.out.in_features
        self.alpha, self.gap = layer.alpha, layer.shift.gap
        self.drop_path = DropPath(layer.drop_path)
        self.attention = nn.MultiheadAttention(dims, layer.attention.num_heads, batch_first=True)
        self.attention.in_proj_weight = layer.attention.qkv.weight
        self.attention.in_proj_bias = layer.attention.qkv.bias
        self.attention.out_proj = layer.attention.out
        self.conv = nn.Conv1d(dims, dims, layer.conv.kernel_size[0], padding='same')
        self.conv.weight, self.conv.bias = layer.conv.weight, layer.conv.bias
        self.ca, self.dsa = layer.conv_branch, layer.shift_branch
        self.mix1, self.mix2 = layer.shift.mix1, layer.shift.mix2

    def attend(self, x):
        return self.attention(x, x, x)[0]

    def conv_attention(self, x):
        features = x + F.relu(self.conv(x.transpose(1, 2))).transpose(1, 2)
        attended = x + self.drop_path(self.attend(self.ca.norm1(features)))
        return self.drop_path(self.ca.mlp(self.ca.norm2(attended)))

    def block(self, x):
        x = x + self.drop_path(self.attend(self.dsa.norm1(x)))
        return x + self.drop_path(self.dsa.mlp(self.dsa.norm2(x)))

    def shift_attention(self, x):
        shifted = (self.mix2(F.relu(self.mix1(x.transpose(1, 2)))) + x.transpose(1, 2)).transpose(1, 2).clone()
        shifted[:, :: self.gap] = x[:, :: self.gap]
        return (self.block(shifted) + self.block(x)) / 2

    def forward(self, x):
        return self.alpha * self.conv_attention(x) + (1 - self.alpha) * self.shift_attention(x)


def plain(model):
    """The model with PyTorch's own linear layers, and the same weights."""
    shared = {id(tensor): tensor for tensor in [*model.parameters(), *model.buffers()]}
    model = copy.deepcopy(model, shared)
    for layer in model.modules():
        if isinstance(layer, nn.Linear):
            layer.__class__ = nn.Linear
    return model


class TextbookPretrainer(nn.Module):
    """Pretraining with the weights of one of our ``MPCT`` with a ``DSTE`` of one modality."""

    def __init__(self, mpct):
        super().__init__()
        mpct = plain(mpct)
        self.encoder, self.head = mpct.backbone, mpct.head
        self.temporal = nn.ModuleList(TextbookLayer(layer) for layer in self.encoder.temporal)
        self.spatial = nn.ModuleList(TextbookLayer(layer) for layer in self.encoder.spatial)

    def encode(self, clip):
        clip = as_modality(clip, self.encoder.modality, self.encoder.skeleton)
        embeddings = self.encoder.embeddings[0]
        t, s = embeddings['temporal'](temporal_tokens(clip)), embeddings['spatial'](spatial_tokens(clip))
        for layer in self.temporal:
            t = layer(t + self.encoder.temporal_position)
        for layer in self.spatial:
            s = layer(s + self.encoder.spatial_position)
        return StreamFeatures(t, s)

    def forward(self, views):
        """The loss of a batch.  # (views, N, M, T, V, C)"""
        streams = [self.encode(clip) for clip in views]
        pooled = {
            'temporal': [x.temporal.amax(1) for x in streams],
            'spatial': [x.spatial.amax(1) for x in streams],
            'instance': [x.pooled() for x in streams],
        }
        total = 0.0
        for domain, weight in self.head.domains.items():
            z = torch.stack([self.project(domain, y) for y in pooled[domain]])
            z = z if z.dtype == torch.float64 else z.float()
            with torch.autocast(z.device.type, enabled=False):
                terms = textbook_terms(z)
            total = total + weight * sum(self.head.weights[name] * value for name, value in terms.items())
        return total

    def project(self, domain, y):
        for layer in self.head.projectors[domain]:
            y = layer(y)
        return y


def textbook_views(clips, views=4, num_frames=64, seed=0):
    """Crop, resize, corruption and shear as in the papers, a clip at a time.  # (M, T, V, C) each -> lists of views"""
    rng = np.random.default_rng(seed)
    return [[textbook_view(clip, num_frames, rng) for clip in clips] for _ in range(views)]


def textbook_view(clip, num_frames, rng):
    length, joints = clip.shape[1:3]
    frames = min(length, max(64, int(rng.uniform(0.1, 1) * length)))
    start = rng.integers(length - frames + 1)
    position = np.clip((np.arange(num_frames) + 0.5) * frames / num_frames - 0.5, 0, frames - 1)
    before = position.astype(int)
    after = np.minimum(before + 1, frames - 1)
    weight = (position - before)[None, :, None, None].astype(clip.dtype)
    view = clip[:, start + before] * (1 - weight) + clip[:, start + after] * weight
    if rng.random() < 0.5:
        chosen = rng.permutation(joints)[: round(0.6 * joints)]
        matrix = rng.uniform(-1, 1, (3, 3)).astype(clip.dtype)
        view[:, :, chosen] = 0 if rng.random() < 0.5 else view[:, :, chosen] @ matrix.T
    if rng.random() < 0.5:
        shear = rng.uniform(-1, 1, (3, 3)).astype(clip.dtype)
        np.fill_diagonal(shear, 1)
        view = view @ shear.T
    return view
