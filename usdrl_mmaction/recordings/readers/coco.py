"""Results and annotations in the format of COCO, which AlphaPose, Detectron2 and Ultralytics write as well: people with
``image_id`` and ``keypoints``, x, y and score of one joint after another."""

from pathlib import Path
from typing import Any

import numpy as np

from usdrl_mmaction.errors import RecordingError

from ..clip import Clip
from .persons import TOP_DOWN, Person, gather, scored, values_of

IDS = ('track_id', 'idx', 'person_id', 'instance_id')


def is_results(content: Any) -> bool:
    """A list of people, each with the image where it was found."""
    first = content[0] if isinstance(content, list) and content else None
    return isinstance(first, dict) and {'image_id', 'keypoints'} <= set(first)


def is_annotations(content: Any) -> bool:
    return isinstance(content, dict) and isinstance(content.get('annotations'), list)


def is_by_image(content: Any) -> bool:
    """As PoseFlow writes the tracks of AlphaPose: lists of people by the name of their image."""
    named = isinstance(content, dict) and all('.' in str(name) for name in content)
    lists = list(content.values())[:100] if named else []
    people = [person for people in lists if isinstance(people, list) for person in people]
    return bool(people) and all(isinstance(person, dict) and 'keypoints' in person for person in people)


def read_results(content: list, path: Path) -> Clip:
    frames = {}
    for number, result in enumerate(content):
        where = f'{path}: result {number}'
        if not isinstance(result, dict) or not {'image_id', 'keypoints'} <= set(result):
            raise RecordingError(f"{where} has no 'image_id' with 'keypoints'.")
        if not isinstance(result['image_id'], int | str):
            raise RecordingError(f"{where}: 'image_id' is {result['image_id']!r}, not a number or name.")
        frames.setdefault(result['image_id'], []).append(person_of(result, where))
    return named_by_number(frames, path, content)


def read_by_image(content: dict, path: Path) -> Clip:
    frames = {
        image: [person_of(person, f'{path}: person {number} of {image}') for number, person in enumerate(people)]
        for image, people in content.items()
    }
    return named_by_number(frames, path, content)


def read_annotations(content: dict, path: Path) -> Clip:
    """Images are in the order of their frame numbers, or names."""
    images = content.get('images') or [{'id': item.get('image_id')} for item in content['annotations']]
    frames = {image['id']: [] for image in images}
    for number, item in enumerate(content['annotations']):
        where = f'{path}: annotation {number}'
        if item.get('image_id') not in frames:
            raise RecordingError(f"{where}: no image has the 'image_id' {item.get('image_id')!r}.")
        if item.get('keypoints'):
            frames[item['image_id']].append(person_of(item, where, visible=True))
    keys = {image['id']: image.get('frame_id', image.get('file_name', image['id'])) for image in images}
    keys = keys if len(set(map(str, keys.values()))) == len(keys) else {key: key for key in keys}
    names = next((c['keypoints'] for c in content.get('categories') or () if c.get('keypoints')), ())
    frames = {keys[key]: people for key, people in frames.items()}
    size = {**images[0], **(content.get('info') if isinstance(content.get('info'), dict) else {})}
    return gather(frames, path, tuple(map(str, names)), size) if names else named_by_number(frames, path, size)


def named_by_number(frames: dict[Any, list[Person]], path: Path, content: Any) -> Clip:
    first = next((person for people in frames.values() for person in people), None)
    return gather(frames, path, TOP_DOWN.get(0 if first is None else len(first.joints), ()), content)


def person_of(result: dict, where: str, visible: bool = False) -> Person:
    """A joint that an annotation calls invisible is not seen. AlphaPose's results may have joints in 3D as well, which
    are not taken: they are those of another layout."""
    joints = result['keypoints']
    if isinstance(joints, list) and joints and isinstance(joints[0], list):
        found = values_of(joints, f"{where}: 'keypoints'")
        scores = result.get('keypoints_score', result.get('keypoint_scores'))
        if found.ndim == 2 and found.shape[1] == 2 and scores is not None:
            found = np.concatenate([found, values_of(scores, f'{where}: scores').reshape(-1, 1)[: len(found)]], axis=1)
        joints = found
    found = scored(joints, f"{where}: 'keypoints'")
    if visible:
        seen = found[:, 2:] > 0
        found = np.concatenate([found[:, :2] * seen, seen], axis=1).astype(np.float32)
    identity = next((result[key] for key in IDS if result.get(key) is not None), None)
    while isinstance(identity, list):
        identity = identity[0] if len(identity) == 1 else None
    return Person(found, identity if isinstance(identity, int | float | str) else None)
