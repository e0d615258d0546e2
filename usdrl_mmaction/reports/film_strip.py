"""Clips as film strips, to check joints and parents by eye."""

from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

from usdrl_mmaction.apis.explain import Explanation
from usdrl_mmaction.files import replacing
from usdrl_mmaction.skeletons import Skeleton

COLOURS = {'left': 'tab:blue', 'right': 'tab:orange', 'middle': 'tab:gray'}
PROJECTIONS = {2: {'image': (0, 1)}, 3: {'front': (0, 1), 'side': (2, 1)}}  # horizontal and vertical coordinate
FRAMES = 8
RELEVANT = 'crimson'


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


def draw_explanation(found: Explanation, title: str, path: Path):
    """Write a film strip of the frames that decided for a class, with the joints that did as discs, and the share of
    every frame below it."""
    figure = explanation_figure(found)
    figure.suptitle(f'{title}: {found.name} {found.probability:.0%}')
    with replacing(path) as draft:
        figure.savefig(draft, format='png', dpi=120)


def explanation_figure(found: Explanation) -> Figure:
    frames = deciding_frames(found.frames)
    axes = next(iter(PROJECTIONS[found.keypoint.shape[3]].values()))
    centres, half = viewports(found.keypoint[:, frames])
    figure = Figure(figsize=(1.6 * len(frames), 3.2), layout='constrained')
    rows = figure.add_gridspec(2, len(frames), height_ratios=(3, 1))
    discs = np.zeros(found.keypoint.shape[::2])  # (M, V)
    people = min(len(discs), len(found.joints))
    discs[:people] = found.joints[:people] / max(found.joints.max(), 1e-9)
    for number, (frame, centre) in enumerate(zip(frames, centres, strict=True)):
        plot = figure.add_subplot(rows[0, number])
        draw_pose(plot, found.keypoint[:, frame], axes, found.skeleton, (centre, half), discs=discs)
        plot.set_title(f'frame {frame}', fontsize=8)
        plot.set(aspect='equal')
    curve = figure.add_subplot(rows[1, :])
    curve.fill_between(range(len(found.frames)), found.frames, color=RELEVANT, alpha=0.5, linewidth=0)
    curve.plot(frames, found.frames[frames], '.', color='black')
    curve.set(xlim=(0, max(len(found.frames) - 1, 1)), ylim=(0, None), yticks=[], xlabel='frame')
    return figure


def deciding_frames(shares: np.ndarray) -> np.ndarray:
    """The most important frame of each of as many equal parts of a clip as a strip has.  # (T,) -> (n,)"""
    parts = np.array_split(np.arange(len(shares)), min(FRAMES, len(shares)))
    return np.array([part[shares[part].argmax()] for part in parts])


def draw_pose(
    plot,
    people: np.ndarray,
    axes: tuple,
    skeleton: Skeleton | None,
    viewport: tuple,
    numbered=False,
    discs: np.ndarray | None = None,
):
    """Draw the joints that are seen in a frame and the bones between them. The viewport is a centre and half a size, or
    half a width and height; ``discs`` (M, V) are sizes from 0 to 1.  # (M, V, C)"""
    root, parents, mirror = (skeleton.root, skeleton.parents, skeleton.mirror) if skeleton else (None, (), ())
    colours = [COLOURS['middle']] * people.shape[1]
    for left, right in mirror:
        colours[left], colours[right] = COLOURS['left'], COLOURS['right']
    for number, person in enumerate(people):
        seen, shown, alpha = is_seen(person), person[:, list(axes)].T, 1 / (1 + number)  # (2, V)
        for joint, parent in enumerate(parents):
            if joint != parent and seen[joint] and seen[parent]:
                plot.plot(*shown[:, [joint, parent]], color=colours[joint], linewidth=1.2, alpha=alpha)
        if discs is not None:
            plot.scatter(*shown[:, seen], s=160 * discs[number, seen], color=RELEVANT, alpha=0.6, linewidths=0)
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
