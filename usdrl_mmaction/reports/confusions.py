"""Clips that were taken for another class, as film strips above one of that class."""

from collections.abc import Iterator

import numpy as np
from matplotlib.figure import Figure

from usdrl_mmaction.evaluation.predictions import Predictions

from .classification import confusion_matrix
from .clips import Clips, frames_of, skeleton_of
from .film_strip import VIEWS, draw_pose, windows
from .page import Part, Picture, picture

PAIRS, POSES = 4, 6
HEIGHT = 1.6  # inches


def film_strips(predictions: Predictions, clips: Clips) -> Part | None:
    """The most frequent confusions: for each the clip that was wrong with the highest score."""
    items = {str(item['frame_dir']): item for item in clips.items}
    pictures = []
    for truth, taken_for, count in most_frequent(predictions):
        wrong = surest(predictions, truth, taken_for, items)
        if wrong is None:
            continue
        names = [clips.classes[label] if label < len(clips.classes) else str(label) for label in (truth, taken_for)]
        pictures.append(strip(items[wrong], clips, f'{names[0]}, taken for {names[1]} ({count}×): {wrong}'))
        right = surest(predictions, taken_for, taken_for, items)
        if right is not None:
            pictures.append(strip(items[right], clips, f'{names[1]}, as it should be: {right}'))
    text = f'The {PAIRS} most frequent confusions, each with its surest clip, and a clip of the class it was taken for.'
    return Part('strips', 'Confusions to look at', text, pictures) if pictures else None


def most_frequent(predictions: Predictions) -> Iterator[tuple[int, int, int]]:
    """True class, predicted class and number of clips."""
    wrong = confusion_matrix(predictions)
    np.fill_diagonal(wrong, 0)
    for place in np.argsort(-wrong, axis=None, kind='stable')[:PAIRS]:
        truth, taken_for = np.unravel_index(place, wrong.shape)
        if wrong[truth, taken_for]:
            yield int(truth), int(taken_for), int(wrong[truth, taken_for])


def surest(predictions: Predictions, truth: int, taken_for: int, items: dict) -> str | None:
    """The clip with the highest score, of those that can be drawn."""
    found = np.flatnonzero((predictions.labels == truth) & (predictions.scores.argmax(1) == taken_for))
    found = [row for row in found if predictions.names[row] in items]
    best = max(found, key=lambda row: predictions.scores[row, taken_for], default=None)
    return None if best is None else predictions.names[best]


def strip(clip: dict, clips: Clips, title: str) -> Picture:
    """Poses spread evenly over a clip, from the front; fewer where people stand apart, to be large enough."""
    keypoint = frames_of(clip)
    front = next(iter(VIEWS[keypoint.shape[3]].values()))
    half = np.array([windows(keypoint[..., [axis]])[1] for axis in front])  # across and up
    wide = half[0] / half[1]
    poses = POSES if wide < 0.8 else POSES // 2
    frames = np.linspace(0, keypoint.shape[1] - 1, poses).round().astype(int)
    centres, _ = windows(keypoint[:, frames])
    figure = Figure(figsize=(poses * HEIGHT * min(wide, 2), HEIGHT), layout='constrained')
    for plot, frame, centre in zip(figure.subplots(1, poses), frames, centres, strict=True):
        draw_pose(plot, keypoint[:, frame], front, skeleton_of(clip, clips.layout), (centre, half))
        plot.set(aspect='equal')
        plot.set_axis_off()
    return picture(figure, title, 'strip', 'png')
