"""Predictions of OpenPose, and of programs that write as it does (AlphaPose, RTMPose in Pose2Sim): a folder for each
video with a JSON file of ``people`` for each frame, or all frames in one file."""

from pathlib import Path
from typing import Any

import numpy as np

from usdrl_mmaction.errors import RecordingError
from usdrl_mmaction.skeletons import LAYOUTS

from ..clip import Clip
from .persons import HALPE, TOP_DOWN, Person, gather, scored, values_of

BODY_25 = LAYOUTS['openpose_25'].names
MPI = (
    'head_top', 'neck', 'right_shoulder', 'right_elbow', 'right_wrist', 'left_shoulder', 'left_elbow', 'left_wrist',
    'right_hip', 'right_knee', 'right_ankle', 'left_hip', 'left_knee', 'left_ankle', 'thorax',
)  # fmt: skip
MODELS = {**TOP_DOWN, 25: BODY_25, 18: LAYOUTS['openpose'].names, 19: BODY_25[:19], 15: MPI, 26: HALPE}  # by joints
FIELDS = ('pose_keypoints_2d', 'pose_keypoints', 'joints', 'body_parts')  # of versions 1.1 on, 1.0, AlphaPose, 0
FIELD_3D = 'pose_keypoints_3d'


def is_frame(content: Any) -> bool:
    """People of one frame."""
    people = people_of(content) if isinstance(content, dict) else None
    return isinstance(people, list) and (
        not people or any(is_numbers(people[0], field) for field in (*FIELDS, FIELD_3D))
    )


def is_numbers(person: Any, field: str) -> bool:
    values = person.get(field) if isinstance(person, dict) else None
    return isinstance(values, list) and (not values or isinstance(values[0], int | float))


def is_openpose(content: Any) -> bool:
    """Frames by the name of their image, or in a list."""
    frames = list(content.values()) if isinstance(content, dict) else content
    return is_frame(content) or (isinstance(frames, list) and bool(frames) and all(map(is_frame, frames[:100])))


def read_openpose(content: Any, path: Path) -> Clip:
    if is_frame(content):
        content = {path.name: content}
    elif isinstance(content, list):
        content = dict(enumerate(content))
    return read_frames(content, path, ': frame ')


def read_frames(files: dict[str, Any], path: Path, between: str = '/') -> Clip:
    """Frames of people by name. They keep the ``person_id`` of the file, or are tracked from frame to frame; the most
    active person is the first. The last digits of a name number the frame."""
    frames = {}
    for name, content in files.items():
        if not isinstance(content, dict) or not isinstance(people_of(content), list):
            raise RecordingError(f"{path}{between}{name} has no list of 'people'.")
        people = enumerate(people_of(content))
        frames[name] = [person_of(person, f'{path}{between}{name}: person {index}') for index, person in people]
    first = next((person for people in frames.values() for person in people), None)
    joints = 0 if first is None else len(first.joints)
    return gather(frames, path, MODELS.get(joints, ()))


def people_of(content: dict) -> Any:
    return content.get('people', content.get('bodies'))


def person_of(person: Any, where: str) -> Person:
    """x, y and score; in three dimensions if the file has no others."""
    field = next((name for name in FIELDS if isinstance(person, dict) and person.get(name)), None)
    if field is None and isinstance(person, dict) and person.get(FIELD_3D):
        values = scored(person[FIELD_3D], f"{where}: '{FIELD_3D}'", 4)
    elif field is None:
        if isinstance(person, dict) and any(name in person for name in FIELDS):  # nobody in it
            return Person(np.zeros((0, 3), np.float32))
        raise RecordingError(f"{where} has no list of numbers '{FIELDS[0]}'.")
    else:
        values = scored(person[field], f"{where}: '{field}'")
    identity = values_of(person.get('person_id', -1), f"{where}: 'person_id'").ravel()
    return Person(values, int(identity[0]) if len(identity) == 1 and identity[0] >= 0 else None)
