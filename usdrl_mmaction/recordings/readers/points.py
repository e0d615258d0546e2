"""A pose in JSON: a list of points, of rows of numbers or of numbers, columns of x and y, or points by name."""

from collections.abc import Hashable
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np

from usdrl_mmaction.errors import RecordingError

from .persons import plain, values_of

LEAST = 5  # points of a pose, at least
SCORES = ('visibility', 'score', 'confidence', 'confidencelevel', 'conf', 'likelihood', 'probability', 'prob',
          'presence', 'visible', 'trackingstate', 'v', 'c', 's')  # fmt: skip
LISTS = ('score', 'confidence', 'conf', 'visibility', 'visible')  # end the keys of lists of them
NAMES = ('name', 'part', 'joint', 'jointname', 'jointtype', 'jointid', 'bodypart', 'keypoint', 'landmark', 'label',
         'type', 'id', 'index')  # fmt: skip
PLACES = ('position', 'pos', 'position3d', 'cameraspacepoint', 'coordinates', 'coords', 'point', 'location', 'world',
          'camera', 'xyz')  # fmt: skip
PREFIXES = ('', 'camera', 'world', 'position', 'pos', 'joint', 'real', 'pixel', 'image', 'color', 'depth')  # of x and y
STATES = {'tracked': 1.0, 'inferred': 0.5, 'nottracked': 0.0, 'high': 1.0, 'medium': 1.0, 'low': 0.5, 'none': 0.0}
FLAT = (33, 25, 17, 18, 26, 20, 32, 133, 136)  # joints of poses that are one list of numbers


class Pose(NamedTuple):
    values: np.ndarray  # (V, C + 1), the score last
    names: tuple[Hashable, ...] = ()
    id: Hashable = None


def pose_of(value: Any) -> Pose | None:
    if isinstance(value, list) and len(value) >= LEAST:
        if isinstance(value[0], dict):
            return pose_of_points(value)
        if isinstance(value[0], list | tuple):
            return pose_of_rows(value)
        return pose_of_numbers(value) if isinstance(value[0], int | float) else None
    if isinstance(value, dict):
        columns = {plain(key): column for key, column in value.items() if isinstance(column, list)}
        if {'x', 'y'} <= set(columns) and len(columns['x']) >= LEAST:
            score = next((columns[key] for key in SCORES if key in columns), [1.0] * len(columns['x']))
            axes = [columns[axis] for axis in 'xyz' if axis in columns]
            return Pose(values_of([*axes, score], 'x, y, z or the score of a pose').T)
        named = {key: item for key, item in value.items() if is_point(item)}
        if (
            len(named) >= LEAST
            and len(named) >= len(value) - 6
            and not all(isinstance(v, list) for v in named.values())
        ):
            return pose_of_points(list(named.values()))._replace(names=numbers_or_names(list(named)))
        if len(named) >= LEAST and len(named) >= len(value) - 6 and all(map(is_row, named.values())):
            pose = pose_of_rows(list(named.values()))
            return pose and pose._replace(names=numbers_or_names(list(named)))
    return None


def pose_of_points(points: list) -> Pose | None:
    fields = fields_of(tuple(points[0]))
    if fields is None:
        return None
    if not all(isinstance(point, dict) for point in points):
        raise RecordingError('a joint of a pose has no x and y.')
    x, y, z, score, name, place = fields
    inner = points
    if place is not None:
        inner = [point.get(place) for point in points]
        if all(isinstance(row, list) for row in inner):
            pose = pose_of_rows(inner)
            return pose and named_pose(pose.values, points, score, name)
        if not all(isinstance(point, dict) for point in inner):
            return None
        deeper = fields_of(tuple(inner[0]))
        if deeper is None or deeper[0] is None:
            return None
        x, y, z = deeper[:3]
    if not any(point.get(x) is not None for point in inner):
        return None
    axes = (x, y) if z is None else (x, y, z)
    values = values_of([[point.get(axis) for axis in axes] for point in inner], 'x, y or z of a joint')
    return named_pose(np.c_[values, np.ones(len(values), np.float32)], points, score, name)


def named_pose(values: np.ndarray, points: list[dict], score: str | None, name: str | None) -> Pose:
    if score is not None:
        scores = [point.get(score) for point in points]
        states = [STATES.get(plain(state)) if isinstance(state, str) else state for state in scores]
        values[:, -1] = np.nan_to_num(values_of(states, f"'{score}' of a joint"))
    names = [point.get(name) for point in points] if name is not None else []
    usable = names and all(isinstance(one, int | str) for one in names) and len(set(names)) == len(names)
    return Pose(values, numbers_or_names(names) if usable else ())


def pose_of_rows(rows: list) -> Pose | None:
    """Lists of x, y, of z, of the score. A third number from 0 to 1 beside larger ones is a score."""
    width = len(rows[0])
    sound = sum(is_row(row) and len(row) == width for row in rows)
    if width not in (2, 3, 4) or sound < len(rows) / 2:
        return None
    if sound < len(rows):
        raise RecordingError(f'a joint of a pose is not {width} numbers, as others are.')
    values = values_of(rows, 'the joints of a pose')
    return Pose(split_score(values))


def pose_of_numbers(values: list) -> Pose | None:
    joints, channels = next(((v, c) for v in FLAT for c in (3, 2, 4) if v * c == len(values)), (0, 0))
    if not joints:
        return None
    return Pose(split_score(values_of(values, 'the joints of a pose').reshape(joints, channels)))


def split_score(values: np.ndarray) -> np.ndarray:
    """(V, 2 to 4) -> (V, C + 1)"""
    third = values[:, 2] if values.shape[1] == 3 else np.float32([-1])
    is_score = values.shape[1] == 4 or (third.min() >= 0 and third.max() <= 1 and np.abs(values[:, :2]).max() > 2)
    return values if is_score else np.c_[values, np.ones(len(values), np.float32)]


def with_scores(pose: Pose, holder: dict) -> Pose:
    """Scores that stand in a list beside the joints."""
    for key, scores in holder.items():
        fitting = (
            isinstance(scores, list) and len(scores) == len(pose.values) and plain(key).rstrip('s').endswith(LISTS)
        )
        if fitting and all(isinstance(score, int | float) for score in scores):
            return pose._replace(values=np.c_[pose.values[:, :-1], values_of(scores, f"'{key}'")])
    return pose


@lru_cache(1000)
def fields_of(keys: tuple[str, ...]) -> tuple | None:
    """The keys of x, y, z, score, name, and of the dict that has the coordinates, in points with these keys."""
    known = {plain(key): key for key in reversed(keys)}
    score, name, place = (next((known[one] for one in all_ if one in known), None) for all_ in (SCORES, NAMES, PLACES))
    for prefix in PREFIXES:
        if {f'{prefix}x', f'{prefix}y'} <= set(known):
            return *(known.get(f'{prefix}{axis}') for axis in 'xyz'), score, name, None
    return (None, None, None, score, name, place) if place is not None else None


def is_point(value: Any) -> bool:
    if isinstance(value, dict):
        return fields_of(tuple(value)) is not None
    return is_row(value)


def is_row(value: Any) -> bool:
    return (
        isinstance(value, list)
        and 2 <= len(value) <= 4
        and all(one is None or (isinstance(one, int | float) and not isinstance(one, bool)) for one in value)
    )


def numbers_or_names(names: list) -> tuple[Hashable, ...]:
    digits = all(isinstance(name, int) or name.isdigit() for name in names)
    return tuple(int(name) if digits else str(name) for name in names)
