"""Misclassified clips as film strips, each with a clip of the predicted class."""

from collections.abc import Iterator

import numpy as np
from matplotlib.figure import Figure

from usdrl_mmaction.evaluation.predictions import Predictions

from .classification import confusion_matrix
from .clips import Clips, frames_of, skeleton_of
from .film_strip import PROJECTIONS, draw_pose, viewports
from .page import Part, Picture, picture

PAIRS, POSES = 4, 6
HEIGHT = 1.6  # inches


def draw_confusions(predictions: Predictions, clips: Clips) -> Part | None:
    """The most frequent confusions, each with the misclassified clip of the highest score."""
    items = {str(item['frame_dir']): item for item in clips.items}
    pictures = []
    for truth, predicted, count in most_frequent(predictions):
        wrong = most_confident(predictions, truth, predicted, items)
        if wrong is None:
            continue
        names = [clips.classes[label] if label < len(clips.classes) else str(label) for label in (truth, predicted)]
        title = f'{names[0]} classified as {names[1]} ({count}×): {wrong}'
        pictures.append(draw_strip(items[wrong], clips.layout, title))
        correct = most_confident(predictions, predicted, predicted, items)
        if correct is not None:
            title = f'{names[1]}, classified correctly: {correct}'
            pictures.append(draw_strip(items[correct], clips.layout, title))
    text = (
        'The pairs of classes that are confused most often, each with its most confident error and a correct clip of '
        'the predicted class.'
    )
    return Part('strips', 'Most frequent confusions', text, pictures) if pictures else None


def most_frequent(predictions: Predictions) -> Iterator[tuple[int, int, int]]:
    """True class, predicted class and number of clips, the most clips first."""
    wrong = confusion_matrix(predictions)
    np.fill_diagonal(wrong, 0)
    for place in np.argsort(-wrong, axis=None, kind='stable')[:PAIRS]:
        truth, predicted = np.unravel_index(place, wrong.shape)
        if wrong[truth, predicted]:
            yield int(truth), int(predicted), int(wrong[truth, predicted])


def most_confident(predictions: Predictions, truth: int, predicted: int, items: dict) -> str | None:
    """The clip with the highest score among those that can be drawn."""
    found = np.flatnonzero((predictions.labels == truth) & (predictions.scores.argmax(1) == predicted))
    found = [row for row in found if predictions.names[row] in items]
    best = max(found, key=lambda row: predictions.scores[row, predicted], default=None)
    return None if best is None else predictions.names[best]


def draw_strip(clip: dict, layout: str | None, title: str) -> Picture:
    """Evenly spaced poses of a clip, from the front; fewer and larger ones where people are far apart."""
    keypoint = frames_of(clip)
    front = next(iter(PROJECTIONS[keypoint.shape[3]].values()))
    half = np.array([viewports(keypoint[..., [axis]])[1] for axis in front])  # across and up
    wide = half[0] / half[1]
    poses = POSES if wide < 0.8 else POSES // 2
    frames = np.linspace(0, keypoint.shape[1] - 1, poses).round().astype(int)
    centres, _ = viewports(keypoint[:, frames])
    figure = Figure(figsize=(poses * HEIGHT * min(wide, 2), HEIGHT), layout='constrained')
    for plot, frame, centre in zip(figure.subplots(1, poses), frames, centres, strict=True):
        draw_pose(plot, keypoint[:, frame], front, skeleton_of(clip, layout), (centre, half))
        plot.set(aspect='equal')
        plot.set_axis_off()
    return picture(figure, title, 'strip', 'png')
