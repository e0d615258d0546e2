"""The views of MPCT: a batch of clips of any length in, several augmented views of each out, on the model's device.

An augmentation takes clips (B, M, T, V, C), draws for each clip whether and how it acts, and returns the clips anew.
"""

import math

import torch
from mmaction.registry import MODELS
from mmengine.model import BaseDataPreprocessor
from torch import Tensor
from torch.nn.utils.rnn import pad_sequence

from usdrl_mmaction.skeletons import get_skeleton


@MODELS.register_module()
class MultiViewPreprocessor(BaseDataPreprocessor):
    """Makes the views of every clip of a batch at once.

    Args:
        crop (dict): ``CropResize``, which brings the clips to one length.
        augmentations (list[dict]): What follows, in this order.
        layout (str | dict): Name of the skeleton, or ``num_node``, ``inward`` and ``center`` of one.
        num_views (int): Views of each clip; ``MPCT`` sets it.
    """

    def __init__(self, crop, augmentations=(), layout='nturgb+d', num_views=4, non_blocking=True):
        super().__init__(non_blocking)
        self.skeleton = get_skeleton(layout)
        self.crop = MODELS.build(crop)
        self.augmentations = [MODELS.build(augmentation) for augmentation in augmentations]
        self.num_views = num_views

    @torch.no_grad()
    def forward(self, data: dict, training: bool = False) -> dict:
        """``inputs``: a list of (clips, M, T, V, C), T being any, becomes (views, N, M, T, V, C)."""
        data = self.cast_data(data)
        clips = [clip for sample in data['inputs'] for clip in sample.float()]  # N of (M, T, V, C)
        lengths = torch.tensor([clip.size(1) for clip in clips], device=clips[0].device)
        padded = pad_sequence([clip.transpose(0, 1) for clip in clips], batch_first=True)  # (N, T, M, V, C)
        index = torch.arange(len(clips), device=lengths.device).repeat(self.num_views)
        views = self.crop(padded, lengths, index).transpose(1, 2)  # (views·N, M, T, V, C)
        for augment in self.augmentations:
            views = augment(views, self.skeleton)
        return {**data, 'inputs': views.unflatten(0, (self.num_views, len(clips)))}


@MODELS.register_module()
class CropResize:
    """A random temporal crop, resized linearly to ``num_frames``.

    Args:
        num_frames (int): Frames of a view.
        ratio (tuple[float, float]): Range of the crop's share of the clip.
        min_frames (int): The crop has at least so many frames, or is the whole clip.
    """

    def __init__(self, num_frames=64, ratio=(0.1, 1.0), min_frames=64):
        self.num_frames = num_frames
        self.ratio = ratio
        self.min_frames = min_frames

    def __call__(self, padded: Tensor, lengths: Tensor, index: Tensor) -> Tensor:
        """One view for every entry of ``index``.  # (N, T, ...), (N,), (B,) -> (B, num_frames, ...)"""
        whole = lengths[index]  # (B,)
        share = torch.empty(len(index), device=index.device).uniform_(*self.ratio)
        frames = (share * whole).long().clamp(min=self.min_frames).minimum(whole)
        start = (torch.rand(len(index), device=index.device) * (whole - frames + 1)).long()
        return resample(padded, index, start, frames, self.num_frames)


def resample(padded: Tensor, index: Tensor, start: Tensor, frames: Tensor, num_frames: int) -> Tensor:
    """``frames`` frames from ``start`` of the clips at ``index``, resized linearly with half-pixel centres.

    The same as ``F.interpolate(crop, num_frames, mode='linear')`` of each.  # (N, T, ...) -> (B, num_frames, ...)
    """
    step = frames[:, None] / num_frames
    position = ((torch.arange(num_frames, device=padded.device) + 0.5) * step - 0.5).clamp(min=0)  # (B, num_frames)
    before = position.long()
    after = (before + 1).minimum(frames[:, None] - 1)
    weight = (position - before).view(*position.shape, *[1] * (padded.ndim - 2))
    first, second = (padded[index[:, None], start[:, None] + frame] for frame in (before, after))
    return torch.lerp(first, second, weight)


def drawn(clips: Tensor, probability: float) -> Tensor:
    """Which clips an augmentation acts on.  # (B, 1, 1, 1, 1), bool"""
    return torch.rand(len(clips), 1, 1, 1, 1, device=clips.device) < probability


def transform(clips: Tensor, matrix: Tensor) -> Tensor:
    """Every joint times its clip's matrix.  # (B, M, T, V, C), (B, C, C)"""
    return (clips.flatten(1, 3) @ matrix.mT).view_as(clips)


@MODELS.register_module()
class JointCorruption:
    """Some joints, the same in all frames of a clip, are set to zero or multiplied by one random matrix.

    Args:
        prob (float): Share of the clips that are corrupted.
        share (float): Share of the joints that are.
        zero_prob (float): Probability of zeros rather than the matrix.
    """

    def __init__(self, prob=0.5, share=0.6, zero_prob=0.5):
        self.prob = prob
        self.share = share
        self.zero_prob = zero_prob

    def __call__(self, clips: Tensor, skeleton) -> Tensor:
        batch, _, _, joints, channels = clips.shape
        order = torch.rand(batch, joints, device=clips.device).argsort(1)
        chosen = (order < round(self.share * joints)).view(batch, 1, 1, joints, 1) & drawn(clips, self.prob)
        matrix = clips.new_empty(batch, channels, channels).uniform_(-1, 1)
        corrupted = transform(clips, matrix).masked_fill(drawn(clips, self.zero_prob), 0)
        return torch.where(chosen, corrupted, clips)


@MODELS.register_module()
class Shear:
    """Each coordinate gains a random multiple of the others.

    Args:
        prob (float): Share of the clips that are sheared.
        amplitude (float): The multiples are drawn from ±amplitude.
    """

    def __init__(self, prob=0.5, amplitude=1.0):
        self.prob = prob
        self.amplitude = amplitude

    def __call__(self, clips: Tensor, skeleton) -> Tensor:
        batch, channels = len(clips), clips.size(-1)
        identity = torch.eye(channels, device=clips.device)
        shear = clips.new_empty(batch, channels, channels).uniform_(-self.amplitude, self.amplitude)
        return transform(clips, identity + shear * (1 - identity) * drawn(clips, self.prob)[:, :, 0, 0])


@MODELS.register_module()
class Turn:
    """A turn about the vertical (y) axis.

    Args:
        prob (float): Share of the clips that are turned.
        angle (float): The angle, in radians, is drawn from ±angle.
    """

    def __init__(self, prob=1.0, angle=math.pi / 6):
        self.prob = prob
        self.angle = angle

    def __call__(self, clips: Tensor, skeleton) -> Tensor:
        angle = clips.new_empty(len(clips)).uniform_(-self.angle, self.angle) * drawn(clips, self.prob).flatten()
        cos, sin, zero, one = angle.cos(), angle.sin(), torch.zeros_like(angle), torch.ones_like(angle)
        matrix = torch.stack([cos, zero, sin, zero, one, zero, -sin, zero, cos], dim=1).view(-1, 3, 3)
        return transform(clips, matrix)
