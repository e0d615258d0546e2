"""Recordings in whatever form they come: files of any format that is read here, annotations, or arrays."""

from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from usdrl_mmaction.datasets import read_annotations
from usdrl_mmaction.datasets.store import INDEX
from usdrl_mmaction.datasets.transforms.normalize import middle
from usdrl_mmaction.errors import AnnotationError
from usdrl_mmaction.skeletons import LAYOUTS, Skeleton

from .clip import Clip, fit
from .readers import read_clip

MEDIAPIPE = LAYOUTS['mediapipe']
HIPS, SHOULDERS = ('left_hip', 'right_hip'), ('left_shoulder', 'right_shoulder')
# What other layouts have and MediaPipe has not: the middle of joints that it has.
MIDDLES = {
    **dict.fromkeys(('spine_base', 'hip_center', 'mid_hip', 'pelvis'), HIPS),
    **dict.fromkeys(('spine_mid', 'spine'), HIPS + SHOULDERS),
    **dict.fromkeys(('spine_shoulder', 'shoulder_center', 'thorax', 'neck'), SHOULDERS),
    'head': ('left_ear', 'right_ear'),
    **{
        f'{side}_{place}': tuple(f'{side}_{joint}' for joint in joints)
        for side in ('left', 'right')
        for place, joints in {
            'hand': ('index', 'pinky'),
            'hand_tip': ('index',),
            'foot': ('foot_index',),
            'big_toe': ('foot_index',),
            'small_toe': ('foot_index',),
        }.items()
    },
}


class Recording(NamedTuple):
    """One recording that is still to be read."""

    name: str
    source: Any  # a path, an annotation or an array


def find_recordings(inputs: Any) -> list[Recording]:
    """The recordings of one input or a list of them; an annotation file has many."""
    inputs = inputs if isinstance(inputs, list | tuple) else [inputs]
    found = []
    for number, source in enumerate(inputs):
        if isinstance(source, str | Path):
            found += _recordings_at(Path(source))
        elif isinstance(source, dict):
            found.append(Recording(str(source.get('frame_dir', f'input {number}')), source))
        else:
            found.append(Recording(f'input {number}', source))
    return found


def read_recording(recording: Recording, skeleton: Skeleton, channels: int) -> Clip:
    """A recording with the joints of a layout, in pixels (2 channels) or 3D. MediaPipe's are brought into any."""
    name, source = recording
    clip = read_clip(source) if isinstance(source, Path) else from_arrays(source, name)
    if clip.keypoint.shape[2] == len(MEDIAPIPE) != len(skeleton):
        clip = from_mediapipe(clip, flat=channels == 2)
    clip = fit(clip, skeleton, name)
    if clip.keypoint.shape[3] != channels:
        raise AnnotationError(
            f"{name}: 'keypoint' {clip.keypoint.shape} has {clip.keypoint.shape[3]} coordinates a joint, but the "
            f'model was trained on {channels}. Choose a model of {"pixels" if channels == 3 else "3D"}.'
        )
    return clip


def from_arrays(source: Any, name: str) -> Clip:
    """An annotation, or its ``keypoint`` alone: (M, T, V, C) or (T, V, C). MediaPipe's may have the visibility, and the
    presence, as further coordinates."""
    fields = source if isinstance(source, dict) else {'keypoint': source}
    if 'keypoint' not in fields:
        raise AnnotationError(f"{name} has no 'keypoint'. It has: {', '.join(map(str, fields))}.")
    keypoint, score = _numbers(fields['keypoint'], 'keypoint', name), fields.get('keypoint_score')
    joints, channels = keypoint.shape[-2:] if keypoint.ndim > 1 else (0, 0)
    if joints == len(MEDIAPIPE) and channels in (4, 5):
        keypoint, score = keypoint[..., :3], keypoint[..., 3]
    if keypoint.ndim not in (3, 4) or keypoint.shape[-1] not in (2, 3) or 0 in keypoint.shape:
        raise AnnotationError(
            f"{name}: 'keypoint' is persons, frames, joints and 2 or 3 coordinates, or the same without persons, not "
            f'{np.shape(fields["keypoint"])}.'
        )
    if score is not None:
        score = _numbers(score, 'keypoint_score', name)
        if score.shape != keypoint.shape[:-1]:
            raise AnnotationError(f"{name}: 'keypoint_score' is {score.shape}, not {keypoint.shape[:-1]}.")
        score = score.reshape(-1, *score.shape[-2:])
    return Clip(keypoint.reshape(-1, *keypoint.shape[-3:]), score, fields.get('img_shape'))


def from_mediapipe(clip: Clip, flat: bool) -> Clip:
    """With joints that other layouts have besides, by name. World landmarks have y downwards: in 3D they are turned
    to where sensors have it."""
    keypoint = clip.keypoint[..., :2] if flat else clip.keypoint * np.float32([-1, -1, 1])
    score = clip.keypoint.any(-1).astype(np.float32) if clip.score is None else clip.score
    places = [[MEDIAPIPE.joint(joint) for joint in joints] for joints in MIDDLES.values()]
    means = [middle(keypoint, place) for place in places]
    scores = [score[..., place].min(-1) for place in places]
    return clip._replace(
        keypoint=np.concatenate([keypoint, np.stack(means, axis=-2)], axis=-2),
        score=np.concatenate([score, np.stack(scores, axis=-1)], axis=-1),
        joints=(*MEDIAPIPE.names, *MIDDLES),
    )


def _recordings_at(path: Path) -> list[Recording]:
    if path.suffix in ('.pkl', '.pickle') or (path / INDEX).is_file():
        return [Recording(item['frame_dir'], item) for item in read_annotations(str(path))['annotations']]
    return [Recording(str(path), path)]


def _numbers(values: Any, field: str, name: str) -> np.ndarray:
    try:
        array = np.asarray(values, dtype=np.float32)
    except (TypeError, ValueError) as error:
        raise AnnotationError(f"{name}: '{field}' is no array of numbers ({error}).") from None
    if not np.isfinite(array).all():
        place = tuple(np.argwhere(~np.isfinite(array))[0].tolist())
        raise AnnotationError(f"{name}: '{field}' is not finite at {place}. Write 0 where a joint was not seen.")
    return array
