"""Synthetic people as seen by a colour camera and a pose estimator: 17 joints of COCO in pixels, with scores."""

import numpy as np

from usdrl_mmaction.skeletons import LAYOUTS

from ..transforms import MapLayout
from .bodies import LAYOUT
from .sets import make_trimmed

HEIGHT, WIDTH, FOCAL = 1080, 1920, 1060  # pixels
NOISE = 3  # pixels
# In metres from the head: along the shoulders, up, ahead.
FACE = {
    'nose': (0, 0, 0.11),
    'left_eye': (-0.03, 0.04, 0.09),
    'right_eye': (0.03, 0.04, 0.09),
    'left_ear': (-0.07, 0.01, 0),
    'right_ear': (0.07, 0.01, 0),
}


def make_trimmed_2d(num_clips: int = 720, seed: int = 0, progress=iter) -> dict:
    """The clips of ``make_trimmed`` in pixels: the same people, motion, splits and names."""
    data = make_trimmed(num_clips, seed, progress)
    rng, to_coco = np.random.default_rng([seed, 2]), MapLayout(LAYOUT, 'coco')
    for item in data['annotations']:
        joints = to_coco({'keypoint': item['keypoint']})['keypoint']  # (M, T, 17, 3)
        add_face(joints, item['keypoint'])
        item['keypoint'], item['keypoint_score'] = take_pictures(joints, rng)
        item['img_shape'] = (HEIGHT, WIDTH)
    data['meta'] |= {'layout': 'coco'}
    return data


def add_face(joints: np.ndarray, source: np.ndarray):
    """Adds the face, which a depth sensor does not record, by the head and the shoulders.
    # (M, T, 17, 3), in place, and (M, T, 25, 3)"""
    names, known = LAYOUTS['coco'].names, LAYOUTS[LAYOUT]
    head, left, right, chest = (
        source[:, :, known.joint(name)] for name in ('head', 'left_shoulder', 'right_shoulder', 'spine_shoulder')
    )
    along, up = unit(right - left), unit(head - chest)
    axes = np.stack([along, up, unit(np.cross(along, up))], axis=-2)  # (M, T, 3, 3)
    seen = np.stack([head, left, right]).any(-1).all(0)[..., None]  # (M, T, 1)
    for name, place in FACE.items():
        joints[:, :, names.index(name)] = (head + np.array(place) @ axes) * seen


def unit(vectors: np.ndarray) -> np.ndarray:
    return vectors / np.maximum(np.linalg.norm(vectors, axis=-1, keepdims=True), 1e-6)


def take_pictures(joints: np.ndarray, rng) -> tuple[np.ndarray, np.ndarray]:
    """Pixels and scores, both zero for what is not seen.  # (M, T, V, 3) -> (M, T, V, 2), (M, T, V)"""
    seen = joints.any(-1)
    distance = np.where(seen, joints[..., 2], 1).clip(min=0.3)[..., None]
    pixels = joints[..., :2] * (1, -1) * FOCAL / distance + (WIDTH / 2, HEIGHT / 2)
    pixels = pixels + rng.normal(0, NOISE, pixels.shape)
    score = rng.uniform(0.6, 1.0, seen.shape) * seen
    return (pixels * seen[..., None]).astype(np.float32), score.astype(np.float32)
