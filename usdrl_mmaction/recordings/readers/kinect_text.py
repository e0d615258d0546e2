"""Text files of depth sensors: MSR Action3D, MSR Daily Activity 3D, UTKinect, SBU and other dumps of numbers, and lines
of named joints."""

import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from usdrl_mmaction.body import mean_bone
from usdrl_mmaction.errors import RecordingError
from usdrl_mmaction.skeletons import LAYOUTS, Skeleton

from ..clip import Clip
from .persons import Person, gather, places_of
from .text import at, to_numbers

KINECT = LAYOUTS['kinect_v1']
MSR = Skeleton(
    parents=(2, 2, 3, 6, 6, 6, 6, 0, 1, 7, 8, 9, 10, 4, 5, 13, 14, 15, 16, 2),
    names=('left_shoulder', 'right_shoulder', 'shoulder_center', 'spine', 'left_hip', 'right_hip', 'hip_center',
           'left_elbow', 'right_elbow', 'left_wrist', 'right_wrist', 'left_hand', 'right_hand', 'left_knee',
           'right_knee', 'left_ankle', 'right_ankle', 'left_foot', 'right_foot', 'head'),
)  # fmt: skip
SBU = (
    'head', 'neck', 'torso', 'left_shoulder', 'left_elbow', 'left_hand', 'right_shoulder', 'right_elbow',
    'right_hand', 'left_hip', 'left_knee', 'left_foot', 'right_hip', 'right_knee', 'right_foot',
)  # fmt: skip
KINECT_V2, DUMP = 25, (6, 10)  # joints; numbers of a line
SCREEN = 20.0  # metres: what is farther is in pixels
WIDTHS = {  # numbers of a line → those before the joints, people, joints, coordinates
    60: (0, 1, 20, 3), 61: (1, 1, 20, 3), 80: (0, 1, 20, 4), 81: (1, 1, 20, 4),
    75: (0, 1, 25, 3), 76: (1, 1, 25, 3), 100: (0, 1, 25, 4), 101: (1, 1, 25, 4),
    150: (0, 2, 25, 3), 151: (1, 2, 25, 3), 91: (1, 2, 15, 3), 45: (0, 1, 15, 3), 46: (1, 1, 15, 3),
    96: (0, 1, 32, 3), 97: (1, 1, 32, 3),
}  # fmt: skip
NAMED = re.compile(r'^\s*(?:\d+[\s,;:]+)?([A-Za-z][A-Za-z_ ]*[A-Za-z])[\s,;:=(\[]+(.*)$')
NUMBER = re.compile(r'[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?')


def is_numbers(lines: Sequence[str]) -> bool:
    """A line of a known number of numbers, or the two counts of MSR Daily Activity 3D."""
    words = words_of(lines[0])
    return all(map(is_number, words)) and (len(words) in WIDTHS or len(words) in (3, 4) or is_daily(lines))


def is_named(lines: Sequence[str]) -> bool:
    found = [NAMED.match(line) for line in lines[:8]]
    named = all(match and len(NUMBER.findall(match[2])) >= 3 for match in found) and len(found) > 4
    return named and 2 * len({match[1] for match in found}) > len(found)  # a label is the same in many lines


def is_daily(lines: Sequence[str]) -> bool:
    return len(words_of(lines[0])) == 2 and len(lines) > 1 and words_of(lines[1]) == ['40']


def read_numbers(lines: Sequence[str], path: Path) -> Clip:
    if is_daily(lines):
        return read_daily(lines, path)
    rows, numbers = zip(*((words_of(line), n) for n, line in enumerate(lines, 1) if line.strip()), strict=True)
    width = len(rows[0])
    values = to_numbers(rows, width, path, numbers)
    if width in (3, 4):
        return of_joints(values, path)
    before, people, joints, channels = WIDTHS[width]
    keys = values[:, 0].tolist() if before else range(len(values))
    _, first = np.unique(keys, return_index=True)  # some frames of UTKinect stand there twice
    first = np.sort(first)
    places, total = places_of([keys[row] for row in first.tolist()])
    keypoint = np.zeros((people, total, joints, 3), np.float32)
    poses = values[first, before:].reshape(len(first), people, joints, channels)
    keypoint[:, places] = poses[..., :3].swapaxes(0, 1)
    return Clip(keypoint, joints=tuple({20: KINECT.names, 15: SBU}.get(joints, ())))


def of_joints(values: np.ndarray, path: Path) -> Clip:
    """A line a joint, 20 joints a frame, in the order of MSR Action3D or in that of the sensor: the one whose bones are
    shorter. In the files in pixels, the third number is a depth of another unit."""
    frames, left = divmod(len(values), len(MSR))
    if left or not frames:
        raise RecordingError(f'{path}: {len(values)} lines of a joint each are not frames of {len(MSR)} joints.')
    poses = values.reshape(1, frames, len(MSR), -1)
    keypoint = poses[..., :2] if np.abs(poses[..., :2]).max() > SCREEN else poses[..., :3]
    nearest = min((MSR, KINECT), key=lambda skeleton: mean_bone(keypoint, skeleton))
    score = poses[..., 3] if poses.shape[-1] == 4 else None
    return Clip(np.ascontiguousarray(keypoint), score, joints=nearest.names)


def is_dump(lines: Sequence[str]) -> bool:
    """A time, the number of a joint, three coordinates, perhaps an orientation, and a state, without a header."""
    rows = [words_of(line) for line in lines[:KINECT_V2]]
    whole = len(rows) == KINECT_V2 and all(len(row) in DUMP and all(map(is_number, row)) for row in rows)
    return whole and [row[1] for row in rows] == [str(number) for number in range(KINECT_V2)]


def read_dump(lines: Sequence[str], path: Path) -> Clip:
    frames, left = divmod(len(lines), KINECT_V2)
    rows = [words_of(line) for line in lines]
    values = to_numbers(rows, len(rows[0]), path)
    if left:
        raise at(path, len(lines), f'the last frame has {left} joints, not {KINECT_V2}.')
    poses = values.reshape(1, frames, KINECT_V2, -1)
    score = (poses[..., -1] / 2).clip(0, 1)
    return Clip(np.ascontiguousarray(poses[..., 2:5]), score, joints=LAYOUTS['nturgb+d'].names)


def read_daily(lines: Sequence[str], path: Path) -> Clip:
    """The number of frames, then for each frame the number of its lines: a joint in metres and then in pixels, 20
    times."""
    poses, at_line = [], 1
    while at_line < len(lines):
        words = words_of(lines[at_line])
        if len(words) != 1 or not words[0].isdigit():
            raise at(path, at_line + 1, f"the number of lines of a frame was expected, not '{lines[at_line]:.40}'.")
        count, at_line = int(words[0]), at_line + 1
        block = [words_of(line) for line in lines[at_line : at_line + count]]
        if count not in (0, 40) or len(block) < count:
            raise at(path, at_line, f'{len(block)} lines of a frame follow, not 40.')
        if count:
            poses.append(to_numbers(block, 4, path, range(at_line + 1, at_line + 41))[::2])
        else:
            poses.append(np.zeros((20, 4), np.float32))
        at_line += count
    if not poses:
        raise RecordingError(f'{path} has no frames.')
    values = np.stack(poses)[None]
    return Clip(np.ascontiguousarray(values[..., :3]), values[..., 3], joints=KINECT.names)


def read_named(lines: Sequence[str], path: Path) -> Clip:
    """A line a joint: its name, x, y and z. A name that comes again begins a frame."""
    frames = [{}]
    for number, line in enumerate(lines, 1):
        match = NAMED.match(line)
        values = NUMBER.findall(match[2])[:3] if match else []
        if len(values) < 3:
            if line.strip():
                raise at(path, number, f"a name and x, y and z of a joint were expected, not '{line:.40}'.")
            continue
        if match[1] in frames[-1]:
            frames.append({})
        frames[-1][match[1]] = to_numbers([values], 3, path, [number])[0]
    names = tuple(dict.fromkeys(name for frame in frames for name in frame))
    nowhere = np.zeros(3, np.float32)
    poses = [np.stack([frame.get(name, nowhere) for name in names]) for frame in frames]
    people = {t: [Person(np.c_[pose, pose.any(1)].astype(np.float32), 0)] for t, pose in enumerate(poses)}
    return gather(people, path, names)


def words_of(line: str) -> list[str]:
    return re.split(r'[\s,;]+', line.strip(' \t,;'))


def is_number(word: str) -> bool:
    try:
        float(word)
    except ValueError:
        return False
    return True
