"""AMC, motions of Acclaim's form, with the skeletons of ASF files next to them: positions of joints by forward
kinematics."""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from scipy.spatial.transform import Rotation

from usdrl_mmaction.errors import RecordingError
from usdrl_mmaction.files import missing

from ..clip import Clip
from .text import at, read_lines, to_numbers

FPS = 120  # of CMU's recordings; the files do not give it
# Each bone's joint is the one where it ends.
JOINTS = {
    'root': 'pelvis', 'thorax': 'thorax', 'upperneck': 'neck', 'head': 'head', 'upperback': 'spine',
    **{f'{side[0]}{bone}': f'{side}_{joint}' for side in ('left', 'right') for bone, joint in (
        ('hipjoint', 'hip'), ('femur', 'knee'), ('tibia', 'ankle'), ('foot', 'foot'), ('clavicle', 'shoulder'),
        ('humerus', 'elbow'), ('radius', 'wrist'), ('hand', 'hand'),
    )},
}  # fmt: skip


class Bone(NamedTuple):
    parent: str
    offset: np.ndarray  # of its end from its beginning, in the frame of the world
    axis: Rotation  # of the frame in which its angles are
    channels: tuple[str, ...]  # such as 'rx' and 'tz', in the order of the file


def is_amc(lines: Sequence[str]) -> bool:
    return any(line.strip().upper() == ':DEGREES' for line in lines[:20])


def read_amc(lines: Sequence[str], path: Path) -> Clip:
    """One person, in the unit of the file, y up."""
    skeleton = skeleton_of(path)
    bones = read_asf(read_lines(skeleton), skeleton)
    frames, number_of_line = [], []
    for number, line in enumerate(lines, 1):
        words = line.split()
        if not words or words[0][0] in '#:':
            continue
        if len(words) == 1 and words[0].isdigit():
            frames.append({})
            number_of_line.append(number)
        elif not frames or words[0] not in bones:
            raise at(path, number, f"'{words[0]:.30}' is no bone of {skeleton.name}.")
        else:
            channels = bones[words[0]].channels
            frames[-1][words[0]] = to_numbers([words[1:]], len(channels), path, [number])[0]
    moving = {name for name, bone in bones.items() if bone.channels}
    for frame, number in zip(frames, number_of_line, strict=True):
        if lacking := moving - set(frame):
            raise at(path, number, f'this frame has no angles of {", ".join(sorted(lacking)[:5])}.')
    if not frames:
        raise RecordingError(f'{path} has no frames.')
    keypoint = positions(bones, {name: np.stack([frame[name] for frame in frames]) for name in moving}, len(frames))
    return Clip(keypoint[None].astype(np.float32), joints=tuple(JOINTS.get(name, name) for name in bones), fps=FPS)


def skeleton_of(path: Path) -> Path:
    """The ASF file that a motion is of: the one whose name its own begins with, or the only one in the folder."""
    beside = sorted(file for file in path.parent.iterdir() if file.suffix.lower() == '.asf')
    fitting = [file for file in beside if path.stem.startswith(file.stem)]
    if not fitting and len(beside) != 1:
        raise missing(path.with_name(f'{path.stem.partition("_")[0]}.asf'), 'skeleton', 'An AMC file needs it.')
    return max(fitting, key=lambda file: len(file.stem)) if fitting else beside[0]


def read_asf(lines: Sequence[str], path: Path) -> dict[str, Bone]:
    """The bones by name, each after its parent."""
    sections = dict.fromkeys(('root', 'units', 'bonedata', 'hierarchy'), '')
    section = None
    for line in lines:
        if line.startswith(':'):
            section, _, line = line[1:].strip().partition(' ')
        if section in sections and not line.lstrip().startswith('#'):
            sections[section] += line + '\n'
    degrees = 'rad' not in sections['units']
    order = field(sections['root'], 'order') or ['TX', 'TY', 'TZ', 'RX', 'RY', 'RZ']
    bones = {'root': Bone('', np.zeros(3), turned(field(sections['root'], 'orientation'), 'XYZ', degrees, path),
                          tuple(word.lower() for word in order))}  # fmt: skip
    found = {}
    for block in re.findall(r'\bbegin\b(.*?)\bend\b', sections['bonedata'], re.DOTALL):
        name, direction, length = (field(block, word) for word in ('name', 'direction', 'length'))
        if not name or len(direction or ()) != 3 or len(length or ()) != 1:
            raise RecordingError(f"{path}: bone '{' '.join(name or ['?'])}' has no name, direction or length.")
        *angles, order = field(block, 'axis') or [0, 0, 0, 'XYZ']
        offset = to_numbers([direction], 3, path)[0] * float(to_numbers([length], 1, path)[0, 0])
        channels = tuple(word.lower() for word in field(block, 'dof') or ())
        found[name[0]] = Bone('', offset.astype(float), turned(angles, order, degrees, path), channels)
    for line in sections['hierarchy'].splitlines():
        parent, *children = line.split() or ['']
        for child in children:
            if child not in found or parent not in bones:
                raise RecordingError(f"{path}: '{child}' below '{parent}' is not among its bones.")
            bones[child] = found.pop(child)._replace(parent=parent)
    if len(bones) < 2:
        raise RecordingError(f'{path} is no ASF file: it has no bones in a hierarchy.')
    return bones


def field(text: str, name: str) -> list[str] | None:
    match = re.search(rf'^\s*{name}\s+(.+)$', text, re.MULTILINE)
    return match[1].split() if match else None


def turned(angles, order: str, degrees: bool, path: Path) -> Rotation:
    """About fixed axes, as in the files."""
    values = to_numbers([[*map(str, angles or (0, 0, 0))]], 3, path)[0]
    return Rotation.from_euler(str(order).lower(), values, degrees=degrees)


def positions(bones: dict[str, Bone], values: dict[str, np.ndarray], frames: int) -> np.ndarray:
    """Where each bone ends in each frame.  # (T, V, 3)"""
    ends, turns = {}, {}
    for name, bone in bones.items():
        own = values.get(name, np.zeros((frames, 0)))
        angles = [n for n, channel in enumerate(bone.channels) if channel.startswith('r')]
        axes = ''.join(bone.channels[n][1] for n in angles)
        local = Rotation.from_euler(axes, own[:, angles], degrees=True) if axes else Rotation.identity(frames)
        local = bone.axis * local * bone.axis.inv()
        shift = np.zeros((frames, 3))
        for n, channel in enumerate(bone.channels):
            if channel in ('tx', 'ty', 'tz'):
                shift[:, 'xyz'.index(channel[1])] = own[:, n]
        if bone.parent:
            turns[name] = turns[bone.parent] * local
            ends[name] = ends[bone.parent] + turns[name].apply(bone.offset)
        else:
            turns[name], ends[name] = local, shift
    return np.stack(list(ends.values()), axis=1)
