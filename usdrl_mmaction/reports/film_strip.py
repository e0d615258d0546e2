"""Clips as film strips, to check joints and parents by eye."""

from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

from usdrl_mmaction.files import replacing
from usdrl_mmaction.skeletons import Skeleton

COLOURS = {'left': 'tab:blue', 'right': 'tab:orange', 'middle': 'tab:gray'}
PROJECTIONS = {2: {'image': (0, 1)}, 3: {'front': (0, 1), 'side': (2, 1)}}  # horizontal and vertical coordinate
FRAMES = 8


def draw_film_strip(keypoint: np.ndarray, skeleton: Skeleton | None, title: str, path: Path):
    """Write evenly spaced frames of a clip as a PNG: from the front and the side in 3D, y pointing up; as in the image
    in 2D. Joints are numbered in the first frame, a ring marks the root.  # (M, T, V, C)"""
    frames = np.unique(np.linspace(0, keypoint.shape[1] - 1, FRAMES).round().astype(int))
    projections = PROJECTIONS[keypoint.shape[3]]
    centres, half = viewports(keypoint[:, frames])
    figure = Figure(figsize=(2 * len(frames), 2.1 * len(projections) + 0.4), layout='constrained')
    figure.suptitle(f'{title}   (left blue, right orange)')
    rows = figure.subplots(len(projections), len(frames), squeeze=False)
    for row, (name, axes) in zip(rows, projections.items(), strict=True):
        row[0].set_ylabel(name)
        for plot, frame, centre in zip(row, frames, centres, strict=True):
            draw_pose(plot, keypoint[:, frame], axes, skeleton, (centre, half), numbered=frame == frames[0])
            plot.set_title(f'frame {frame}', fontsize=8)
    with replacing(path) as draft:
        figure.savefig(draft, format='png', dpi=120)


def draw_pose(plot, people: np.ndarray, axes: tuple, skeleton: Skeleton | None, viewport: tuple, numbered=False):
    """Draw the joints that are seen in a frame and the bones between them. The viewport is a centre and half a size, or
    half a width and height.  # (M, V, C)"""
    root, parents, mirror = (skeleton.root, skeleton.parents, skeleton.mirror) if skeleton else (None, (), ())
    colours = [COLOURS['middle']] * people.shape[1]
    for left, right in mirror:
        colours[left], colours[right] = COLOURS['left'], COLOURS['right']
    for number, person in enumerate(people):
        seen, shown, alpha = is_seen(person), person[:, list(axes)].T, 1 / (1 + number)  # (2, V)
        for joint, parent in enumerate(parents):
            if joint != parent and seen[joint] and seen[parent]:
                plot.plot(*shown[:, [joint, parent]], color=colours[joint], linewidth=1.2, alpha=alpha)
        for joint in np.flatnonzero(seen):
            plot.plot(*shown[:, joint], '.', color=colours[joint], markersize=4, alpha=alpha)
            if numbered:
                plot.annotate(str(joint), shown[:, joint], fontsize=6, alpha=alpha)
        if skeleton and seen[root]:
            plot.plot(*shown[:, root], 'o', color='black', fillstyle='none', markersize=6)
    centre, half = viewport
    (left, bottom), (right, top) = centre[list(axes)] - half, centre[list(axes)] + half
    plot.set(xlim=(left, right), ylim=(bottom, top), xticks=[], yticks=[])
    if people.shape[2] == 2:
        plot.invert_yaxis()


def viewports(keypoint: np.ndarray) -> tuple[np.ndarray, float]:
    """The centre of the joints in each frame, and half the size of a viewport that fits all of them in every frame.
    # (M, T, V, C) -> (T, C)"""
    seen = is_seen(keypoint)[..., None]
    low = np.where(seen, keypoint, np.inf).min((0, 2))  # (T, C)
    high = np.where(seen, keypoint, -np.inf).max((0, 2))
    shown = np.isfinite(low)
    size = np.subtract(high, low, where=shown, out=np.zeros_like(low)).max()
    return np.add(low, high, where=shown, out=np.zeros_like(low)) / 2, 0.55 * size or 1.0


def is_seen(joints: np.ndarray) -> np.ndarray:  # (..., C) -> (...)
    return joints.any(-1) & np.isfinite(joints).all(-1)
