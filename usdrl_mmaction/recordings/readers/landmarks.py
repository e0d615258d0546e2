"""JSON of landmarks, whatever its keys: MediaPipe's (Pose, Holistic and Tasks, in Python, JavaScript and protobuf's
JSON), TensorFlow.js's, Ultralytics's, those of Kinect recorders and of ST-GCN. A pose is a list of points or a dict of
them by name; people and frames are what it is nested in."""

from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np

from usdrl_mmaction.errors import RecordingError
from usdrl_mmaction.skeletons import LAYOUTS

from ..clip import Clip
from .arrays import from_arrays
from .csv_table import clip_of as table_clip
from .nesting import by_frame, found_in, frames_of, people_of
from .persons import Person, gather, plain, rate_of, size_of
from .points import LEAST, Pose, pose_of
from .table import Table

JOINTS = ('jointnames', 'keypointnames', 'landmarknames', 'jointlist', 'bodyparts', 'names', 'joints')
TIMES = {'timestampusec': 1e6, 'timestampus': 1e6, 'timestampms': 1e3, 'timems': 1e3, 'timestampsec': 1.0, 'times': 1.0}
BY_NUMBER = {
    17: LAYOUTS['coco'].names,
    18: LAYOUTS['openpose'].names,
    20: LAYOUTS['kinect_v1'].names,
    33: LAYOUTS['mediapipe'].names,
}
SENSORS = {**BY_NUMBER, 25: LAYOUTS['nturgb+d'].names}  # of joints that are numbered, in 3D
MOST = 1000  # joints
NOTHING = 'no poses were found in it, that is, lists of points, or points by name. It holds'
TODO = 'A reader of ten lines reads other formats: docs/formats.md shows one.'


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
        raise RecordingError(f'{path}: {NOTHING} {found_in(content)} {TODO}')
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


def names_in(content: Any) -> tuple[str, ...]:
    """The list of joints that a file gives apart from them."""
    for holder in (content, *(content.values() if isinstance(content, dict) else ())):
        for key, value in holder.items() if isinstance(holder, dict) else ():
            listed = isinstance(value, list) and len(value) >= LEAST and all(isinstance(one, str) for one in value)
            if plain(key) in JOINTS and listed:
                return tuple(value)
    return ()


def rate_of_times(content: Any) -> float | None:
    """Frames per second from the times of frames, where their unit is known."""
    times = []
    for _, frame in frames_of(content):
        known = {plain(key): value for key, value in frame.items()} if isinstance(frame, dict) else {}
        times += [known[key] / unit for key, unit in TIMES.items() if isinstance(known.get(key), int | float)][:1]
    steps = np.diff(np.unique(times))
    return float(round(1 / np.median(steps), 3)) if len(steps) and np.median(steps) > 0 else None
