"""Benchmarks of evaluation."""

import numpy as np
from evaluation.protocols import pku

from usdrl_mmaction.evaluation import evaluate_detection, pku_report


def detections(videos: int, proposals: int):
    """Random segments, and proposals of which half are near a segment."""
    rng = np.random.default_rng(0)
    truth, found = {}, {}
    for number in range(videos):
        start = rng.integers(0, 3000, 20)
        truth[f'{number:04d}'] = np.stack([rng.integers(1, 52, 20), start, start + rng.integers(20, 200, 20)], 1)
        near = truth[f'{number:04d}'][rng.integers(0, 20, proposals)].astype(float)
        near[::2, 1:] = np.sort(rng.integers(0, 3200, (len(near[::2]), 2)))
        near[:, 1:] += rng.normal(0, 10, (proposals, 2))
        found[f'{number:04d}'] = np.column_stack([near[:, 0], np.sort(near[:, 1:], 1), rng.random(proposals)])
    return truth, found


def detection_pair():
    truth, found = detections(10, 200)
    lists = [{video: rows.tolist() for video, rows in every.items()} for every in (truth, found)]
    return lambda: evaluate_detection(truth, found, 51), lambda: pku(*lists, 51, 0.5)


def detection_full():
    truth, found = detections(1000, 200)
    return lambda: pku_report(truth, found, 51), None


ROWS = {
    'detection': ('evaluation of 2,000 proposals in 10 videos, against pair by pair', detection_pair),
    'detection_full': ('evaluation of 200,000 proposals in 1,000 videos, all thresholds', detection_full),
}
