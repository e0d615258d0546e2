"""Predictions of MMPose for a video, as its demos write them: frames of instances with ``keypoints`` and
``keypoint_scores``."""

from pathlib import Path

import numpy as np

from usdrl_mmaction.errors import RecordingError

from ..clip import Clip
from ..tracking import track_people
from .arrays import numbers
from .text import from_first, read_json


def read_mmpose(path: str | Path) -> Clip:
    """A JSON file of ``meta_info`` and ``instance_info``, or of the frames alone. People are tracked from frame to
    frame; the most active person is the first."""
    content = read_json(path)
    if isinstance(content, dict):
        meta, frames = content.get('meta_info') or {}, content.get('instance_info')
    else:
        meta, frames = {}, content
    if not isinstance(frames, list) or not frames:
        raise RecordingError(f"{path}: no frames. Expected a list of frames, or a dict with 'instance_info'.")
    ids = [frame.get('frame_id', i) if isinstance(frame, dict) else i for i, frame in enumerate(frames)]
    for index, frame_id in enumerate(ids):
        if not isinstance(frame_id, int):
            raise RecordingError(f"{path}: 'frame_id' {frame_id!r} of entry {index} is not a whole number.")
    number, total = from_first(ids, path)
    if len(set(number)) < len(number):
        raise RecordingError(f"{path}: two frames have the same 'frame_id'.")
    people = [[] for _ in range(total)]
    for frame, t in zip(frames, number, strict=True):
        instances = frame.get('instances') if isinstance(frame, dict) else frame
        if not isinstance(instances, list):
            raise RecordingError(f"{path}: frame {t} of {total} has no list of 'instances'.")
        people[t] = [_person(instance, f'{path}: frame {t}, instance {i}') for i, instance in enumerate(instances)]
    names = meta.get('keypoint_id2name', {})
    return track_people(people, path, joints=tuple(names[key] for key in sorted(names, key=int)))


def _person(instance, where):
    """Coordinates and score.  # (V, C + 1)"""
    if not (isinstance(instance, dict) and {'keypoints', 'keypoint_scores'} <= set(instance)):
        raise RecordingError(f"{where} has no 'keypoints' with 'keypoint_scores'.")
    keypoints, scores = (numbers(instance[field], f"{where}: '{field}'") for field in ('keypoints', 'keypoint_scores'))
    if keypoints.ndim != 2 or keypoints.shape[1] not in (2, 3) or scores.shape != keypoints.shape[:1]:
        raise RecordingError(
            f"{where}: 'keypoints' are {keypoints.shape} and 'keypoint_scores' {scores.shape}, not (joints, 2 or 3) "
            'and (joints,).'
        )
    return np.concatenate([keypoints, scores[:, None]], axis=1)
