"""Markers on the skin, as motion capture systems name them (Plug-in Gait, CMU), as joints."""

import re
from collections.abc import Sequence

import numpy as np

from ..clip import Clip

# A joint is the middle of those of its markers that are seen; those of a side begin with L or R.
HEAD = ('LFHD', 'RFHD', 'LBHD', 'RBHD')
SIDE = {
    'shoulder': ('SHO',), 'elbow': ('ELB', 'ELBM', 'ELBL'), 'wrist': ('WRA', 'WRB', 'WRI'), 'hand': ('FIN',),
    'hip': ('ASI', 'PSI', 'FWT', 'BWT'), 'knee': ('KNE', 'KNEM'), 'ankle': ('ANK', 'ANKM'), 'heel': ('HEE',),
    'big_toe': ('TOE',),
}  # fmt: skip
JOINTS = {'head': HEAD} | {
    f'{word}_{part}': tuple(side + marker for marker in markers)
    for word, side in (('left', 'L'), ('right', 'R'))
    for part, markers in SIDE.items()
}
LEAST = 6  # joints that markers make, from which on they are taken for such markers


def as_joints(clip: Clip) -> Clip:
    """The clip with joints added that its markers stand for. Subjects' names ('Anna:LSHO') are left out."""
    if not any(name.upper().endswith(('SHO', 'ELB', 'KNE', 'ANK')) for name in clip.joints):
        return clip
    bare = [re.sub(r'^.*[:|]', '', name).strip().lstrip('*').upper() for name in clip.joints]
    made = {}
    for joint, markers in JOINTS.items():
        columns = [bare.index(marker) for marker in markers if marker in bare]
        if columns:
            made[joint] = middle(clip.keypoint[:, :, columns])
    if len(made) < LEAST:
        return clip
    keypoint = np.concatenate([clip.keypoint, np.stack(list(made.values()), axis=2)], axis=2)
    return clip._replace(keypoint=keypoint, score=None, joints=(*different(bare), *made))


def middle(keypoint: np.ndarray) -> np.ndarray:
    """The mean of the markers that are seen, or 0.  # (M, T, n, 3) -> (M, T, 3)"""
    seen = keypoint.any(-1, keepdims=True)
    return (keypoint / np.maximum(seen.sum(2, keepdims=True), 1)).sum(2).astype(np.float32)


def different(names: Sequence[str]) -> list[str]:
    """Names of which each but the first has its number behind it."""
    return [name if name and name not in names[:n] else f'{name}({n})' for n, name in enumerate(names)]
