"""Predictions of MMPose as its demos write them, for a video: frames of instances with ``keypoints`` and
``keypoint_scores``."""

from pathlib import Path

import numpy as np

from usdrl_mmaction.errors import AnnotationError

from ..clip import Clip, by_activity
from ..tracking import follow, gather
from .text import from_first, read_json


def read_mmpose(path: str | Path) -> Clip:
    """A JSON file of ``meta_info`` and ``instance_info``, or of the frames alone; people are followed from frame to
    frame, the most active one comes first."""
    content = read_json(path)
    if isinstance(content, dict):
        meta, frames = content.get('meta_info') or {}, content.get('instance_info')
    else:
        meta, frames = {}, content
    if not isinstance(frames, list) or not frames:
        raise AnnotationError(f"{path}: no frames. Expected a list of frames, or a dict with 'instance_info'.")
    number, total = from_first([_frame_id(frame, index, path) for index, frame in enumerate(frames)], path)
    if len(set(number)) < len(number):
        raise AnnotationError(f"{path}: two frames have the same 'frame_id'.")
    people = [[] for _ in range(total)]
    for frame, t in zip(frames, number, strict=True):
        instances = frame.get('instances') if isinstance(frame, dict) else frame
        if not isinstance(instances, list):
            raise AnnotationError(f"{path}: frame {t} of {total} has no list of 'instances'.")
        people[t] = [_person(instance, f'{path}: frame {t}, instance {i}') for i, instance in enumerate(instances)]
    return to_clip(people, path, joints=_joint_names(meta))


def to_clip(people: list[list[np.ndarray]], path: str | Path, joints: tuple[str, ...] = ()) -> Clip:
    """Frames of people (V, C + 1), the score last, who are still to be followed."""
    people = [[person for person in frame if person[:, :-1].any()] for frame in people]
    shapes = {person.shape for frame in people for person in frame}
    if len(shapes) > 1:
        raise AnnotationError(f'{path}: people of different shapes (joints, coordinates and score): {sorted(shapes)}.')
    if not shapes:
        return Clip(np.zeros((0, len(people), 0, 2), np.float32))
    gathered = gather(people, follow([[person[:, :-1] for person in frame] for frame in people]))
    return by_activity(Clip(gathered[..., :-1], gathered[..., -1], joints=joints))


def _frame_id(frame, index, path):
    frame_id = frame.get('frame_id', index) if isinstance(frame, dict) else index
    if not isinstance(frame_id, int):
        raise AnnotationError(f"{path}: 'frame_id' {frame_id!r} of entry {index} is not a whole number.")
    return frame_id


def _person(instance, where):
    """Coordinates and score.  # (V, C + 1)"""
    if not (isinstance(instance, dict) and {'keypoints', 'keypoint_scores'} <= set(instance)):
        raise AnnotationError(f"{where} has no 'keypoints' with 'keypoint_scores'.")
    try:
        keypoints = np.array(instance['keypoints'], dtype=np.float32)
        scores = np.array(instance['keypoint_scores'], dtype=np.float32)
    except (ValueError, TypeError) as error:
        raise AnnotationError(f"{where}: 'keypoints' are not numbers, as many for each joint ({error}).") from None
    if keypoints.ndim != 2 or keypoints.shape[1] not in (2, 3) or scores.shape != keypoints.shape[:1]:
        raise AnnotationError(
            f"{where}: 'keypoints' are {keypoints.shape} and 'keypoint_scores' {scores.shape}, not (joints, 2 or 3) "
            'and (joints,).'
        )
    if not (np.isfinite(keypoints).all() and np.isfinite(scores).all()):
        raise AnnotationError(f"{where}: 'keypoints' or 'keypoint_scores' are not finite.")
    return np.concatenate([keypoints, scores[:, None]], axis=1)


def _joint_names(meta):
    names = meta.get('keypoint_id2name', {})
    return tuple(names[key] for key in sorted(names, key=int))
