"""A depth sensor that records people: its camera's view, noise, jumps and gaps."""

import numpy as np
from scipy.spatial.transform import Rotation

from .bodies import FPS, PARTS, PELVIS, SPINE, joints, smooth_noise

# The standard deviation of the sensor's noise at each joint, in metres, 3 m away.
NOISE = {
    'spine_base': 0.003, 'spine_mid': 0.003, 'spine_shoulder': 0.003, 'neck': 0.004, 'head': 0.004, 'shoulder': 0.004,
    'elbow': 0.006, 'wrist': 0.008, 'hand': 0.009, 'thumb': 0.014, 'hand_tip': 0.013,
    'hip': 0.0025, 'knee': 0.005, 'ankle': 0.007, 'foot': 0.008,
}  # fmt: skip
GRAIN = np.array([NOISE[part] for part in PARTS])  # (V,)
CHAINS = (('elbow', 'wrist', 'hand', 'thumb', 'hand_tip'), ('knee', 'ankle', 'foot'))
LIMBS = [joints(*(f'{side}_{part}' for part in chain)) for side in ('left', 'right') for chain in CHAINS]


def film(clip, yaw, rng):
    """The recording of a depth camera: another view, noise, glitches and gaps.  # (M, T, V, 3), float32"""
    present = clip.any((-1, -2))  # (M, T)
    clip = to_camera(clip, yaw, rng)
    clip = clip + sensor_noise(clip, rng)
    for person in clip:
        lose_track(person, rng)
    for span in spans(0.06, (2, 6), clip.shape[1], rng):
        clip[:, span] = clip[:, span.start, None]  # a frozen picture
    for span in spans(0.02, (1, 4), clip.shape[1], rng):
        clip[:, span] = 0  # frames without a body
    return (clip * present[..., None, None]).astype(np.float32)


def to_camera(clip, yaw, rng):
    """World to camera coordinates: y up, z away from the camera.  # (M, T, V, 3)"""
    turn = Rotation.from_euler('xy', (rng.normal(0, 4), yaw + rng.normal(0, 15)), degrees=True)
    seen = (clip - clip[0, :, PELVIS].mean(0) * (1, 0, 1) - (0, 1, 0)) @ turn.as_matrix().T
    distance = max(rng.uniform(2, 4), 1.2 - seen[0, ..., 2].min())
    return seen + np.array([rng.uniform(-0.6, 0.6), rng.uniform(-0.3, 0.2), distance])


def sensor_noise(clip, rng):
    """White noise and slow noise, both stronger at the ends of the limbs, behind the body and far away."""
    behind = clip[..., 2] - clip[..., SPINE, 2, None]  # (M, T, V)
    hidden = 1 + 1.5 / (1 + np.exp((0.12 - behind) / 0.03))
    scale = GRAIN * hidden * (clip[..., PELVIS, 2, None] / 3)
    return scale[..., None] * (rng.normal(size=clip.shape) + 2.5 * smooth_noise(clip.shape, 0.3 * FPS, rng))


def lose_track(person, rng):
    """Makes limbs jump away for a moment, or removes them.  # (T, V, 3), in place"""
    for span in spans(0.08, (4, 16), len(person), rng):
        limb = LIMBS[rng.integers(len(LIMBS))]
        bump = np.hanning(span.stop - span.start + 2)[1:-1, None, None]  # (t, 1, 1)
        person[span, limb] += bump * np.linspace(0.4, 1, len(limb))[:, None] * rng.normal(0, 0.15, 3)
    for span in spans(0.03, (8, 40), len(person), rng):
        person[span, LIMBS[rng.integers(len(LIMBS))][1:]] = 0


def spans(rate, lengths, frames, rng):
    """Slices of time that start ``rate`` times a second on average."""
    starts = rng.integers(0, frames, rng.poisson(rate * frames / FPS))
    return [slice(start, min(start + rng.integers(*lengths), frames)) for start in starts]
