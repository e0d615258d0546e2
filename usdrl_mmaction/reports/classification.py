"""What a classifier takes for what: its confusion matrix, precision and recall."""

import numpy as np
from mmaction.evaluation.functional.accuracy import binary_precision_recall_curve

from usdrl_mmaction.evaluation.predictions import Predictions

from .page import Bar, Part, Picture, labelled, new_figure, picture

NAMED = 30  # so many classes can be told by name beside a matrix


def confusion(predictions: Predictions, classes: list[str], source: str) -> Part:
    matrix = confusion_matrix(predictions)
    size = len(matrix)
    figure, axes = new_figure(5.6, 4.6)
    shares = matrix / np.maximum(matrix.sum(1, keepdims=True), 1)
    axes.imshow(shares, cmap='Blues', vmin=0, vmax=1, interpolation='nearest')
    if size <= NAMED:
        for row, column in zip(*np.nonzero(matrix), strict=True):
            colour = 'white' if shares[row, column] > 0.5 else '#323f4b'
            axes.text(column, row, matrix[row, column], ha='center', va='center', fontsize=7, color=colour)
        axes.set_xticks(range(size), range(size), fontsize=8)
        axes.set_yticks(range(size), [labelled(row, classes) for row in range(size)], fontsize=8)
    axes.set(xlabel='predicted class', ylabel='true class')
    right = int(matrix.trace())
    text = (
        f'{right} of the {matrix.sum()} clips in {source} are right ({right / matrix.sum():.1%}): the diagonal. '
        'The darker, the larger the share of the true class.'
    )
    return Part('confusion', 'What is taken for what', text, [picture(figure, 'Confusion matrix', 'large')])


def average_precisions(predictions: Predictions, classes: list[str], source: str) -> Part:
    """Of each class against all others, the worst first."""
    counts = np.bincount(predictions.labels, minlength=predictions.scores.shape[1])
    values = {label: average_precision(*precision_recall(predictions, label)) for label in np.flatnonzero(counts)}
    bars = [Bar(labelled(label, classes), value, f'{counts[label]} clips') for label, value in values.items()]
    mean = float(np.mean([bar.value for bar in bars]))
    text = (
        f'How well its score in {source} tells a class from all others, the worst first; 1 is perfect. The mean is '
        f'{mean:.4f}.'
    )
    bars.sort(key=lambda bar: bar.value)
    return Part('precision', 'Average precision of each class', text, [curves(predictions, classes)], bars=bars)


def curves(predictions: Predictions, classes: list[str]) -> Picture:
    """Precision over recall."""
    figure, axes = new_figure(4.4, 3.4)
    every = {label: precision_recall(predictions, label) for label in np.unique(predictions.labels)}
    recalls = np.linspace(0, 1, 101)
    # At each recall, the best precision that is to be had with at least so much of it.
    levels = np.array([[precision[recall >= level].max() for level in recalls] for precision, recall in every.values()])
    worst = min(every, key=lambda label: average_precision(*every[label]))
    axes.plot(recalls, levels.mean(0), linewidth=2, label='mean over classes')
    axes.plot(*every[worst][::-1], linewidth=1, color='tab:red', label=f'worst: {labelled(worst, classes)}')
    axes.set(xlabel='recall', ylabel='precision', xlim=(0, 1.02), ylim=(0, 1.02))
    axes.legend(loc='lower left')
    axes.grid()
    return picture(figure, 'Precision over recall')


def confusion_matrix(predictions: Predictions) -> np.ndarray:
    """Clips by true (row) and predicted class (column).  # (classes, classes)"""
    classes = predictions.scores.shape[1]
    pairs = predictions.labels * classes + predictions.scores.argmax(1)
    return np.bincount(pairs, minlength=classes**2).reshape(classes, classes)


def precision_recall(predictions: Predictions, label: int) -> tuple[np.ndarray, np.ndarray]:
    """As the threshold rises: recall falls to 0.  # (thresholds,), (thresholds,)"""
    truth = (predictions.labels == label).astype(int)
    precision, recall, _ = binary_precision_recall_curve(predictions.scores[:, label], truth)
    return precision, recall


def average_precision(precision: np.ndarray, recall: np.ndarray) -> float:
    return float(-np.sum(np.diff(recall) * precision[:-1]))
