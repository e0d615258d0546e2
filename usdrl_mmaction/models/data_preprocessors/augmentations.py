"""Augmentations of the views, beside the crop.

An augmentation takes clips (B, M, T, V, C) and their skeleton, draws for each clip whether and how it acts, and returns
new clips. It treats all clips at once.
"""

import math

import torch
from mmaction.registry import MODELS
from torch import Tensor

from usdrl_mmaction.errors import ConfigError, LayoutError


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
        matrix = matrix * ~drawn(clips, self.zero_prob)[:, :, 0, 0]
        return torch.lerp(clips, transform(clips, matrix), chosen.to(clips.dtype))


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
class Rotate:
    """A rotation about the axes x, y (the vertical) and z, one after the other; of two coordinates, about z alone.

    Args:
        prob (float): Share of the clips that are rotated.
        angle (tuple[float, float, float]): The angle about each axis, in radians, is drawn from ± this.
    """

    def __init__(self, prob=1.0, angle=(0.0, math.pi / 6, 0.0)):
        self.prob = prob
        self.angle = angle

    def __call__(self, clips: Tensor, skeleton) -> Tensor:
        channels = clips.size(-1)
        if channels not in (2, 3):
            raise ConfigError(f'Rotate needs joints of two or three coordinates, these have {channels}.')
        bound = clips.new_tensor(self.angle)
        angle = (2 * torch.rand(len(clips), 3, device=clips.device) - 1) * bound * drawn(clips, self.prob).view(-1, 1)
        x, y, z = (axis_rotation(angle[:, axis], axis) for axis in range(3))
        return transform(clips, z @ y @ x if channels == 3 else z[:, :2, :2])


def axis_rotation(angle: Tensor, axis: int) -> Tensor:
    """Right-handed rotations about one of the axes.  # (B,) -> (B, 3, 3)"""
    matrix = torch.eye(3, device=angle.device).repeat(len(angle), 1, 1)
    first, second = (axis + 1) % 3, (axis + 2) % 3
    matrix[:, first, first] = matrix[:, second, second] = angle.cos()
    matrix[:, second, first] = angle.sin()
    matrix[:, first, second] = -angle.sin()
    return matrix


@MODELS.register_module()
class Scale:
    """All of a clip becomes larger or smaller.

    Args:
        prob (float): Share of the clips that are scaled.
        amplitude (float): The factor is drawn from 1 ± amplitude.
    """

    def __init__(self, prob=0.5, amplitude=0.1):
        self.prob = prob
        self.amplitude = amplitude

    def __call__(self, clips: Tensor, skeleton) -> Tensor:
        change = clips.new_empty(len(clips), 1, 1, 1, 1).uniform_(-self.amplitude, self.amplitude)
        return clips * (1 + change * drawn(clips, self.prob))


@MODELS.register_module()
class Jitter:
    """Every joint of every frame is off by a little; a joint that is missing (all zeros) stays so.

    Args:
        prob (float): Share of the clips that are jittered.
        std (float): Standard deviation, in the unit of the coordinates.
    """

    def __init__(self, prob=0.5, std=0.01):
        self.prob = prob
        self.std = std

    def __call__(self, clips: Tensor, skeleton) -> Tensor:
        noise = torch.randn_like(clips) * self.std
        return clips + noise * (drawn(clips, self.prob) & (clips != 0).any(-1, keepdim=True))


@MODELS.register_module()
class Mirror:
    """Left becomes right: the layout's mirror pairs change places, and the first coordinate its sign.

    Args:
        prob (float): Share of the clips that are mirrored.
    """

    def __init__(self, prob=0.5):
        self.prob = prob

    def __call__(self, clips: Tensor, skeleton) -> Tensor:
        if not skeleton.mirror:
            raise LayoutError('Mirror needs a layout of left and right joints: give it "mirror" pairs.')
        order = torch.arange(len(skeleton), device=clips.device)
        left, right = torch.tensor(skeleton.mirror, device=clips.device).T
        order[left], order[right] = right, left
        mirrored = clips[..., order, :].clone()
        mirrored[..., 0].neg_()
        return torch.where(drawn(clips, self.prob), mirrored, clips)


@MODELS.register_module()
class Reverse:
    """The last frame comes first.

    Args:
        prob (float): Share of the clips that run backwards.
    """

    def __init__(self, prob=0.5):
        self.prob = prob

    def __call__(self, clips: Tensor, skeleton) -> Tensor:
        return torch.where(drawn(clips, self.prob), clips.flip(2), clips)


def drawn(clips: Tensor, probability: float) -> Tensor:
    """Which clips an augmentation acts on.  # (B, 1, 1, 1, 1), bool"""
    return torch.rand(len(clips), 1, 1, 1, 1, device=clips.device) < probability


def transform(clips: Tensor, matrix: Tensor) -> Tensor:
    """Every joint times its clip's matrix.  # (B, M, T, V, C), (B, C, C)"""
    first = clips.permute(0, 4, 2, 1, 3)  # (B, C, T, M, V), as they lie in memory
    return (matrix @ first.flatten(2)).view(first.shape).permute(0, 3, 2, 4, 1)
