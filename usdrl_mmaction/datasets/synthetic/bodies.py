"""Bodies of 25 joints: the lengths of their limbs, and the positions of their joints in a pose."""

from dataclasses import dataclass, field

import numpy as np
from scipy.ndimage import gaussian_filter1d
from scipy.spatial.transform import Rotation

from usdrl_mmaction.skeletons import LAYOUTS

LAYOUT, FPS = 'nturgb+d', 30
PEOPLE, TRIMMED, UNTRIMMED = range(3)  # the streams of random numbers

SKELETON = LAYOUTS[LAYOUT]
V = len(SKELETON)
ROOT = V  # a pose has one row more than there are joints: (lift in metres, turn in degrees, 0)

# Rest positions in metres of the average person, from the pelvis: x to the right, y up, -z ahead. The left is mirrored.
REST = {
    'spine_base': (0, 0, 0), 'spine_mid': (0, 0.29, 0), 'spine_shoulder': (0, 0.5, 0.01), 'neck': (0, 0.57, 0.01),
    'head': (0, 0.72, -0.02), 'shoulder': (0.17, 0.45, 0.01), 'elbow': (0.18, 0.18, 0.01), 'wrist': (0.18, -0.07, 0.01),
    'hand': (0.18, -0.14, 0), 'thumb': (0.17, -0.17, -0.04), 'hand_tip': (0.18, -0.22, -0.01),
    'hip': (0.085, -0.03, 0), 'knee': (0.095, -0.44, -0.01), 'ankle': (0.1, -0.83, 0), 'foot': (0.11, -0.89, -0.13),
}  # fmt: skip
# The standard deviation of a joint from its pose, in degrees: between people, between repetitions and within a clip.
STRAY = {
    'spine_base': (3, 3, 1.5), 'spine_mid': (4, 5, 2), 'neck': (7, 9, 3), 'shoulder': (8, 7, 6), 'elbow': (9, 6, 5),
    'wrist': (8, 4, 8), 'hip': (3, 2, 2), 'knee': (4, 0, 0), 'ankle': (3, 0, 0),
}  # fmt: skip


def tree(joint, parent=None):
    """The bones as (joint, parent) when ``joint`` is the root, parents before their children."""
    near = {SKELETON.parents[joint], *np.flatnonzero(np.equal(SKELETON.parents, joint)).tolist()} - {joint, parent}
    return [pair for child in sorted(near) for pair in ((child, joint), *tree(child, joint))]


def joints(*names):
    return [SKELETON.joint(name) for name in names]


PARTS = [name.removeprefix('left_').removeprefix('right_') for name in SKELETON.names]  # the joints without their side
SIDES = np.array([-1 if name.startswith('left') else 1 for name in SKELETON.names])
SWAPPED = np.array([*SKELETON.swapped, ROOT])  # each joint's mirror image

PELVIS, SPINE = joints('spine_base', 'spine_mid')
KNEES = joints('left_knee', 'right_knee')
FEET = joints('left_ankle', 'left_foot', 'right_ankle', 'right_foot')
TREE = tree(PELVIS)
STANDING = np.array([np.multiply(REST[part], (side, 1, 1)) for part, side in zip(PARTS, SIDES, strict=True)])  # (V, 3)
BONES = STANDING - STANDING[[parent for _, parent in sorted([(PELVIS, PELVIS), *TREE])]]
FREEDOM = np.array([STRAY.get(part, (0, 0, 0)) for part in (*PARTS, 'root')])  # (V + 1, 3)


@dataclass(frozen=True)
class Person:
    """A body and its way of moving; by default the average one."""

    bones: np.ndarray = field(default_factory=lambda: BONES)  # (V, 3), from the joint nearer to the pelvis
    posture: np.ndarray = field(default_factory=lambda: np.zeros((V + 1, 3)))  # degrees, added to every pose
    tempo: float = 1
    reach: float = 1
    left_handed: bool = False


def make_person(seed: int, number: int) -> Person:
    """One of the subjects of ``seed``."""
    rng = np.random.default_rng([seed, PEOPLE, number])
    lengths = {part: rng.normal(1, 0.05) for part in REST}
    height = np.clip(rng.normal(0.98, 0.07), 0.8, 1.15)
    return Person(
        bones=height * BONES * np.array([[lengths[part]] for part in PARTS]),
        posture=FREEDOM * rng.normal(size=FREEDOM.shape),
        tempo=rng.lognormal(0, 0.18),
        reach=rng.uniform(0.8, 1.1),
        left_handed=rng.random() < 0.15,
    )


def animate(bones: np.ndarray, poses: np.ndarray) -> np.ndarray:
    """Joint positions in metres of a body on the floor y = 0, facing -z, right hand at +x.  # (T, V, 3)"""
    poses = poses.copy()
    poses[:, KNEES, 0] = np.minimum(poses[:, KNEES, 0], 0)  # which bend one way only
    return on_the_floor(forward_kinematics(bones, poses), poses[:, ROOT, 0])


def forward_kinematics(bones, poses):
    """Joint positions relative to the pelvis.  # (V, 3), (T, V + 1, 3) -> (T, V, 3)"""
    turn = Rotation.from_euler('y', poses[:, ROOT, 1:2], degrees=True)
    rotations = {PELVIS: turn * Rotation.from_rotvec(poses[:, PELVIS], degrees=True)}
    positions = np.zeros((len(poses), V, 3))
    for joint, parent in TREE:
        positions[:, joint] = positions[:, parent] + rotations[parent].apply(bones[joint])
        rotations[joint] = rotations[parent] * Rotation.from_rotvec(poses[:, joint], degrees=True)
    return positions


def on_the_floor(positions, lift):
    """Sets the lower foot on the floor (or ``lift`` above) and moves the body so that it does not slide."""
    feet = positions[:, FEET]  # (T, 4, 3)
    lowest = feet[..., 1].min(1, keepdims=True)  # (T, 1)
    load = np.exp((lowest - feet[..., 1]) / 0.03)
    load = (load / load.sum(1, keepdims=True))[..., None]  # (T, 4, 1), the share of the weight that each point bears
    steps = -(0.5 * (load[1:] + load[:-1]) * np.diff(feet, axis=0)).sum(1)  # (T - 1, 3)
    path = np.concatenate([np.zeros((1, 3)), np.cumsum(steps, axis=0)])
    path[:, 1] = lift - lowest[:, 0]
    return positions + path[:, None]


def stand_opposite(clip, start, distance):
    """Turns the second person to face the first at frame ``start``, that far away.  # (2, T, V, 3)"""
    actor, partner = clip[0], clip[1] * (-1, 1, -1)
    place = actor[start, PELVIS] + (0, 0, -distance) - partner[start, PELVIS]
    return np.stack([actor, partner + place * (1, 0, 1)])


def mirror_pose(values: np.ndarray) -> np.ndarray:
    """Left and right exchanged.  # (..., V + 1, 3)"""
    return values[..., SWAPPED, :] * (1, -1, -1)


def smooth_noise(shape, sigma, rng):
    """Noise of unit variance that changes within about ``sigma`` frames.  # (M, T, ...)"""
    return gaussian_filter1d(rng.normal(size=shape), sigma, axis=1) * np.sqrt(2 * np.sqrt(np.pi) * sigma)
