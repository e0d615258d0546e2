"""Movement in general: people of any size who walk, reach, bend, turn, jump, sit or wave in ways that no list of
actions names. An encoder learns from it what bodies can do; it has no labels.

A movement is a base of legs and trunk, with arms that do something of their own on top. Poses are as in ``actions``:
rotation vectors in degrees, one a joint, and a row of lift and turn.
"""

import numpy as np
from scipy.spatial.transform import Rotation

from .actions import POSES, pose
from .bodies import BONES, FPS, FREEDOM, LAYOUT, PELVIS, ROOT, SKELETON, V, animate, joints, mirror_pose, smooth_noise

MOVEMENT = 3  # the stream of random numbers, beside those of bodies.py
SHOULDERS, ELBOWS = joints('left_shoulder', 'right_shoulder'), joints('left_elbow', 'right_elbow')
HIPS, KNEES, ANKLES = (joints(f'left_{part}', f'right_{part}') for part in ('hip', 'knee', 'ankle'))
SPINE = SKELETON.joint('spine_mid')
UPPER_ARM, FOREARM = (float(np.linalg.norm(BONES[joint])) for joint in joints('right_elbow', 'right_wrist'))
ARM = UPPER_ARM + FOREARM
AHEAD = np.array([0.3, 0.1, -0.8])
WHOLE = [name for name in POSES if name not in ('stand', 'at ease')]
RANGES = {  # of a random pose of legs and trunk, in degrees: least and most of each axis
    'hip': ((-25, 95), (-15, 15), (-5, 40)),
    'knee': ((-110, 0), (0, 0), (0, 0)),
    'ankle': ((-15, 25), (0, 0), (0, 0)),
    'spine_base': ((-45, 10), (-15, 15), (-10, 10)),
    'spine_mid': ((-20, 12), (-30, 30), (-12, 12)),
    'neck': ((-20, 15), (-35, 35), (-10, 10)),
}


def make_movement(num_clips: int = 6000, seed: int = 0, progress=iter) -> dict:
    """Clips of one or two people, in MMAction2's pose format, without noise: the augmentations add it."""
    items = [movement_clip(seed, index) for index in progress(range(num_clips))]
    meta = {'fps': FPS, 'layout': LAYOUT, 'num': num_clips, 'seed': seed}
    return {'split': {'train': [item['frame_dir'] for item in items]}, 'annotations': items, 'meta': meta}


def movement_clip(seed: int, index: int) -> dict:
    rng = np.random.default_rng([seed, MOVEMENT, index])
    frames = int(rng.uniform(24, 130))
    clip = [one_person(frames, rng)]
    if rng.random() < 0.12:
        clip.append(opposite(clip[0], one_person(frames, rng), rng))
    keypoint = np.stack(clip).astype(np.float32)
    return dict(frame_dir=f'movement{index:06d}', label=0, total_frames=frames, keypoint=keypoint)


def one_person(frames: int, rng) -> np.ndarray:
    """A body of a child or an adult in motion.  # (T, V, 3), metres"""
    height, lengths = rng.uniform(0.6, 1.12), rng.normal(1, 0.06, (V, 1))
    left, right = np.transpose((SHOULDERS, ELBOWS, HIPS, KNEES, ANKLES))
    lengths[left] = lengths[right]
    poses = BASES[rng.choice(list(BASES), p=SHARES)](frames, rng)
    move_arms(poses, rng)
    if rng.random() < 0.5:
        poses = mirror_pose(poses)
    poses += FREEDOM * (0.7 * rng.normal(size=FREEDOM.shape) + 0.4 * smooth_noise((1, frames, V + 1, 3), 18, rng)[0])
    return animate(height * lengths * BONES, poses)


def opposite(person: np.ndarray, other: np.ndarray, rng) -> np.ndarray:
    """The other person in front of the first, mostly face to face.  # (T, V, 3)"""
    turn = Rotation.from_euler('y', 180 + rng.normal(0, 40), degrees=True).as_matrix()
    other = other @ turn.T
    ahead = Rotation.from_euler('y', rng.normal(0, 30), degrees=True).apply((0, 0, -rng.uniform(0.5, 2.0)))
    return other + person[0, PELVIS] * (1, 0, 1) + ahead - other[0, PELVIS] * (1, 0, 1)


def between(poses: np.ndarray, frames: int, rng) -> np.ndarray:
    """Moves from pose to pose with the least jerk, at times drawn at random.  # (K, ...) -> (T, ...)"""
    gaps = rng.lognormal(0, 0.5, len(poses) - 1)
    times = np.concatenate([[0], np.cumsum(gaps)]) / gaps.sum()
    now = np.linspace(0, 1, frames)
    key = np.clip(np.searchsorted(times, now, side='right') - 1, 0, len(poses) - 2)
    share = (now - times[key]) / (times[key + 1] - times[key])
    share = np.clip(share * rng.uniform(1, 2), 0, 1)  # a rest at each pose, or none
    share = (share**3 * (10 - 15 * share + 6 * share**2)).reshape(-1, *[1] * (poses.ndim - 1))
    return poses[key] + share * (poses[key + 1] - poses[key])


def swing(frames: int, rng, low: float, high: float) -> np.ndarray:
    """A phase that advances at a rate between low and high a second, in radians.  # (T,)"""
    rate = rng.uniform(low, high) * (1 + 0.15 * smooth_noise((1, frames), 15, rng)[0])
    return 2 * np.pi * (rng.random() + np.cumsum(rate) / FPS)


def stand(frames: int, rng) -> np.ndarray:
    return np.repeat(pose('at ease')[None], frames, 0)


def go(frames: int, rng) -> np.ndarray:
    """Walks, runs, marches or steps aside, straight on or along a curve."""
    poses, speed = stand(frames, rng), rng.random()
    phase, stride = swing(frames, rng, 0.5 + 0.5 * speed, 0.8 + 0.9 * speed), rng.uniform(10, 25) + 20 * speed
    march, aside = rng.uniform(0, 40) * (rng.random() < 0.4), rng.uniform(5, 20) * (rng.random() < 0.2)
    for side, (hip, knee, ankle) in enumerate(zip(HIPS, KNEES, ANKLES, strict=True)):
        own = phase + np.pi * side
        forward = np.sin(own)
        poses[:, hip, 0] += (stride * (aside == 0) + march / 2) * forward + march / 2
        poses[:, hip, 2] += aside * (1 + forward) * (2 * side - 1) / 2
        poses[:, knee, 0] -= 5 + (25 + 45 * speed + march) * np.clip(np.cos(own), 0, None) ** 2
        poses[:, ankle, 0] += 10 * np.cos(own)
        poses[:, SHOULDERS[side], 0] -= rng.uniform(0.3, 1) * stride * forward
        poses[:, ELBOWS[side], 0] += 15 + 65 * speed**2
    poses[:, SPINE, 1] += 0.2 * stride * np.sin(phase)
    poses[:, PELVIS, 0] -= 8 * speed
    poses[:, ROOT, 1] += np.linspace(0, rng.choice([0, rng.normal(0, 90)]), frames)
    poses[:, ROOT, 0] += 0.08 * speed * np.abs(np.sin(phase)) * (speed > 0.6)
    return poses


def whole_body(frames: int, rng) -> np.ndarray:
    """From one known pose to another, and back or onward: sitting, bending, kicking, leaping, more or less far."""
    known = [rng.uniform(0.4, 1.3) * pose(rng.choice(('', '~')) + rng.choice(WHOLE)) for _ in range(rng.integers(1, 4))]
    return rhythm_or_path([pose('at ease'), *known], frames, rng)


def anything(frames: int, rng) -> np.ndarray:
    """From one random pose of legs and trunk to another."""
    return rhythm_or_path([pose('at ease'), *(random_pose(rng) for _ in range(rng.integers(1, 4)))], frames, rng)


def rhythm_or_path(keys: list[np.ndarray], frames: int, rng) -> np.ndarray:
    keys = np.stack(keys[rng.integers(0, 2) :] if len(keys) > 2 else keys)
    if rng.random() < 0.35:
        share = (0.5 - 0.5 * np.cos(swing(frames, rng, 0.3, 1.4)))[:, None, None]
        return keys[0] + share * (keys[1] - keys[0])
    if rng.random() < 0.6:
        keys = np.concatenate([keys, keys[:1]])
    return between(keys, frames, rng)


def random_pose(rng) -> np.ndarray:
    """Legs and trunk anywhere in their range, some joints at rest.  # (V + 1, 3)"""
    values = pose('at ease')
    for part, axes in RANGES.items():
        for name in (part,) if part in SKELETON.names else (f'left_{part}', f'right_{part}'):
            if rng.random() < 0.6:
                drawn = rng.uniform(*np.transpose(axes)) * rng.uniform(0.3, 1)
                values[SKELETON.joint(name)] = drawn * ((1, -1, -1) if name.startswith('left') else 1)
    values[ROOT, 1] = rng.normal(0, 25)
    if rng.random() < 0.15:
        values[PELVIS, 0] += rng.choice([-85, 85])  # lies
    if rng.random() < 0.25:
        values[ROOT, 0] = rng.uniform(0, 0.4)  # jumps
    return values


def turn(frames: int, rng) -> np.ndarray:
    """Turns on the spot, or twists."""
    poses = stand(frames, rng)
    angles = rng.normal(0, 90, rng.integers(2, 4))
    poses[:, rng.choice([ROOT, SPINE]), 1] += between(angles, frames, rng) * rng.uniform(0.3, 1)
    return poses


BASES = {'stand': stand, 'go': go, 'whole body': whole_body, 'anything': anything, 'turn': turn}
SHARES = (0.62, 0.1, 0.15, 0.1, 0.03)


def move_arms(poses: np.ndarray, rng):
    """Gives one arm or both something of their own to do.  # (T, V + 1, 3), in place"""
    frames = len(poses)
    which = rng.choice(['none', 'right', 'both', 'alike'], p=[0.2, 0.4, 0.2, 0.2])
    if which == 'none':
        return
    right = arm(hand_path(frames, rng), rng)  # (2, T, 3)
    poses[:, [SHOULDERS[1], ELBOWS[1]]] = right.swapaxes(0, 1)
    if which != 'right':
        left = right if which == 'alike' else arm(hand_path(frames, rng), rng)
        lag = rng.choice([0, frames // 4, frames // 2]) * (which == 'alike') * (rng.random() < 0.3)
        poses[:, [SHOULDERS[0], ELBOWS[0]]] = np.roll(left, lag, axis=1).swapaxes(0, 1) * (1, -1, -1)


def hand_path(frames: int, rng) -> np.ndarray:
    """Where the right hand goes, from its shoulder, in lengths of the arm: to random places within reach, round and
    round or to and fro.  # (T, 3)"""
    kind = rng.choice(['reach', 'curve', 'strike'], p=[0.45, 0.4, 0.15])
    hanging = np.array([0.05, -0.97, -0.05])
    if kind == 'reach':
        places = [hanging, *(within_reach(rng) for _ in range(rng.integers(1, 5)))]
        return between(np.stack(places + [hanging] * (rng.random() < 0.7)), frames, rng)
    if kind == 'strike':  # drawn back, then fast
        away, target = within_reach(rng), within_reach(rng)
        return between(np.stack([hanging, away, target, away][: rng.integers(3, 5)]), frames, rng)
    centre, phase = within_reach(rng) * rng.uniform(0.5, 0.9), swing(frames, rng, 0.3, 2.2)
    first, second = np.linalg.qr(rng.normal(size=(3, 3)))[0][:2] * rng.uniform(0.05, 0.4, (2, 1))
    shape = rng.choice([0, 1, 2])  # a line, an ellipse, an eight
    path = centre + np.sin(phase)[:, None] * first + (shape > 0) * np.cos(max(shape, 1) * phase)[:, None] * second
    ease = np.clip(np.linspace(0, frames / FPS / rng.uniform(0.2, 0.8), frames), 0, 1)[:, None]
    ease = np.minimum(ease, ease[::-1]) if rng.random() < 0.6 else np.ones_like(ease)
    return hanging + (3 * ease**2 - 2 * ease**3) * (path - hanging)


def within_reach(rng) -> np.ndarray:
    """A place that the right hand can reach, mostly in front and on its own side.  # (3,)"""
    direction = rng.normal(size=3) + AHEAD
    return direction / np.linalg.norm(direction) * rng.uniform(0.35, 0.98)


def arm(places: np.ndarray, rng) -> np.ndarray:
    """Rotations of the right shoulder and elbow that put the hand there.  # (T, 3) -> (2, T, 3), degrees"""
    distance = np.clip(np.linalg.norm(places, axis=-1), 0.25, 0.995) * ARM
    bend = np.arccos(np.clip((distance**2 - UPPER_ARM**2 - FOREARM**2) / (2 * UPPER_ARM * FOREARM), -1, 1))
    hand = np.stack([0 * bend, -UPPER_ARM - FOREARM * np.cos(bend), -FOREARM * np.sin(bend)], axis=-1)
    hand /= np.linalg.norm(hand, axis=-1, keepdims=True)
    goal = places / np.maximum(np.linalg.norm(places, axis=-1, keepdims=True), 1e-6)
    axis = np.cross(hand, goal)
    sine = np.linalg.norm(axis, axis=-1, keepdims=True)
    angle = np.arctan2(sine, (hand * goal).sum(-1, keepdims=True))
    aim = Rotation.from_rotvec(axis / np.maximum(sine, 1e-6) * angle)
    elbow_out = Rotation.from_rotvec(goal * np.deg2rad(rng.normal(10, 25)))
    shoulder = (elbow_out * aim).as_rotvec(degrees=True)
    return np.stack([shoulder, np.rad2deg(bend)[:, None] * (1, 0, 0)])
