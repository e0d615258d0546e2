"""JSON of landmarks, whatever its keys: MediaPipe's (Pose, Holistic and Tasks, in Python, JavaScript and protobuf's
JSON), TensorFlow.js's, Ultralytics's, those of Kinect recorders and of ST-GCN. A pose is a list of points or a dict of
them by name; people and frames are what it is nested in."""

from collections.abc import Hashable, Iterator
from functools import lru_cache
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from usdrl_mmaction.errors import RecordingError
from usdrl_mmaction.skeletons import LAYOUTS

from ..clip import Clip
from .arrays import from_arrays
from .csv_table import Table
from .csv_table import clip_of as table_clip
from .persons import Person, gather, number_of, plain, rate_of, size_of, values_of

LEAST = 5  # points of a pose, at least
DEPTH = 8
SCORES = ('visibility', 'score', 'confidence', 'confidencelevel', 'conf', 'likelihood', 'probability', 'prob',
          'presence', 'visible', 'trackingstate', 'v', 'c', 's')  # fmt: skip
LISTS = ('score', 'confidence', 'conf', 'visibility', 'visible')  # end the keys of lists of them
NAMES = ('name', 'part', 'joint', 'jointname', 'jointtype', 'jointid', 'bodypart', 'keypoint', 'landmark', 'label',
         'type', 'id', 'index')  # fmt: skip
PLACES = ('position', 'pos', 'position3d', 'cameraspacepoint', 'coordinates', 'coords', 'point', 'location', 'world',
          'camera', 'xyz')  # fmt: skip
PREFIXES = ('', 'camera', 'world', 'position', 'pos', 'joint', 'real', 'pixel', 'image', 'color', 'depth')  # of x and y
STATES = {'tracked': 1.0, 'inferred': 0.5, 'nottracked': 0.0, 'high': 1.0, 'medium': 1.0, 'low': 0.5, 'none': 0.0}
FRAMES = ('frame', 'frameid', 'frameindex', 'framenumber', 'frameno', 'framenum', 'frameidx', 'imageid', 'imagename')
PEOPLE = ('trackid', 'trackingid', 'personid', 'bodyid', 'userid', 'playerid', 'skeletonid', 'bodyindex', 'personindex',
          'id', 'idx')  # fmt: skip
JOINTS = ('jointnames', 'keypointnames', 'landmarknames', 'jointlist', 'bodyparts', 'names', 'joints')
TIMES = {'timestampusec': 1e6, 'timestampus': 1e6, 'timestampms': 1e3, 'timems': 1e3, 'timestampsec': 1.0, 'times': 1.0}
# What is not the body, looked at last, and what is no pose at all.
PARTS = ('hand', 'face', 'iris', 'foot')
OTHERS = ('orientation', 'rotation', 'quaternion', 'box', 'bone', 'edge', 'connection', 'segment', 'embedding',
          'velocity', 'heatmap', 'color', 'depthposition', 'skeletonlink')  # fmt: skip
BODIES = ('pose', 'body', 'skeleton', 'landmark', 'keypoint', 'joint', 'point')
BY_NUMBER = {
    17: LAYOUTS['coco'].names,
    18: LAYOUTS['openpose'].names,
    20: LAYOUTS['kinect_v1'].names,
    33: LAYOUTS['mediapipe'].names,
}
SENSORS = {**BY_NUMBER, 25: LAYOUTS['nturgb+d'].names}  # of joints that are numbered, in 3D
FLAT = (33, 25, 17, 18, 26, 20, 32, 133, 136)  # joints of poses that are one list of numbers
MOST = 1000  # joints


class Pose(NamedTuple):
    values: np.ndarray  # (V, C + 1), the score last
    names: tuple[Hashable, ...] = ()
    id: Hashable = None


def is_landmarks(content: Any) -> bool:
    return isinstance(content, dict | list)


def read_landmarks(content: Any, path: Path) -> Clip:
    arrays = arrays_of(content)
    if arrays is not None:
        return from_arrays(arrays, path)
    table = table_of(content, path)
    if table:
        return table_clip(table)
    frames = {}
    known = set()
    for number, (key, frame) in enumerate(frames_of(by_frame(content))):
        frames.setdefault(number if key is None else key, []).extend(people_of(frame, known))
    return clip_of(frames, path, content)


def read_frames(files: dict[str, Any], path: Path) -> Clip:
    """A folder of files, one frame each."""
    return clip_of({name: people_of(content) for name, content in files.items()}, path, next(iter(files.values())))


def is_frame(content: Any) -> bool:
    """Whether this is one frame."""
    if isinstance(content, list):
        return bool(pose_of(content)) or (len(content) < LEAST and bool(people_of(content)))
    return isinstance(content, dict) and len(list(islice(frames_of(content), 2))) == 1 and bool(people_of(content))


def clip_of(frames: dict[Any, list[Pose]], path: Path, content: Any) -> Clip:
    poses = [pose for people in frames.values() for pose in people]
    if not poses:
        raise RecordingError(f'{path}: {NOTHING} {found_in(content)}')
    channels = max(pose.values.shape[1] for pose in poses)
    names = names_in(content) or tuple(dict.fromkeys(name for pose in poses for name in pose.names))
    named = all(pose.names for pose in poses)
    place = {name: joint for joint, name in enumerate(names)}
    numbered = named and all(isinstance(name, int) and 0 <= name < MOST for name in place)
    if numbered:
        place = {number: number for number in range(max(place) + 1)}
    people = {}
    for key, found in frames.items():
        people[key] = []
        for pose in found:
            values = np.zeros((len(place) if named else len(pose.values), channels), np.float32)
            rows = [place.get(name, -1) for name in pose.names] if named else range(len(values))
            if -1 in rows:
                raise RecordingError(f'{path}: frame {key} has joints that its list of names has not.')
            values[rows, : pose.values.shape[1] - 1] = pose.values[:, :-1]
            values[rows, -1] = pose.values[:, -1]
            people[key].append(Person(values, pose.id))
    size = len(place) if named else len(poses[0].values)
    texts = tuple(map(str, names)) if len(names) == size and all(isinstance(name, str) for name in names) else ()
    usual = SENSORS.get(size) if numbered and channels == 4 else BY_NUMBER.get(size)
    clip = gather(people, path, texts or usual or (), content)
    return clip._replace(fps=rate_of(content) or rate_of_times(content), img_shape=size_of(content))


def arrays_of(content: Any) -> Any:
    """Arrays of numbers alone, or in a dict under 'keypoint' or 'keypoints'."""
    if isinstance(content, dict):
        key = next((key for key in content if plain(key) in ('keypoint', 'keypoints')), None)
        inner = content.get(key)
        return None if key is None or not is_array(inner) else {**content, 'keypoint': inner}
    return content if is_array(content) else None


def table_of(content: Any, path: Path) -> Table | None:
    """What pandas writes: a list of rows, or a dict of columns, of single values."""
    if isinstance(content, dict) and len(content) >= 2 * LEAST:
        columns = [list(column.values()) if isinstance(column, dict) else column for column in content.values()]
        if not all(isinstance(column, list) and len(column) == len(columns[0]) for column in columns):
            return None
        header, rows = list(content), list(map(list, zip(*columns, strict=True)))
    elif isinstance(content, list) and content and all(isinstance(row, dict) for row in content):
        header = list(content[0])
        rows = [[row.get(name) for name in header] for row in content]
    else:
        return None
    if not rows or pose_of(content) or any(isinstance(cell, list | dict) for row in rows[:100] for cell in row):
        return None
    words = [['' if cell is None else str(cell) for cell in row] for row in rows]
    return Table(path, list(map(str, header)), words, list(range(1, len(rows) + 1)))


def by_frame(content: Any) -> Any:
    """Frames of what lists them for each joint ('nose': [[x, y], …]) or for each person ('person_1': [frame, …])."""
    if not isinstance(content, dict) or len({len(value) for value in content.values() if isinstance(value, list)}) > 1:
        return content
    lists = {key: value for key, value in content.items() if isinstance(value, list) and value}
    joints = {key: value for key, value in lists.items() if number_of(key) is None and all(map(is_row, value))}
    if len(joints) >= LEAST and len(next(iter(joints.values()))) > 1:
        return [dict(zip(joints, rows, strict=True)) for rows in zip(*joints.values(), strict=True)]
    people = {key: value for key, value in lists.items() if is_person(key) and not str(key).isdigit()}
    if len(people) > 1 and len(people) == len(lists):
        return [dict(zip(people, frame, strict=True)) for frame in zip(*people.values(), strict=True)]
    return content


def is_array(value: Any) -> bool:
    depth, inner = 0, value
    while isinstance(inner, list) and inner:
        inner, depth = inner[0], depth + 1
    if depth < 3 or not isinstance(inner, int | float):
        return False
    try:
        return np.array(value, np.float32).ndim == depth
    except (TypeError, ValueError):
        return False


def frames_of(content: Any, depth: int = 0) -> Iterator[tuple[Hashable, Any]]:
    """Each frame with its number, if the file gives it."""
    if depth > DEPTH:
        return
    if isinstance(content, list) and not pose_of(content):
        for item in content:
            yield number_in(item), item
    elif isinstance(content, dict) and not pose_of(content):
        if len(content) > 1 and len({number_of(key) for key in content} - {None}) == len(content):
            yield from content.items()
            return
        longest = max(
            (value for key, value in content.items() if isinstance(value, list | dict) and not is_part(key)),
            key=lambda value: (is_series(value), len(value)),
            default=None,
        )
        if longest is None:
            return
        if is_series(longest):
            yield from frames_of(longest, depth + 1)
        elif people_of(content):
            yield number_in(content), content
        else:
            yield from frames_of(longest, depth + 1)
    elif content:
        yield None, content


def is_series(value: Any) -> bool:
    """Whether these are frames: a list or numbered dict of what has people, but is no pose and no people itself."""
    items = list(value.values()) if isinstance(value, dict) else value
    if isinstance(value, dict) and None in map(number_of, value):
        return False
    if pose_of(value) or not all(isinstance(item, dict | list) for item in items[:20]):
        return False
    return len(items) > 1 and any(people_of(item) for item in items[:200])


def people_of(value: Any, known: set | None = None, depth: int = 0) -> list[Pose]:
    """The poses of a frame. ``known`` are the keys that frames before had poses under: those of this one have to be
    poses, too."""
    known = set() if known is None else known
    if depth > DEPTH:
        return []
    if pose := pose_of(value):
        return [pose]
    if isinstance(value, list):
        return [pose for item in value if isinstance(item, dict | list) for pose in people_of(item, known, depth + 1)]
    if not isinstance(value, dict):
        return []
    if len(value) > 1 and all(is_person(key) and isinstance(item, dict | list) for key, item in value.items()):
        found = [(key, pose) for key, item in value.items() for pose in people_of(item, known, depth + 1)]
        return [pose._replace(id=key if pose.id is None else pose.id) for key, pose in found]
    identity = next((value[key] for key in value if plain(key) in PEOPLE and is_id(value[key])), None)
    for key in sorted(value, key=rank):
        if isinstance(value[key], list | dict) and not any(other in plain(key) for other in OTHERS):
            found = people_of(value[key], known, depth + 1)
            if not found and key in known and value[key]:
                raise RecordingError(f"'{key}' of a frame is no pose. It holds {found_in(value[key])}")
            if len(found) == 1:
                found = [with_scores(found[0], value)]
                found = [found[0]._replace(id=identity if found[0].id is None else found[0].id)]
            if found:
                known.add(key)
                return found
    return []


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


def names_in(content: Any) -> tuple[str, ...]:
    """The list of joints that a file gives apart from them."""
    for holder in (content, *(content.values() if isinstance(content, dict) else ())):
        for key, value in holder.items() if isinstance(holder, dict) else ():
            listed = isinstance(value, list) and len(value) >= LEAST and all(isinstance(one, str) for one in value)
            if plain(key) in JOINTS and listed:
                return tuple(value)
    return ()


def number_in(frame: Any) -> Hashable:
    known = {plain(key): value for key, value in frame.items()} if isinstance(frame, dict) else {}
    return next((known[key] for key in FRAMES if isinstance(known.get(key), int | str)), None)


def rate_of_times(content: Any) -> float | None:
    """Frames per second from the times of frames, where their unit is known."""
    times = []
    for _, frame in frames_of(content):
        known = {plain(key): value for key, value in frame.items()} if isinstance(frame, dict) else {}
        times += [known[key] / unit for key, unit in TIMES.items() if isinstance(known.get(key), int | float)][:1]
    steps = np.diff(np.unique(times))
    return float(round(1 / np.median(steps), 3)) if len(steps) and np.median(steps) > 0 else None


def rank(key: Any) -> tuple[int, str]:
    word = plain(key)
    if any(part in word for part in PARTS):
        return 3, word
    return (0 if 'world' in word or '3d' in word else 1 if any(part in word for part in BODIES) else 2), word


def is_part(key: Any) -> bool:
    return any(part in plain(key) for part in (*PARTS, *OTHERS))


def is_person(key: Any) -> bool:
    word = plain(key)
    return word.isdigit() or (word[-1:].isdigit() and word.rstrip('0123456789') in (
        'person', 'body', 'player', 'user', 'id', 'track', 'skeleton', 'people', 'p', 'human', 'subject',
    ))  # fmt: skip


def is_id(value: Any) -> bool:
    return isinstance(value, int | str) and not isinstance(value, bool) and value != -1


NOTHING = 'no poses were found in it, that is, lists of points, or points by name. It holds'


def found_in(content: Any) -> str:
    """What a file holds, in a few words."""
    if isinstance(content, dict):
        return f'a dict of {listed(content)}.'
    if isinstance(content, list) and content:
        kinds = f' of {listed(content[0])}' if isinstance(content[0], dict) else ''
        return f'a list of {len(content)}, the first {type(content[0]).__name__}{kinds}.'
    return f'{type(content).__name__} {content!r:.60}.'


def listed(content: dict) -> str:
    return ', '.join([repr(str(key))[:40] for key in list(content)[:8]] + ['…'] * (len(content) > 8)) or 'nothing'
