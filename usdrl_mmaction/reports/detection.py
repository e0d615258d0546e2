"""Where actions were found in whole videos, beside where they are."""

from itertools import pairwise
from typing import NamedTuple

import numpy as np

from usdrl_mmaction.evaluation import evaluate_detection, pku_report
from usdrl_mmaction.evaluation.functional import load_tracks, read_ground_truth, read_results
from usdrl_mmaction.evaluation.functional.detection import THETAS, best_match
from usdrl_mmaction.evaluation.functional.matching import tabulate

from .page import Bar, Part, Picture, Span, Timeline, colours, new_figure, picture

THETA = 0.5


class Detections(NamedTuple):
    """What ``DetectionMetric`` wrote; times in frames."""

    truth: dict[str, list]  # video -> rows of (label, start, end)
    proposals: dict[str, list]  # video -> rows of (label, start, end, score)
    scores: dict[str, np.ndarray]  # video -> (T, 1 + classes)
    classes: list[str]
    fps: float


def read_detections(prefix: str) -> Detections:
    scores, classes, fps = load_tracks(f'{prefix}_tracks.npz')
    truth = read_ground_truth(f'{prefix}_ground_truth.json', classes, fps)
    return Detections(truth, read_results(f'{prefix}_results.json', classes, fps), scores, classes, fps)


def action_precisions(found: Detections) -> Part:
    """Of each class, the worst first, as PKU-MMD defines it."""
    num_classes = len(found.classes)
    precision = pku_report(found.truth, found.proposals, num_classes, [THETA])['per_class'][THETA]
    counts = np.bincount([row[0] for rows in found.truth.values() for row in rows], minlength=num_classes + 1)[1:]
    bars = [
        Bar(name, float(value), f'{count} segments')
        for name, value, count in zip(found.classes, precision, counts, strict=True)
        if count
    ]
    text = (
        f'At an overlap of {THETA}, by the protocol of PKU-MMD, the worst first; the mean over all {num_classes} '
        f'classes is {precision.mean():.4f}. Precision and recall count a segment once, however many proposals '
        'match it.'
    )
    bars.sort(key=lambda bar: bar.value)
    return Part('detection', 'Average precision of each action', text, [precision_recall(found)], bars=bars)


def precision_recall(found: Detections) -> Picture:
    """Of all proposals above a falling score, at several overlaps."""
    figure, axes = new_figure(4.4, 3.4)
    truth, proposals, _ = tabulate(found.truth, found.proposals, len(found.classes))
    order = np.argsort(-proposals.score, kind='stable')
    match, overlap = (values[order] for values in best_match(truth, proposals))
    for theta in THETAS:
        rows = np.flatnonzero(overlap >= theta)
        hit = np.zeros(len(order))
        hit[rows[np.unique(match[rows], return_index=True)[1]]] = 1
        told = hit.cumsum()
        axes.plot(told / max(len(truth), 1), told / np.arange(1, len(told) + 1), label=f'overlap {theta:g}')
    axes.set(xlabel='recall', ylabel='precision', xlim=(0, 1.02), ylim=(0, 1.02))
    axes.legend(loc='best')
    axes.grid()
    return picture(figure, 'Precision over recall')


def timelines(found: Detections) -> Part:
    """The best, the median and the worst video."""
    ranked = sorted(found.truth, key=lambda video: (-video_precision(found, video), video))
    places = {'Best': 0, 'Median': len(ranked) // 2, 'Worst': len(ranked) - 1}
    chosen = dict.fromkeys(places.values())
    for word, place in places.items():
        chosen[place] = f'{chosen[place]} and {word.lower()}' if chosen[place] else word
    parts = [timeline(found, ranked[place], word) for place, word in chosen.items()]
    text = (
        f'Of {len(ranked)} videos, by their average precision at an overlap of {THETA}. Proposals are the fainter the '
        'lower their score; frames are coloured by the class of the highest score.'
    )
    return Part('timelines', 'True and found segments', text, timelines=parts)


def video_precision(found: Detections, video: str) -> float:
    one = ({video: found.truth[video]}, {video: found.proposals.get(video, [])})
    return evaluate_detection(*one, len(found.classes), THETA)['ap']


def timeline(found: Detections, video: str, word: str) -> Timeline:
    length, palette = len(found.scores[video]), colours(len(found.classes))

    def span(label, start, end, score=None):
        name = found.classes[label - 1]
        times = f'{start / found.fps:.1f} to {end / found.fps:.1f} s'
        title = f'{name}, {times}' + ('' if score is None else f', score {score:.2f}')
        opacity = 1.0 if score is None else score**1.5  # many doubtful ones do not add up to grey
        return Span(start / length, (end - start) / length, palette[label - 1], title, opacity)

    proposals = sorted(found.proposals.get(video, []), key=lambda row: row[3])  # the surest is drawn on top
    best = found.scores[video].argmax(1)
    edges = np.flatnonzero(np.diff(best, prepend=-1, append=-1))
    frames = [(int(best[a]), int(a), int(b)) for a, b in pairwise(edges) if best[a]]
    rows = {
        'true': [span(*row) for row in found.truth[video]],
        'proposals': [span(*row) for row in proposals],
        'frames': [span(*row) for row in frames],
    }
    labels = sorted({row[0] for row in (*found.truth[video], *frames)})
    legend = {found.classes[label - 1]: palette[label - 1] for label in labels}
    title = f'{word}: {video}, average precision {video_precision(found, video):.3f}'
    return Timeline(title, f'{length / found.fps:.0f} s', rows, legend)
