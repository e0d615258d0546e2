"""Predictions of MMPose: instances of each frame with ``keypoints`` and ``keypoint_scores``, as the demos of version 1
write them for a video, or with ``keypoints`` of x, y and score, as the results of version 0 are."""

from pathlib import Path
from typing import Any

import numpy as np

from usdrl_mmaction.errors import RecordingError

from ..clip import Clip
from .persons import TOP_DOWN, Person, gather, values_of


def is_mmpose(content: Any) -> bool:
    if isinstance(content, dict):
        return 'instance_info' in content
    if not isinstance(content, list) or not content:
        return False
    frames = [instances_of(frame) for frame in content]
    if not all(isinstance(frame, list) for frame in frames):
        return False
    first = next((frame[0] for frame in frames if frame), None)
    return first is None or is_instance(first)


def is_frame(content: Any) -> bool:
    """The instances of one frame, alone or with ``meta_info``."""
    instances = content.get('instance_info') if isinstance(content, dict) else content
    return (
        isinstance(instances, list) and bool(instances) and is_instance(instances[0]) and 'image_id' not in instances[0]
    )


def is_instance(instance: Any) -> bool:
    """Whether it has joints in lists of their own, unlike COCO's."""
    keypoints = instance.get('keypoints') if isinstance(instance, dict) else None
    return (
        isinstance(keypoints, list | np.ndarray) and len(keypoints) > 0 and isinstance(keypoints[0], list | np.ndarray)
    )


def read_mmpose(content: Any, path: Path) -> Clip:
    """A JSON file of ``meta_info`` and ``instance_info``, or of the frames alone. People keep the ``track_id`` of the
    file, or are tracked from frame to frame; the most active person is the first."""
    if is_frame(content):
        return read_frames({path.name: content}, path)
    meta, frames = ({}, content) if isinstance(content, list) else (content.get('meta_info'), content['instance_info'])
    if not isinstance(frames, list) or not frames:
        raise RecordingError(f"{path}: no frames. Expected a list of frames, or a dict with 'instance_info'.")
    ids = [frame.get('frame_id', i) if isinstance(frame, dict) else i for i, frame in enumerate(frames)]
    for index, frame_id in enumerate(ids):
        if not isinstance(frame_id, int):
            raise RecordingError(f"{path}: 'frame_id' {frame_id!r} of entry {index} is not a whole number.")
    if len(set(ids)) < len(ids):
        raise RecordingError(f"{path}: two frames have the same 'frame_id'.")
    people = {}
    for frame_id, frame in zip(ids, frames, strict=True):
        instances = instances_of(frame)
        if not isinstance(instances, list):
            raise RecordingError(f"{path}: frame {frame_id} of {len(frames)} has no list of 'instances'.")
        people[frame_id] = people_of(instances, f'{path}: frame {frame_id}')
    return gather(people, path, names_of(meta or {}, people), content)


def read_frames(files: dict[str, Any], path: Path) -> Clip:
    """A folder of files, the instances of one frame each."""
    people, meta = {}, {}
    for name, content in files.items():
        if isinstance(content, dict):
            meta, content = content.get('meta_info') or meta, content.get('instance_info')
        people[name] = people_of(content or [], f'{path}/{name}')
    return gather(people, path, names_of(meta, people))


def people_of(instances: list, where: str) -> list[Person]:
    return [person_of(instance, f'{where}, instance {i}') for i, instance in enumerate(instances)]


def instances_of(frame: Any) -> Any:
    return frame.get('instances') if isinstance(frame, dict) else frame


def person_of(instance: Any, where: str) -> Person:
    if not isinstance(instance, dict) or 'keypoints' not in instance:
        raise RecordingError(f"{where} has no 'keypoints' with 'keypoint_scores'.")
    keypoints = values_of(instance['keypoints'], f"{where}: 'keypoints'")
    if 'keypoint_scores' not in instance and keypoints.ndim == 2 and keypoints.shape[1] in (3, 4):
        keypoints, scores = keypoints[:, :-1], keypoints[:, -1]
    elif 'keypoint_scores' not in instance:
        raise RecordingError(f"{where} has no 'keypoints' with 'keypoint_scores'.")
    else:
        scores = values_of(instance['keypoint_scores'], f"{where}: 'keypoint_scores'")
    if keypoints.ndim != 2 or keypoints.shape[1] not in (2, 3) or scores.shape != keypoints.shape[:1]:
        raise RecordingError(
            f"{where}: 'keypoints' are {keypoints.shape} and 'keypoint_scores' {scores.shape}, not (joints, 2 or 3) "
            'and (joints,).'
        )
    return Person(np.concatenate([keypoints, scores[:, None]], axis=1), instance.get('track_id'))


def names_of(meta: dict, people: dict[Any, list[Person]]) -> tuple[str, ...]:
    """Those of the file; without them, joints in pixels are those of a top-down model, by their number."""
    named = meta.get('keypoint_id2name') or {}
    shape = next((person.joints.shape for found in people.values() for person in found), (0, 0))
    if len(named) == shape[0] and named:
        return tuple(named[key] for key in sorted(named, key=int))
    return TOP_DOWN.get(shape[0], ()) if shape[1] == 3 else ()
