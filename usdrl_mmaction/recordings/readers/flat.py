"""Rows of numbers without names as joints: a row a frame, of 2, 3 or 4 for each joint (4 with
a score) of a layout with so many joints."""

import numpy as np

from .columns import SIZES

HOLISTIC = {225: 99, 258: 132, 1662: 132, 2004: 132}  # MediaPipe's pose stands before hands and face
PEOPLE = 2  # in a row, at most, as in PKU-MMD


def unflatten(values: np.ndarray) -> tuple[np.ndarray, np.ndarray | None] | None:
    """Joints and scores, or None if no layout has as many numbers. Of several answers, 3D comes before 2D, and a third
    number that is always from 0 to 1 beside larger ones is a score.  # (T, W) -> (M, T, V, C), (M, T, V) or None"""
    values = values[:, : HOLISTIC.get(values.shape[1], values.shape[1])]
    width = values.shape[1]
    for people in range(1, PEOPLE + 1):
        for channels in (3, 2, 4):
            joints, rest = divmod(width, people * channels)
            if not rest and joints in SIZES:
                return with_score(values.reshape(len(values), people, joints, channels).swapaxes(0, 1))
    return None


def with_score(joints: np.ndarray) -> tuple[np.ndarray, np.ndarray | None]:
    """Two to five numbers a joint as its coordinates and its score. Five are MediaPipe's x, y, z, visibility and
    presence.  # (M, T, V, 2 to 5)"""
    channels = joints.shape[-1]
    if channels > 3:
        return joints[..., :3], joints[..., 3]
    if channels == 3 and is_score(joints):
        return joints[..., :2], joints[..., 2]
    return joints, None


def is_score(joints: np.ndarray) -> bool:
    """Whether the third number of each joint is a score, and the others pixels.  # (..., V, 3)"""
    third, others = joints[..., 2][~np.isnan(joints[..., 2])], np.abs(joints[..., :2][~np.isnan(joints[..., :2])])
    return third.size > 0 and third.min() >= 0 and third.max() <= 1 and third.any() and others.max(initial=0) > 10


def without_others(values: np.ndarray) -> tuple[np.ndarray, np.ndarray | None]:
    """The columns without up to two before the joints, such as a frame number and a time, and one after them, such as a
    label; and the last column before the joints.  # (T, W) -> (T, W'), (T,)"""
    counts = _is_even(values[:, 0]) and bool((values[:, 0] == values[:, 0].round()).all())
    lead = (2 if values.shape[1] > 1 and _is_even(values[:, 1]) else 1) if counts else 0
    for before, after in sorted(((0, 0), (1, 0), (2, 0), (0, 1), (1, 1)), key=lambda cut: abs(cut[0] - lead)):
        kept = values[:, before : values.shape[1] - after]
        others = [*values[:, :before].T, *values[:, values.shape[1] - after :].T]
        if kept.shape[1] > 0 and all(map(_is_no_joint, others)) and unflatten(kept[:1]) is not None:
            return kept, values[:, before - 1] if before else None
    return values, None


def _is_no_joint(values: np.ndarray) -> bool:
    return _is_even(values) or bool((values == values.round()).all())


def _is_even(values: np.ndarray) -> bool:
    """Whether numbers go up evenly, as those of frames and their times do.  # (T,)"""
    line = np.linspace(values[0], values[-1], len(values))
    return len(values) > 1 and values[-1] > values[0] and bool((np.abs(values - line) <= 1e-3 * np.ptp(values)).all())
