"""Augmentations of the views, after the crop.

An augmentation takes clips (B, M, T, V, C) and their skeleton, draws for each clip whether and how to change it, and
returns new clips. It works on all clips at once. ``prob`` is the share of the clips that it changes.
"""

import math
from dataclasses import dataclass

import torch
from mmaction.registry import MODELS
from torch import Tensor

from usdrl_mmaction.errors import ConfigError, LayoutError


@MODELS.register_module()
@dataclass
class JointCorruption:
    """Sets some joints, the same in all frames of a clip, to zero or multiplies them by one random matrix."""

    prob: float = 0.5
    share: float = 0.6  # of the joints
    zero_prob: float = 0.5  # probability of zeros rather than the matrix

    def __call__(self, clips: Tensor, skeleton) -> Tensor:
        batch, _, _, joints, channels = clips.shape
        order = torch.rand(batch, joints, device=clips.device).argsort(1)
        chosen = (order < round(self.share * joints)).view(batch, 1, 1, joints, 1) & drawn(clips, self.prob)
        matrix = clips.new_empty(batch, channels, channels).uniform_(-1, 1)
        matrix = matrix * ~drawn(clips, self.zero_prob)[:, :, 0, 0]
        return torch.lerp(clips, transform(clips, matrix), chosen.to(clips.dtype))


@MODELS.register_module()
@dataclass
class Shear:
    """Adds a random multiple of the other coordinates to each coordinate."""

    prob: float = 0.5
    amplitude: float = 1.0  # the multiples are drawn from ± this

    def __call__(self, clips: Tensor, skeleton) -> Tensor:
        batch, channels = len(clips), clips.size(-1)
        identity = torch.eye(channels, device=clips.device)
        shear = clips.new_empty(batch, channels, channels).uniform_(-self.amplitude, self.amplitude)
        return transform(clips, identity + shear * (1 - identity) * drawn(clips, self.prob)[:, :, 0, 0])


@MODELS.register_module()
@dataclass
class Rotate:
    """Rotates about the axes x, y (the vertical) and z, one after the other. Clips of two coordinates turn about z."""

    prob: float = 1.0
    angle: tuple[float, float, float] = (0.0, math.pi / 6, 0.0)  # drawn from ± this for each axis, in radians

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
@dataclass
class Scale:
    """Makes a whole clip larger or smaller."""

    prob: float = 0.5
    amplitude: float = 0.1  # the factor is drawn from 1 ± this

    def __call__(self, clips: Tensor, skeleton) -> Tensor:
        change = clips.new_empty(len(clips), 1, 1, 1, 1).uniform_(-self.amplitude, self.amplitude)
        return clips * (1 + change * drawn(clips, self.prob))


@MODELS.register_module()
@dataclass
class Jitter:
    """Adds noise to every joint of every frame. A missing joint (all zeros) stays missing."""

    prob: float = 0.5
    std: float = 0.01  # in the unit of the coordinates

    def __call__(self, clips: Tensor, skeleton) -> Tensor:
        noise = torch.randn_like(clips) * self.std
        return clips + noise * (drawn(clips, self.prob) & (clips != 0).any(-1, keepdim=True))


@MODELS.register_module()
@dataclass
class Mirror:
    """Swaps left and right: the mirror pairs of the layout swap places, and the first coordinate changes its sign."""

    prob: float = 0.5

    def __call__(self, clips: Tensor, skeleton) -> Tensor:
        if not skeleton.mirror:
            raise LayoutError('Mirror needs a layout of left and right joints: give it "mirror" pairs.')
        mirrored = clips[..., skeleton.swapped, :].clone()
        mirrored[..., 0].neg_()
        return torch.where(drawn(clips, self.prob), mirrored, clips)


@MODELS.register_module()
@dataclass
class Reverse:
    """Plays a clip backwards."""

    prob: float = 0.5

    def __call__(self, clips: Tensor, skeleton) -> Tensor:
        return torch.where(drawn(clips, self.prob), clips.flip(2), clips)


def drawn(clips: Tensor, probability: float) -> Tensor:
    """The clips that an augmentation changes, drawn at random.  # (B, 1, 1, 1, 1), bool"""
    return torch.rand(len(clips), 1, 1, 1, 1, device=clips.device) < probability


def transform(clips: Tensor, matrix: Tensor) -> Tensor:
    """Every joint times the matrix of its clip.  # (B, M, T, V, C), (B, C, C)"""
    first = clips.permute(0, 4, 2, 1, 3)  # (B, C, T, M, V), the order in memory
    return (matrix @ first.flatten(2)).view(first.shape).permute(0, 3, 2, 4, 1)
