"""A classifier's predictions compared with the labels: confusion matrix, precision and recall, misclassified clips."""

from collections.abc import Iterator

import numpy as np
from matplotlib.figure import Figure
from sklearn import metrics

from usdrl_mmaction.datasets.annotations import counted
from usdrl_mmaction.evaluation.predictions import Predictions

from .clips import Clips, skeleton_of
from .film_strip import PROJECTIONS, draw_pose, viewports
from .page import Bar, Part, Picture, class_label, draw_precision_recall, new_figure, picture

NAMED = 30  # the most class names that fit next to a matrix
PAIRS, POSES = 4, 6  # of film strips
HEIGHT = 1.6  # inches


def confusion(predictions: Predictions, classes: list[str], source: str) -> Part:
    matrix = confusion_matrix(predictions)
    size, correct, total = len(matrix), int(matrix.trace()), matrix.sum()
    figure, axes = new_figure(5.6, 4.6)
    shares = matrix / np.maximum(matrix.sum(1, keepdims=True), 1)
    axes.imshow(shares, cmap='Blues', vmin=0, vmax=1, interpolation='nearest')
    if size <= NAMED:
        for row, column in zip(*np.nonzero(matrix), strict=True):
            colour = 'white' if shares[row, column] > 0.5 else '#323f4b'
            axes.text(column, row, matrix[row, column], ha='center', va='center', fontsize=7, color=colour)
        axes.set_xticks(range(size), range(size), fontsize=8)
        axes.set_yticks(range(size), [class_label(row, classes) for row in range(size)], fontsize=8)
    axes.set(xlabel='predicted class', ylabel='true class')
    text = (
        f'{correct} of {counted(total, "clip", "clips")} in {source} are classified correctly ({correct / total:.1%}): '
        'the diagonal. The darker a cell, the larger its share of the true class.'
    )
    return Part('confusion', 'Confusion matrix', text, [picture(figure, 'Clips by true and predicted class', 'large')])


def average_precisions(predictions: Predictions, classes: list[str], source: str) -> Part:
    """The average precision of each class against all others, the lowest first."""
    counts = np.bincount(predictions.labels)
    bars, curves = {}, {}
    for label in np.flatnonzero(counts):
        one = predictions.labels == label, predictions.scores[:, label]
        value = float(metrics.average_precision_score(*one))
        bars[label] = Bar(class_label(label, classes), value, counted(counts[label], 'clip', 'clips'))
        precision, recall, _ = metrics.precision_recall_curve(*one)
        curves[label] = recall, precision
    recalls = np.linspace(0, 1, 101)
    # At each recall, the best precision at that recall or above.
    levels = [[precision[recall >= level].max() for level in recalls] for recall, precision in curves.values()]
    worst = min(bars, key=lambda label: bars[label].value)
    drawn = {'mean over classes': (recalls, np.mean(levels, axis=0)), f'lowest: {bars[worst].name}': curves[worst]}
    mean = np.mean([bar.value for bar in bars.values()])
    text = f'Each class against all others, by the scores in {source}, the lowest first. The mean (mAP) is {mean:.4f}.'
    ranked = sorted(bars.values(), key=lambda bar: bar.value)
    return Part('precision', 'Average precision of each class', text, [draw_precision_recall(drawn)], bars=ranked)


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
    keypoint = np.asarray(clip['keypoint'], dtype=np.float32)  # (M, T, V, C)
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


def confusion_matrix(predictions: Predictions) -> np.ndarray:
    """Clips by true (row) and predicted class (column).  # (classes, classes)"""
    classes = range(predictions.scores.shape[1])
    return metrics.confusion_matrix(predictions.labels, predictions.scores.argmax(1), labels=classes)
