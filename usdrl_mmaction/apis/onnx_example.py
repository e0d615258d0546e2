"""Runs MODEL with onnxruntime and numpy, without torch and without usdrl-mmaction:

    python THIS.py recording.npz

`prepare` makes a clip of joints what the model takes, with the layout, people, scale and turn of this model. Joints
that were not seen are 0.
"""

import json
import sys
from pathlib import Path

import numpy as np

SETTINGS = {}  # written by usdrl export
FRONT, SIZE, BY_SHOULDERS = np.pi / 4, 0.8, 1.45


def prepare(keypoint, img_shape=None):
    """People, frames, joints and coordinates as the model's input.  # (M, T, V, C) -> (1, M', T', V', C')"""
    clip = np.asarray(keypoint, np.float32)
    for name, options in SETTINGS['steps']:
        clip = STEPS[name](clip, **options, **({'img_shape': img_shape} if name == 'pixels' else {}))
    return clip[None].astype(np.float32)


def map_joints(clip, sources):
    """Each joint as the mean, by weights, of joints of the recording."""
    mapped = np.zeros((*clip.shape[:2], len(sources), clip.shape[3]), np.float32)
    for joint, (joints, weights) in enumerate(sources):
        if joints:
            mapped[:, :, joint] = middle(clip, joints, weights)
    return mapped


def middle(clip, joints, weights=None):
    """The mean of the joints that are seen; of those along a limb, all must be."""
    chosen, weights = clip[..., joints, :], np.ones(len(joints), np.float32) if weights is None else np.float32(weights)
    seen = chosen.any(-1)
    if len(set(weights.tolist())) > 1:
        seen = np.broadcast_to(seen.all(-1, keepdims=True), seen.shape)
    total = (weights * seen).sum(-1, keepdims=True)
    return (weights[:, None] * chosen * seen[..., None]).sum(-2) / np.where(total > 0, total, 1)


def body_size(person, torso, parents):
    """The median length of the torso, or of four bones."""
    if torso:
        shown = person[..., torso[0], :].any((-1, -2)) & person[..., torso[1], :].any((-1, -2))
        sizes = np.linalg.norm(middle(person[shown], torso[1]) - middle(person[shown], torso[0]), axis=-1)
    else:
        whole = person[person.any(-1).all(-1)]
        sizes = 4 * np.linalg.norm(whole - whole[:, parents], axis=-1).sum(-1) / max(len(parents) - 1, 1)
    return float(np.median(sizes)) if len(sizes) else 0.0


def metres(clip, origin, shoulders, torso, parents, scale, turn):
    """Every frame around the first person; if asked, in units of the torso, and with the shoulders along x."""
    seen = clip.any(-1, keepdims=True)
    if scale:
        clip = clip / (body_size(clip[:1], torso, parents) or 1)
    clip = (clip - middle(clip[:1], origin)[:, :, None]) * seen
    shown = np.flatnonzero(seen[0, :, shoulders, 0].all(0)) if turn and shoulders else ()
    if not len(shown):
        return clip
    across = clip[0, shown[0], shoulders[1]] - clip[0, shown[0], shoulders[0]]
    across = across / np.linalg.norm(across)
    x, y, z = np.cross(across, [1.0, 0.0, 0.0])
    cross = np.array([[0, -z, y], [z, 0, -x], [-y, x, 0]])
    if across[0] <= -1:
        return clip * [-1, 1, -1]
    return clip @ (np.eye(3) + cross + cross @ cross / (1 + across[0])).T


def pixels(clip, origin, torso, parents, in_torsos, score, img_shape=None):
    """Every frame around the first person, in units of the torso."""
    seen = clip[..., :2].any(-1, keepdims=True)
    given = clip[..., 2:] if clip.shape[3] > 2 else seen.astype(np.float32)
    clip = clip[..., :2]
    size = np.abs(clip).max((0, 1, 2), initial=1) if img_shape is None else np.flip(img_shape)
    centre, length = size / 2, max(size) / 2
    if in_torsos:
        shown = clip[:1, :, origin].any((0, 2, 3))
        if shown.any():
            last = np.maximum.accumulate(np.where(shown, np.arange(len(shown)), shown.argmax()))
            centre = middle(clip[:1], origin)[:, last, None]
        length = body_size(clip[:1], torso, parents) or length
    clip = (clip - centre) / length * seen
    return np.concatenate([clip, given * seen], axis=-1) if score else clip


def body(clip, pelvis, thorax, hips, shoulders):
    """Upright clips of the body, who is seen longest first, in units of the torso, about facing the camera."""
    clip = upright(clip, pelvis, thorax)
    filled, seen = clip.copy(), clip.any(-1)
    gaps = ~seen & seen.any(1, keepdims=True) & seen.any(2, keepdims=True)
    for person, joint in zip(*np.nonzero(gaps.any(1)), strict=True):
        lost, known = np.flatnonzero(gaps[person, :, joint]), np.flatnonzero(seen[person, :, joint])
        for axis in range(3):
            filled[person, lost, joint, axis] = np.interp(lost, known, clip[person, known, joint, axis])
    clip = filled
    width = np.linalg.norm(clip[:, :, shoulders[0]] - clip[:, :, shoulders[1]], axis=-1)
    shown = clip[:, :, shoulders].any(-1).all(-1) & ~clip[:, :, pelvis].any((1, 2))[:, None]
    for person in np.flatnonzero(shown.any(1)):
        below = np.float32([0, -BY_SHOULDERS * np.quantile(width[person, shown[person]], SIZE), 0])
        clip[person, shown[person], pelvis] = clip[person, shown[person], thorax] + below
    clip = clip[np.argsort(-clip.any((2, 3)).sum(1), kind='stable')]
    first, seen = clip[0], clip.any(-1, keepdims=True)
    shown = first[:, [pelvis, thorax]].any(-1).all(-1)
    torso = np.linalg.norm(first[:, thorax] - first[:, pelvis], axis=-1)[shown]
    size = np.quantile(torso, SIZE) if len(torso) else 1.0
    place = (first[:, pelvis] * shown[:, None]).sum(0) / max(shown.sum(), 1)
    clip = (clip - place) / (size if size > 0 else 1.0) * seen
    across = sum(clip[0][:, right] - clip[0][:, left] for left, right in (hips, shoulders)).sum(0)
    angle = np.arctan2(across[2], across[0])
    angle = angle if across[2] == 0 else angle - np.clip(angle, -FRONT, FRONT)
    cos, sin = np.cos(angle), np.sin(angle)
    clip = clip @ np.array([[cos, 0, sin], [0, 1, 0], [-sin, 0, cos]]).T
    relative = clip - clip[:, :, [pelvis]]
    relative[:, :, pelvis] = clip[:, :, pelvis]
    return relative * seen


def upright(clip, pelvis, thorax):
    """y up: pixels are turned by half a turn, and get a depth of 0."""
    if clip.shape[3] == 2:
        return np.concatenate([-clip, np.zeros_like(clip[..., :1])], axis=-1)
    seen = clip[:, :, pelvis].any(-1) & clip[:, :, thorax].any(-1)
    trunk = (clip[:, :, thorax] - clip[:, :, pelvis])[seen]
    if not len(trunk):
        return clip
    mean = trunk.mean(0) / max(np.linalg.norm(trunk, axis=-1).mean(), 1e-9)
    axis = int(np.abs(mean).argmax())
    if abs(mean[axis]) < 0.75 or (axis == 1 and mean[1] > 0):
        return clip
    sign = 1 if mean[axis] > 0 else -1
    rows = {0: [[0, -sign, 0], [sign, 0, 0], [0, 0, 1]], 1: [[-1, 0, 0], [0, -1, 0], [0, 0, 1]]}
    return clip @ np.float32(rows.get(axis, [[1, 0, 0], [0, 0, sign], [0, -sign, 0]])).T


def resize(clip, frames):
    """Linear in time."""
    position = ((np.arange(frames) + 0.5) * clip.shape[1] / frames - 0.5).clip(0, clip.shape[1] - 1)
    before, after = np.floor(position).astype(int), np.ceil(position).astype(int)
    weight = (position - before)[:, None, None]
    return (1 - weight) * clip[:, before] + weight * clip[:, after]


def fill_up(clip, people):
    """As many people as the model takes; who is absent is 0."""
    return np.concatenate([clip, np.zeros((people, *clip.shape[1:]))])[:people]


STEPS = dict(
    map_joints=map_joints, metres=metres, pixels=pixels, body=body, resize=resize, fill_up=fill_up, upright=upright
)


def main(recording):
    import onnxruntime

    keypoint = np.load(recording)
    keypoint = keypoint['keypoint'] if hasattr(keypoint, 'files') else keypoint
    keypoint = keypoint if keypoint.ndim == 4 else keypoint[None]
    session = onnxruntime.InferenceSession(Path(__file__).with_suffix('.onnx'))
    outputs = session.run(None, {'clip': prepare(keypoint)})
    found = dict(zip([output.name for output in session.get_outputs()], outputs, strict=True))
    if 'cls_score' not in found:
        print({name: output.shape for name, output in found.items()})
        return found
    score = SETTINGS.get('factor', 1.0) * found['cls_score'][0]
    probability = np.exp(score - score.max()) / np.exp(score - score.max()).sum()
    classes = json.loads(session.get_modelmeta().custom_metadata_map.get('classes', '[]'))
    best = probability.argmax()
    print(classes[best] if classes else best, f'{probability[best]:.0%}')
    return found | {'probability': probability}


if __name__ == '__main__':
    main(sys.argv[1])
