"""Augmentations that show one movement as another recording would: other cameras, sensors, bodies and frame rates.

They take upright clips of the body (``usdrl_mmaction.body``) in units of its torso; ``BodyFrame`` comes last and brings
the clips to the frame that the encoder knows. As in ``augmentations``, ``prob`` is the share of the clips changed.
"""

import math
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from mmaction.registry import MODELS
from torch import Tensor

from usdrl_mmaction.body import BODY, PELVIS, in_frame
from usdrl_mmaction.skeletons import joint_mapping

from .augmentations import axis_rotation, drawn, transform

HANDS, FEET = ('left_hand', 'right_hand'), ('left_foot', 'right_foot')
LIMBS = (
    *(tuple(f'{side}_{part}' for part in ('elbow', 'wrist', 'hand')) for side in ('left', 'right')),
    *(tuple(f'{side}_{part}' for part in ('knee', 'ankle', 'foot')) for side in ('left', 'right')),
    ('left_knee', 'left_ankle', 'left_foot', 'right_knee', 'right_ankle', 'right_foot'),
    ('left_wrist', 'left_hand'),
    ('right_wrist', 'right_hand'),
    ('head',),
)


def chain(joint: int) -> list[float]:
    """1 for a joint of the body and for those between it and the root, else 0."""
    row = [0.0] * len(BODY)
    while joint != PELVIS:
        row[joint], joint = 1.0, BODY.parents[joint]
    return row


CHAINS = [chain(joint) for joint in range(len(BODY))]


@MODELS.register_module()
@dataclass
class Camera:
    """Looks from another place. A depth camera stands about in front, and keeps the depth; a colour camera stands
    anywhere around, and what it sees is a perspective picture without depth."""

    flat: float = 0.3  # share of the clips seen by a colour camera
    mixed: float = 0.1  # share of the clips of which some views are seen by the one and some by the other
    views: int = 4  # of a clip; those of all clips come one after the other
    turn: float = 0.25  # standard deviation for a depth camera, in radians
    tilt: float = 0.12  # standard deviation of both
    distance: tuple[float, float] = (4.0, 12.0)  # of a colour camera, in torsos

    def __call__(self, clips: Tensor, skeleton) -> Tensor:
        batch, device = len(clips), clips.device
        flat = torch.rand(batch // self.views, device=device).repeat(self.views) < self.flat
        mixed = torch.rand(batch // self.views, device=device).repeat(self.views) < self.mixed
        flat = torch.where(mixed, torch.rand(batch, device=device) < 0.5, flat)
        around = torch.empty(batch, device=device).uniform_(-math.pi, math.pi)
        yaw = torch.where(flat, around, self.turn * torch.randn(batch, device=device))
        tilt, roll = self.tilt * torch.randn(2, batch, device=device)
        matrix = axis_rotation(0.3 * roll, 2) @ axis_rotation(tilt, 0) @ axis_rotation(yaw, 1)
        clips = transform(clips, matrix)
        distance = torch.empty(batch, device=device).uniform_(*self.distance).view(-1, 1, 1, 1, 1)
        nearer = distance / (distance + clips[..., 2:]).clamp(min=1.0)
        picture = torch.cat([clips[..., :2] * nearer, torch.zeros_like(clips[..., :1])], dim=-1)
        return torch.where(flat.view(-1, 1, 1, 1, 1), picture, clips)


@MODELS.register_module()
@dataclass
class SensorJoints:
    """Leaves out hands, feet or the head, each with a probability, and estimates them as for a sensor without them."""

    prob: float = 0.5
    groups: tuple = (HANDS, FEET, ('head',))

    def __post_init__(self):
        self.estimates = [estimate_of(group) for group in self.groups]

    def __call__(self, clips: Tensor, skeleton) -> Tensor:
        for rows, used, weight in self.estimates:
            known = clips[..., used, :]
            estimated = clips.new_tensor(weight) @ known
            lacking = drawn(clips, self.prob) & known.any(-1).all(-1)[..., None, None]
            clips = clips.clone()
            clips[..., rows, :] = torch.where(lacking, estimated, clips[..., rows, :])
        return clips


def estimate_of(group: tuple[str, ...]) -> tuple[list[int], list[int], list[list[float]]]:
    """The joints of a group, the others that they are estimated from, and the weights of these.  # (rows, used)"""
    others = [name if name not in group else '?' for name in BODY.names]
    sources = joint_mapping(others, group, estimate=True).sources
    used = sorted({joint for source in sources for joint in source})
    weights = [[source.get(joint, 0.0) for joint in used] for source in sources]
    return [BODY.joint(name) for name in group], used, weights


@MODELS.register_module()
@dataclass
class Proportions:
    """Other lengths of the limbs: another body, or a sensor that puts its joints elsewhere."""

    prob: float = 1.0
    amplitude: float = 0.12  # standard deviation of a bone's relative length

    def __call__(self, clips: Tensor, skeleton) -> Tensor:
        batch, persons = clips.shape[:2]
        factor = self.amplitude * torch.randn(batch, persons, 1, len(BODY), 1, device=clips.device)
        factor = factor.clamp(-0.4, 0.4) * drawn(clips, self.prob)
        seen = clips.any(-1, keepdim=True)
        longer = factor * (clips - clips[..., list(BODY.parents), :])  # what each bone gains
        longer = longer * (seen & seen[..., list(BODY.parents), :])
        return clips + (clips.new_tensor(CHAINS) @ longer) * seen


@MODELS.register_module()
@dataclass
class SensorNoise:
    """Noise of joints, from frame to frame and over a few frames, of a strength drawn for each clip."""

    prob: float = 1.0
    white: float = 0.04  # the most, in torsos
    slow: float = 0.06
    knots: int = 12  # of the slow noise

    def __call__(self, clips: Tensor, skeleton) -> Tensor:
        batch, persons, frames, joints, channels = clips.shape
        strength = torch.rand(2, batch, 1, 1, 1, 1, device=clips.device).square() * drawn(clips, self.prob)
        slow = torch.randn(batch, persons * joints * channels, self.knots, device=clips.device)
        slow = F.interpolate(slow, frames, mode='linear', align_corners=True)
        slow = slow.view(batch, persons, joints, channels, frames).permute(0, 1, 4, 2, 3)
        noise = self.white * strength[0] * torch.randn_like(clips) + self.slow * strength[1] * slow
        depth = clips[..., 2:].any(dim=(1, 2, 3), keepdim=True)  # a picture stays without
        noise[..., 2:] *= depth
        return clips + noise * clips.any(-1, keepdim=True)


@MODELS.register_module()
@dataclass
class Occlusion:
    """A limb that nothing shows in the whole clip: its joints are missing."""

    prob: float = 0.15

    def __call__(self, clips: Tensor, skeleton) -> Tensor:
        table = clips.new_ones(len(LIMBS), len(BODY))
        for row, limb in enumerate(LIMBS):
            table[row, [BODY.joint(name) for name in limb]] = 0
        kept = table[torch.randint(len(LIMBS), (len(clips),), device=clips.device)]  # (B, V)
        return torch.where(drawn(clips, self.prob), clips * kept[:, None, None, :, None], clips)


@MODELS.register_module()
@dataclass
class SwapSides:
    """Left and right are exchanged for some frames, as trackers do."""

    prob: float = 0.15
    longest: float = 0.15  # share of the frames

    def __call__(self, clips: Tensor, skeleton) -> Tensor:
        frames = clips.size(2)
        span = spans(clips, self.longest) & drawn(clips, self.prob).view(-1, 1)
        return torch.where(span.view(-1, 1, frames, 1, 1), clips[..., BODY.swapped, :], clips)


def spans(clips: Tensor, longest: float) -> Tensor:
    """Frames of one random interval of each clip.  # (B, T), bool"""
    batch, frames = clips.size(0), clips.size(2)
    length = torch.rand(batch, 1, device=clips.device) * longest * frames
    start = torch.rand(batch, 1, device=clips.device) * (frames - length)
    time = torch.arange(frames, device=clips.device)
    return (time >= start) & (time < start + length)


@MODELS.register_module()
@dataclass
class FrameRate:
    """Keeps a few frames and draws straight lines between them: a slower camera."""

    prob: float = 0.4
    fewest: int = 10  # frames kept

    def __call__(self, clips: Tensor, skeleton) -> Tensor:
        batch, _, frames, _, _ = clips.shape
        kept = torch.empty(batch, 1, device=clips.device).uniform_(self.fewest, frames)
        step = (frames - 1) / (kept - 1)
        phase = torch.arange(frames, device=clips.device) / step  # (B, T)
        before = phase.floor()
        first, second = ((index * step).round().long().clamp(max=frames - 1) for index in (before, before + 1))
        weight = (phase - before).view(batch, 1, frames, 1, 1)
        index = torch.arange(batch, device=clips.device)[:, None]
        by_frame = clips.transpose(1, 2)  # (B, T, M, V, C)
        a, b = by_frame[index, first].transpose(1, 2), by_frame[index, second].transpose(1, 2)
        both = a.any(-1, keepdim=True) & b.any(-1, keepdim=True)
        slower = torch.where(both, torch.lerp(a, b, weight), a)
        return torch.where(drawn(clips, self.prob), slower, clips)


@MODELS.register_module()
@dataclass
class SwapPeople:
    """The people in another order."""

    prob: float = 0.5

    def __call__(self, clips: Tensor, skeleton) -> Tensor:
        both = clips.any(dim=-1).any(dim=-1).any(dim=-1).all(dim=-1)  # (B,)
        return torch.where(drawn(clips, self.prob) & both.view(-1, 1, 1, 1, 1), clips.flip(1), clips)


@MODELS.register_module()
@dataclass
class BodyFrame:
    """Brings the clips to the frame that the encoder knows (``in_frame``), and whole clips as well."""

    fixed = True

    def __call__(self, clips: Tensor, skeleton) -> Tensor:
        return in_frame(clips)
