"""Detected segments compared with the ground truth."""

from itertools import pairwise
from typing import NamedTuple

import numpy as np

from usdrl_mmaction.datasets.annotations import counted
from usdrl_mmaction.evaluation import activitynet_report, evaluate_detection, pku_report
from usdrl_mmaction.evaluation.functional import load_tracks, read_ground_truth, read_results
from usdrl_mmaction.evaluation.functional.detection import THETAS, best_match
from usdrl_mmaction.evaluation.functional.matching import tabulate

from .page import Bar, Part, Span, Timeline, colours, draw_precision_recall

THETA = 0.5
CELLS = 200  # of a row of boundaries, at most


class Detections(NamedTuple):
    """What ``DetectionMetric`` wrote; times in frames."""

    truth: dict[str, list]  # video -> rows of (label, start, end)
    proposals: dict[str, list]  # video -> rows of (label, start, end, score)
    scores: dict[str, np.ndarray]  # video -> (T, 1 + classes)
    classes: list[str]
    fps: float
    boundaries: dict[str, np.ndarray]  # video -> (T, 2) of starts and ends, of a head that scores them


def read_detections(prefix: str) -> Detections:
    scores, classes, fps, boundaries = load_tracks(f'{prefix}_tracks.npz')
    truth = read_ground_truth(f'{prefix}_ground_truth.json', classes, fps)
    return Detections(truth, read_results(f'{prefix}_results.json', classes, fps), scores, classes, fps, boundaries)


def action_precisions(found: Detections) -> Part:
    """The average precision of each class by the protocol of PKU-MMD, the lowest first."""
    num_classes = len(found.classes)
    by_theta = pku_report(found.truth, found.proposals, num_classes)['per_class']
    precision = by_theta[THETA]
    counts = np.bincount([row[0] for rows in found.truth.values() for row in rows], minlength=num_classes + 1)[1:]
    rows = zip(found.classes, precision, counts, strict=True)
    bars = [Bar(name, float(value), counted(count, 'segment', 'segments')) for name, value, count in rows if count]
    bars.sort(key=lambda bar: bar.value)
    text = (
        f'By the protocol of PKU-MMD at an overlap (IoU) of {THETA}, the lowest first. The mean over all {num_classes} '
        f'classes (mAP) is {precision.mean():.4f}. The curves count a segment once, however many proposals match it.'
    )
    pictures = [draw_precision_recall(precision_recall(found))]
    return Part(
        'detection', 'Average precision of each action', text, pictures, bars=bars, table=by_class(found, by_theta)
    )


def by_class(found: Detections, pku: dict[float, np.ndarray]) -> dict[str, dict[str, str]]:
    """The average precisions of each class by both protocols, with what they are measured on."""
    segments = np.array([row for rows in found.truth.values() for row in rows], float).reshape(-1, 3)
    activitynet = activitynet_report(found.truth, found.proposals, len(found.classes))['per_class']
    precisions = {
        f'{name}, IoU {theta:g}': values
        for name, by_theta in (('PKU-MMD', pku), ('ActivityNet', activitynet))
        for theta, values in by_theta.items()
    }
    rows = {}
    for number, name in enumerate(found.classes):
        own = segments[segments[:, 0] == number + 1]
        if len(own):
            seconds = (own[:, 2] - own[:, 1]).mean() / found.fps
            rows[name] = {'segments': str(len(own)), 'mean length': f'{seconds:.1f} s'}
            rows[name] |= {column: f'{values[number]:.3f}' for column, values in precisions.items()}
    return rows


def precision_recall(found: Detections) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Recall and precision of all proposals above a falling score, at several overlaps."""
    truth, proposals, _ = tabulate(found.truth, found.proposals, len(found.classes))
    order = np.argsort(-proposals.score, kind='stable')
    match, overlap = (values[order] for values in best_match(truth, proposals))
    curves = {}
    for theta in THETAS:
        rows = np.flatnonzero(overlap >= theta)
        first = np.zeros(len(order))  # where a segment is matched for the first time
        first[rows[np.unique(match[rows], return_index=True)[1]]] = 1
        hits = first.cumsum()
        curves[f'IoU {theta:g}'] = hits / max(len(truth), 1), hits / np.arange(1, len(hits) + 1)
    return curves


def timelines(found: Detections) -> Part:
    """The best, the median and the worst video."""
    precisions = {}
    for video, segments in found.truth.items():
        proposals = {video: found.proposals.get(video, [])}
        precisions[video] = evaluate_detection({video: segments}, proposals, len(found.classes), THETA)['ap']
    ranked = sorted(precisions, key=lambda video: (-precisions[video], video))
    ranks = {}
    for rank, place in (('Best', 0), ('Median', len(ranked) // 2), ('Worst', len(ranked) - 1)):
        ranks.setdefault(ranked[place], []).append(rank)
    titles = {
        video: f'{", ".join(names)}: {video}, average precision {precisions[video]:.3f}'
        for video, names in ranks.items()
    }
    text = (
        f'Videos chosen from {len(ranked)} by their average precision at an IoU of {THETA}. Proposals with lower '
        'scores are fainter. Frames have the colour of the class with the highest score.'
        + (' Starts and ends are the darker the likelier.' if found.boundaries else '')
    )
    drawn = [timeline(found, *item) for item in titles.items()]
    return Part('timelines', 'Ground truth and detected segments', text, timelines=drawn)


def timeline(found: Detections, video: str, title: str) -> Timeline:
    length, palette = len(found.scores[video]), colours(len(found.classes))

    def span(label, start, end, score=None):
        name = found.classes[label - 1]
        times = f'{start / found.fps:.1f} to {end / found.fps:.1f} s'
        title = f'{name}, {times}' + ('' if score is None else f', score {score:.2f}')
        opacity = 1.0 if score is None else score**1.5  # keeps many low scores from adding up to grey
        return Span(start / length, (end - start) / length, palette[label - 1], title, opacity)

    proposals = sorted(found.proposals.get(video, []), key=lambda row: row[3])  # the most confident is drawn on top
    best = found.scores[video].argmax(1)
    edges = np.flatnonzero(np.diff(best, prepend=-1, append=-1))
    frames = [(int(best[a]), int(a), int(b)) for a, b in pairwise(edges) if best[a]]
    rows = {'ground truth': found.truth[video], 'proposals': proposals, 'frames': frames}
    labels = sorted({row[0] for row in (*found.truth[video], *frames)})
    legend = {found.classes[label - 1]: palette[label - 1] for label in labels}
    spans = {name: [span(*row) for row in segments] for name, segments in rows.items()}
    if video in found.boundaries:
        spans |= zip(('starts', 'ends'), map(cells, found.boundaries[video].T), strict=True)
    return Timeline(title, f'{length / found.fps:.0f} s', spans, legend)


def cells(scores: np.ndarray) -> list[Span]:
    """The scores of frames as equal parts of a row, each as dark as the highest score in it.  # (T,)"""
    parts = np.array_split(scores, min(CELLS, len(scores)))
    highest = [float(part.max()) for part in parts]
    width = 1 / len(parts)
    return [Span(place * width, width, '#102a43', f'{score:.2f}', score) for place, score in enumerate(highest)]
