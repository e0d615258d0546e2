"""Predictions of MMPose as its demos write them, for a video: frames of instances with ``keypoints`` and
``keypoint_scores``."""

from pathlib import Path

import numpy as np

from usdrl_mmaction.errors import RecordingError

from ..clip import Clip
from ..tracking import track_people
from .text import from_first, read_json


def read_mmpose(path: str | Path) -> Clip:
    """A JSON file of ``meta_info`` and ``instance_info``, or of the frames alone; people are tracked from frame to
    frame, the most active one comes first."""
    content = read_json(path)
    if isinstance(content, dict):
        meta, frames = content.get('meta_info') or {}, content.get('instance_info')
    else:
        meta, frames = {}, content
    if not isinstance(frames, list) or not frames:
        raise RecordingError(f"{path}: no frames. Expected a list of frames, or a dict with 'instance_info'.")
    number, total = from_first([_frame_id(frame, index, path) for index, frame in enumerate(frames)], path)
    if len(set(number)) < len(number):
        raise RecordingError(f"{path}: two frames have the same 'frame_id'.")
    people = [[] for _ in range(total)]
    for frame, t in zip(frames, number, strict=True):
        instances = frame.get('instances') if isinstance(frame, dict) else frame
        if not isinstance(instances, list):
            raise RecordingError(f"{path}: frame {t} of {total} has no list of 'instances'.")
        people[t] = [_person(instance, f'{path}: frame {t}, instance {i}') for i, instance in enumerate(instances)]
    return track_people(people, path, joints=_joint_names(meta))


def _frame_id(frame, index, path):
    frame_id = frame.get('frame_id', index) if isinstance(frame, dict) else index
    if not isinstance(frame_id, int):
        raise RecordingError(f"{path}: 'frame_id' {frame_id!r} of entry {index} is not a whole number.")
    return frame_id


def _person(instance, where):
    """Coordinates and score.  # (V, C + 1)"""
    if not (isinstance(instance, dict) and {'keypoints', 'keypoint_scores'} <= set(instance)):
        raise RecordingError(f"{where} has no 'keypoints' with 'keypoint_scores'.")
    try:
        keypoints = np.array(instance['keypoints'], dtype=np.float32)
        scores = np.array(instance['keypoint_scores'], dtype=np.float32)
    except (ValueError, TypeError) as error:
        raise RecordingError(f"{where}: 'keypoints' are not numbers, as many for each joint ({error}).") from None
    if keypoints.ndim != 2 or keypoints.shape[1] not in (2, 3) or scores.shape != keypoints.shape[:1]:
        raise RecordingError(
            f"{where}: 'keypoints' are {keypoints.shape} and 'keypoint_scores' {scores.shape}, not (joints, 2 or 3) "
            'and (joints,).'
        )
    if not (np.isfinite(keypoints).all() and np.isfinite(scores).all()):
        raise RecordingError(f"{where}: 'keypoints' or 'keypoint_scores' are not finite.")
    return np.concatenate([keypoints, scores[:, None]], axis=1)


def _joint_names(meta):
    names = meta.get('keypoint_id2name', {})
    return tuple(names[key] for key in sorted(names, key=int))
