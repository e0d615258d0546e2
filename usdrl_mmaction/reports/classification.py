"""A classifier's predictions compared with the labels: confusion matrix, precision and recall."""

import numpy as np
from sklearn import metrics

from usdrl_mmaction.evaluation.predictions import Predictions

from .page import Bar, Part, class_label, counted, draw_precision_recall, new_figure, picture

NAMED = 30  # the most class names that fit next to a matrix


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
        f'{correct} of {counted(total, "clip")} in {source} are classified correctly ({correct / total:.1%}): the '
        'diagonal. The darker a cell, the larger its share of the true class.'
    )
    return Part('confusion', 'Confusion matrix', text, [picture(figure, 'Clips by true and predicted class', 'large')])


def average_precisions(predictions: Predictions, classes: list[str], source: str) -> Part:
    """The average precision of each class against all others, the lowest first."""
    counts = np.bincount(predictions.labels)
    bars, curves = {}, {}
    for label in np.flatnonzero(counts):
        one = predictions.labels == label, predictions.scores[:, label]
        value = float(metrics.average_precision_score(*one))
        bars[label] = Bar(class_label(label, classes), value, counted(counts[label], 'clip'))
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


def confusion_matrix(predictions: Predictions) -> np.ndarray:
    """Clips by true (row) and predicted class (column).  # (classes, classes)"""
    classes = range(predictions.scores.shape[1])
    return metrics.confusion_matrix(predictions.labels, predictions.scores.argmax(1), labels=classes)
