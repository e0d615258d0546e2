"""BVH, motion capture as a tree of bones and their rotations: positions of joints by forward kinematics."""

import re
from pathlib import Path
from typing import NamedTuple

import numpy as np
from scipy.spatial.transform import Rotation

from usdrl_mmaction.errors import RecordingError

from ..clip import Clip
from .text import at, read_lines, to_integer, to_numbers

FPS = 30  # what is read; captures have up to 120 frames a second
# A bone is named where it begins: a thigh at the hip. Its words, in the order they are looked for.
JOINTS = (
    ('(fore|lower)arm|elbow', 'elbow'), ('hand$|wrist', 'wrist'), ('clavicle|collar|shoulder', 'collar'),
    ('(upper|up)?arm$', 'shoulder'), ('toe(base)?$', 'big_toe'), ('foot$|ankle', 'ankle'),
    ('(up|upper)leg|thigh|hip$', 'hip'), ('leg$|calf|shin|knee', 'knee'),
)  # fmt: skip
MIDDLE = (
    ('^hips?$|pelvis|^root$', 'pelvis'),
    ('^head$', 'head'),
    ('neck', 'neck'),
    ('chest|spine|waist|abdomen', 'spine'),
)


class Bone(NamedTuple):
    name: str
    parent: int  # -1 for the root
    offset: list[float]
    channels: list[str]  # such as 'Xposition' and 'Zrotation', in the order of the file


def read_bvh(path: str | Path) -> Clip:
    """One person, at about 30 frames a second, in the unit of the file."""
    lines = read_lines(path)
    start = next((number for number, line in enumerate(lines) if line.strip().upper() == 'MOTION'), None)
    if start is None or not lines[0].strip().upper().startswith('HIERARCHY'):
        raise RecordingError(f"{path} is no BVH file: it needs 'HIERARCHY' in its first line, and 'MOTION'.")
    bones = read_bones(lines[:start], path)
    if len(lines) < start + 3:
        raise at(path, len(lines), "the file ends here, where 'Frames:' and 'Frame Time:' should follow.")
    total = to_integer(lines[start + 1].split(':')[-1].strip(), path, start + 2, 'the number of frames')
    (seconds,) = to_numbers([[lines[start + 2].split(':')[-1].strip()]], 1, path, [start + 3])[0].tolist()
    rows = [line.split() for line in lines[start + 3 :] if line.strip()]
    width = sum(len(bone.channels) for bone in bones)
    if len(rows) != total:
        raise at(path, start + 3 + len(rows), f'{len(rows)} frames, where line {start + 2} counts {total}.')
    values = to_numbers(rows, width, path, range(start + 4, start + 4 + total))
    step = max(1, round(1 / FPS / seconds)) if seconds > 0 else 1
    keypoint = positions(bones, values[::step].astype(np.float64))  # (T, V, 3)
    rate = round(1 / seconds / step, 2) if seconds > 0 else None
    return Clip(keypoint[None].astype(np.float32), joints=tuple(names_of(bones)), fps=rate)


def read_bones(lines: list[str], path: str | Path) -> list[Bone]:
    bones, open_bones, end_site = [], [], False
    for number, line in enumerate(lines, 1):
        words = line.split()
        key = words[0].upper() if words else ''
        if key in ('ROOT', 'JOINT'):
            bones.append(Bone(' '.join(words[1:]), open_bones[-1] if open_bones else -1, [0.0] * 3, []))
        elif key == 'END':
            end_site = True
        elif key == '{':
            open_bones.append(len(bones) - 1)
        elif key == '}':
            if not open_bones:
                raise at(path, number, "'}' closes nothing.")
            open_bones.pop()
            end_site = False
        elif key == 'OFFSET' and bones and not end_site:
            bones[-1].offset[:] = to_numbers([words[1:]], 3, path, [number])[0].tolist()
        elif key == 'CHANNELS' and bones:
            bones[-1].channels.extend(words[2:])
    if not bones or open_bones:
        raise RecordingError(f'{path}: its tree of bones has no end, or none begins.')
    strange = sorted(
        {name for bone in bones for name in bone.channels if not re.fullmatch('[XYZ](position|rotation)', name)}
    )
    if strange:
        raise RecordingError(f'{path}: channels are Xposition, Zrotation and the like, not {", ".join(strange)}.')
    return bones


def positions(bones: list[Bone], values: np.ndarray) -> np.ndarray:
    """Where each bone begins in each frame.  # (T, channels) -> (T, V, 3)"""
    found, turned, first = np.zeros((len(values), len(bones), 3)), [], 0
    for number, bone in enumerate(bones):
        own = values[:, first : first + len(bone.channels)]
        first += len(bone.channels)
        place = np.repeat([bone.offset], len(values), axis=0)
        axes = ''.join(name[0] for name in bone.channels if name.endswith('rotation'))
        angles = own[:, [name.endswith('rotation') for name in bone.channels]]
        for column, name in enumerate(bone.channels):
            if name.endswith('position'):  # in place of the offset
                place[:, 'XYZ'.index(name[0])] = own[:, column]
        rotation = Rotation.from_euler(axes, angles, degrees=True) if axes else Rotation.identity(len(values))
        if bone.parent < 0:
            found[:, number] = place
            turned.append(rotation)
        else:
            found[:, number] = found[:, bone.parent] + turned[bone.parent].apply(place)
            turned.append(turned[bone.parent] * rotation)
    return found


def names_of(bones: list[Bone]) -> list[str]:
    """The joint at which each bone begins, where its name tells: 'LeftUpLeg' and 'CC_Base_L_Thigh' at the left hip. The
    first bone of a name gets it; the others keep their own."""
    names = []
    for bone in bones:
        words = re.sub(r'(?<=[a-z])(?=[A-Z])', '_', bone.name.rpartition(':')[2])
        side = re.search(r'(?:^|_)(left|right|l|r)(?:_|$)', words, re.IGNORECASE)
        plain = re.sub(r'(?:^|_)(left|right|l|r)(?=_|$)|cc_base|[_\d\s]', '', words, flags=re.IGNORECASE).lower()
        if side:
            part = next((joint for pattern, joint in JOINTS if re.search(pattern, plain)), None)
            name = part and f'{"left" if side[1][0].lower() == "l" else "right"}_{part}'
        else:
            name = next((joint for pattern, joint in MIDDLE if re.search(pattern, plain)), None)
        names.append(name if name and name not in names else f'{bone.name} ({len(names)})')
    return names
