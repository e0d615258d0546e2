"""Fuse the predictions of several models of the same clips, e.g. of joints, bones and motion (three streams)."""

from pathlib import Path

import numpy as np
from rich.console import Console

from usdrl_mmaction.datasets.annotations import counted
from usdrl_mmaction.errors import PredictionError, UsageError
from usdrl_mmaction.evaluation.predictions import read_predictions

from .common import number_table


def main(args):
    weights = args.weights or [1.0] * len(args.files)
    if len(weights) != len(args.files):
        raise UsageError(f'--weights gives {len(weights)} weights for {len(args.files)} files.')
    every = [read_predictions(path) for path in args.files]
    for path, predictions in zip(args.files[1:], every[1:], strict=True):
        check_same_clips(args.files[0], every[0], path, predictions)
    order = {name: row for row, name in enumerate(every[0].names)}
    table = number_table(f'Top-1 of {counted(len(order), "clip", "clips")}', 'scores of', 'weight', 'accuracy')
    fused = np.zeros_like(every[0].scores, dtype=np.float64)
    for path, weight, predictions in zip(args.files, weights, every, strict=True):
        rows = np.array([order[name] for name in predictions.names])
        fused[rows] += weight * predictions.scores
        table.add_row(Path(path).name, f'{weight:g}', f'{accuracy(predictions.scores, predictions.labels):.2%}')
    table.add_row('all, fused', '', f'{accuracy(fused, every[0].labels):.2%}', style='bold')
    Console(highlight=False).print(table)


def check_same_clips(first: str, expected, path: str, found):
    """Raise unless both have the same clips with the same labels and classes, in any order."""
    missing, foreign = set(expected.names) - set(found.names), set(found.names) - set(expected.names)
    if missing or foreign:
        one = sorted(missing or foreign)[0]
        raise PredictionError(
            f'{first} and {path} are not of the same clips: {len(missing)} are in the first only and {len(foreign)} '
            f"in the second only, e.g. '{one}'. Test all models on the same split."
        )
    labels = dict(zip(expected.names, expected.labels, strict=True))
    wrong = [name for name, label in zip(found.names, found.labels, strict=True) if labels[name] != label]
    if wrong:
        clips = counted(len(wrong), 'clip', 'clips')
        raise PredictionError(f"{first} and {path} disagree on the label of {clips}, e.g. '{wrong[0]}'.")
    if found.scores.shape[1] != expected.scores.shape[1]:
        raise PredictionError(f'{first} has {expected.scores.shape[1]} classes, {path} has {found.scores.shape[1]}.')


def accuracy(scores: np.ndarray, labels: np.ndarray) -> float:
    return float((scores.argmax(1) == labels).mean())
