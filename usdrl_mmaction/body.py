"""One body for every layout: 19 joints, and the frame that clips of them are brought to before they are encoded."""

import math

import numpy as np
import torch
from torch import Tensor

from .errors import LayoutError
from .skeletons import LAYOUTS, JointMapping, Skeleton, bone, get_skeleton, joint_mapping, meaning

BODY = LAYOUTS['body']
PELVIS, THORAX = BODY.joint('pelvis'), BODY.joint('thorax')
HIPS, SHOULDERS = BODY.torso  # left and right
LEAST = 8  # joints that a layout has at least of its own to be called a body
JUMP, TO_AND_FRO = 0.5, 1.0  # torsos a frame; noise changes its step by 1.7 times the step
# Lengths of bones in torsos; shapes of layouts are told apart by how far their bones are from these.
PROPORTIONS = {
    ('pelvis', 'thorax'): 1.0, ('thorax', 'head'): 0.5,
    ('left_shoulder', 'right_shoulder'): 0.72, ('left_hip', 'right_hip'): 0.4,
    **{
        (f'{side}_{upper}', f'{side}_{lower}'): length
        for side in ('left', 'right')
        for upper, lower, length in (
            ('shoulder', 'elbow', 0.56), ('elbow', 'wrist', 0.5), ('hip', 'knee', 0.84), ('knee', 'ankle', 0.8)
        )
    },
}  # fmt: skip
CLEARLY, FAR = 1.25, 1.6  # times as far off is a wrong layout, at least; and one that cannot be meant
LIKE_A_BODY = 0.22  # the mean of absolute logarithms up to which it is surely a body
ENOUGH = 500  # frames that show the proportions
UPRIGHT = 0.75  # share of the torso's length along an axis, on average, from which on it counts as the vertical
FRONT = math.pi / 4  # people turned away from the camera by less are left so
TORSO_BY_SHOULDERS = 1.45  # the torso's length in widths of the shoulders
SIZE = 0.8  # the quantile of the torso's length over the frames: seen from a camera, it is often shorter

# Rotations that bring an axis, or its opposite, to +y.
TO_UPRIGHT = {
    (0, True): np.float32([[0, -1, 0], [1, 0, 0], [0, 0, 1]]),
    (0, False): np.float32([[0, 1, 0], [-1, 0, 0], [0, 0, 1]]),
    (1, False): np.float32([[-1, 0, 0], [0, -1, 0], [0, 0, 1]]),
    (2, True): np.float32([[1, 0, 0], [0, 0, 1], [0, -1, 0]]),
    (2, False): np.float32([[1, 0, 0], [0, 0, -1], [0, 1, 0]]),
}


def body_mapping(layout: str | dict) -> JointMapping:
    """The joints of a layout as those of the body, by their names; what a sensor lacks is estimated (``RULES``). Pelvis
    and thorax are the middles of hips and shoulders wherever these are recorded: sensors put them elsewhere."""
    names = get_skeleton(layout).names
    known = {meaning(name) for name in names}
    for middle, pair in ((PELVIS, HIPS), (THORAX, SHOULDERS)):
        if known.issuperset(meaning(BODY.names[joint]) for joint in pair):
            names = [name if meaning(name) != meaning(BODY.names[middle]) else '?' for name in names]
    mapping = joint_mapping(names, BODY.names, estimate=True)
    own = {joint for source in mapping.sources for joint in source}
    if len(own) < LEAST or {PELVIS, THORAX} & set(mapping.missing):
        found = ', '.join(names) or 'joints without names'
        raise LayoutError(
            f'This layout is no body: it needs shoulders, hips and at least {LEAST} joints of usual names (left_elbow, '
            f'right_knee), and has {found}. Name its joints, or train without the foundation encoder.'
        )
    return mapping


def recognise(keypoint: np.ndarray) -> str:
    """The layout of a body that clips without names are in: the one that has so many joints, or that of the likeliest
    proportions if several do.  # (M, T, V, C)"""
    off = misfits(keypoint)
    if not off:
        joints = keypoint.shape[2]
        raise LayoutError(f'no known layout of a body has {joints} joints: give one, by name or as a JSON file.')
    best, *others = sorted(off, key=off.get)
    if others and off[others[0]] <= CLEARLY * off[best]:
        names = ' or '.join(off)
        raise LayoutError(f'{keypoint.shape[2]} joints without names can be {names}: give the layout.')
    return best


def evident_layout(keypoint: np.ndarray, layout: str) -> str | None:
    """A known layout of as many joints that clips without names are in, and clearly not in the one that was asked for.
    # (M, T, V, C)"""
    off = misfits(keypoint)
    best = min(off, key=off.get, default=layout)
    return best if layout in off and off[best] < LIKE_A_BODY and off[layout] > FAR * off[best] else None


def misfits(keypoint: np.ndarray) -> dict[str, float]:
    """How far the proportions of a body are off in each layout of so many joints; not how if only one has so many.
    # (M, T, V, C)"""
    fitting = [name for name, skeleton in LAYOUTS.items() if len(skeleton) == keypoint.shape[2] and name != 'hand']
    if len(fitting) < 2:
        return dict.fromkeys(fitting, 0.0)
    some = keypoint[:, :: 1 + keypoint.shape[1] // ENOUGH]
    return {name: misfit(body_mapping(name)(some)) for name in fitting}


def misfit(body: np.ndarray) -> float:
    """The mean absolute logarithm of the lengths of bones, against ``PROPORTIONS``, at any size.  # (M, T, 19, C)"""
    ratios = []
    for (upper, lower), length in PROPORTIONS.items():
        ends = body[:, :, [BODY.joint(upper), BODY.joint(lower)]]
        seen = ends.any(-1).all(-1)
        if seen.any():
            lengths = np.linalg.norm(ends[:, :, 0] - ends[:, :, 1], axis=-1)[seen]
            ratios.append(np.log(max(np.quantile(lengths, SIZE), 1e-9) / length))
    return float(np.abs(ratios - np.median(ratios)).mean()) if ratios else 0.0


def mean_bone(keypoint: np.ndarray, skeleton: Skeleton) -> float:
    """The mean length of the bones whose both ends are seen."""
    seen = keypoint.any(-1)
    both = seen & seen[..., list(skeleton.parents)]
    both[..., skeleton.root] = False
    return float(np.linalg.norm(bone(keypoint, skeleton), axis=-1)[both].mean()) if both.any() else 0.0


def upright(keypoint: np.ndarray) -> np.ndarray:
    """Clips of the body with x along the shoulders of who faces the camera, y up and a depth: as sensors write them, in
    pixels or in 3D with any axis upward. Missing joints stay 0.  # (M, T, V, 2 or 3) -> (M, T, V, 3), float32

    Pixels are turned by half a turn: y up, and left and right where they are when one looks at the person's back. In
    3D, an axis that heads lie along, seen from the hips, in nearly all frames is the one that points up.
    """
    keypoint = np.asarray(keypoint, np.float32)
    if keypoint.shape[-1] == 2:
        return np.concatenate([-keypoint, np.zeros_like(keypoint[..., :1])], axis=-1)
    lower, upper = keypoint[..., PELVIS, :], keypoint[..., THORAX, :]
    seen = lower.any(-1) & upper.any(-1)
    trunk = (upper - lower)[seen]  # (n, 3)
    if not len(trunk):
        return keypoint
    mean = trunk.mean(0) / max(np.linalg.norm(trunk, axis=-1).mean(), 1e-9)
    axis = int(np.abs(mean).argmax())
    if abs(mean[axis]) < UPRIGHT or (axis == 1 and mean[1] > 0):
        return keypoint
    return keypoint @ TO_UPRIGHT[axis, bool(mean[axis] > 0)].T


def fill_gaps(keypoint: np.ndarray) -> np.ndarray:
    """A joint that is lost for some frames moves on a straight line between those that show it, or stays. Frames
    without the person stay empty.  # (M, T, V, C)"""
    filled, seen = keypoint.copy(), keypoint.any(-1)  # (M, T, V)
    gaps = ~seen & seen.any(1, keepdims=True) & seen.any(2, keepdims=True)
    for person, joint in zip(*np.nonzero(gaps.any(1)), strict=True):
        lost, known = np.flatnonzero(gaps[person, :, joint]), np.flatnonzero(seen[person, :, joint])
        for channel in range(keypoint.shape[-1]):
            filled[person, lost, joint, channel] = np.interp(lost, known, keypoint[person, known, joint, channel])
    return filled


def add_pelvis(clip: np.ndarray) -> np.ndarray:
    """A pelvis below the shoulders of people whose hips are never seen, as at a desk.  # (M, T, V, 3), upright"""
    left, right = SHOULDERS
    width = np.linalg.norm(clip[:, :, left] - clip[:, :, right], axis=-1)  # (M, T)
    shown = clip[:, :, list(SHOULDERS)].any(-1).all(-1) & ~clip[:, :, PELVIS].any((1, 2))[:, None]
    clip = clip.copy()
    for person in np.flatnonzero(shown.any(1)):
        below = TORSO_BY_SHOULDERS * np.quantile(width[person, shown[person]], SIZE) * np.float32([0, -1, 0])
        clip[person, shown[person], PELVIS] = clip[person, shown[person], THORAX] + below
    return clip


def as_body(keypoint: np.ndarray, mapping: JointMapping) -> np.ndarray:
    """Clips of another layout as upright clips of the body, filled where joints were lost.
    # (M, T, V, C) -> (M, T, 19, 3)"""
    return add_pelvis(fill_gaps(upright(mapping(np.asarray(keypoint, np.float32)))))


def jumps_about(clips: Tensor) -> np.ndarray:
    """Which clips no body moves like: joints that go to and fro by much of a torso from frame to frame, as noise does.
    # (B, M, T, V, 3), in torsos -> (B,), bool"""
    steps = clips[:, 0].diff(dim=1)  # (B, T - 1, V, 3)
    speed, change = (each.square().sum(-1).mean((1, 2)).sqrt() for each in (steps, steps.diff(dim=1)))
    return ((change > JUMP) & (change > TO_AND_FRO * speed)).cpu().numpy()


def in_torsos(clips: Tensor) -> Tensor:
    """Upright clips with the first person's torso as the unit and the mean place of this person's pelvis at 0.
    # (B, M, T, V, 3) -> (B, M, T, V, 3)"""
    first = clips[:, 0]  # (B, T, V, 3)
    shown = first[:, :, [PELVIS, THORAX]].any(-1).all(-1, keepdim=True)  # (B, T, 1)
    torso = (first[:, :, THORAX] - first[:, :, PELVIS]).norm(dim=-1, keepdim=True)  # (B, T, 1)
    size = torso.masked_fill(~shown, torch.nan).nanquantile(SIZE, dim=1).nan_to_num(1.0)  # (B, 1)
    place = (first[:, :, PELVIS] * shown).sum(1) / shown.sum(1).clamp(min=1)  # (B, 3)
    unit = torch.where(size > 0, size, 1.0).view(-1, 1, 1, 1, 1)
    return (clips - place.view(-1, 1, 1, 1, 3)) / unit * clips.any(-1, keepdim=True)


def in_frame(clips: Tensor) -> Tensor:
    """Brings upright clips of the body to the frame that the encoder knows.  # (B, M, T, V, 3) -> (B, M, T, V, 3)

    The unit is the first person's torso. If this person is turned away from the camera by more than ``FRONT`` on
    average, the clip is turned back to that angle; a picture, which has no depth, by half a turn or not at all. Joints
    are relative to the pelvis of their person in their frame; the pelvis itself is where it went, relative to the mean
    place of the first person's.
    """
    clips = in_torsos(clips)
    across = sum(clips[:, 0, :, right] - clips[:, 0, :, left] for left, right in (HIPS, SHOULDERS))  # (B, T, 3)
    x, _, z = across.sum(1).unbind(-1)  # (B,)
    angle = torch.atan2(z, x)
    angle = torch.where(z == 0, angle, angle - angle.clamp(-FRONT, FRONT))
    cos, sin, zero, one = angle.cos(), angle.sin(), torch.zeros_like(angle), torch.ones_like(angle)
    turn = torch.stack([cos, zero, sin, zero, one, zero, -sin, zero, cos], dim=1).view(-1, 1, 1, 3, 3)
    seen, clips = clips.any(-1, keepdim=True), clips @ turn.mT
    relative = clips - clips[:, :, :, [PELVIS]]
    relative[:, :, :, PELVIS] = clips[:, :, :, PELVIS]
    return relative * seen
