"""Make proposals from the saved scores of a test with other options, and evaluate them. No model is needed. With
--tune, find the options that are best for these videos: those of a held-out part of the training data."""

from collections.abc import Iterator
from pathlib import Path

from rich.console import Console
from rich.progress import track

from usdrl_mmaction.evaluation import proposals_from_scores
from usdrl_mmaction.evaluation.functional import load_tracks, read_ground_truth, write_results
from usdrl_mmaction.evaluation.functional.tracks import Tracks
from usdrl_mmaction.evaluation.metrics.detection_metric import REPORTS, class_table

from .common import number_table

OPTIONS = ('thresholds', 'smooth', 'min_length', 'nms', 'soft_nms', 'change_cost')
AIMS = ('mAP@0.5', 'f1@0.5')  # --tune looks for the highest sum
SECONDS = (0.0, 0.2, 0.5, 1.0)  # of smoothing, to choose from


def main(args):
    truth_file = args.ground_truth or Path(str(args.tracks).removesuffix('_tracks.npz') + '_ground_truth.json')
    tracks = load_tracks(args.tracks)
    truth = read_ground_truth(truth_file, tracks.classes, tracks.fps)
    options = {name: getattr(args, name) for name in OPTIONS}
    if args.tune:
        options = tune(tracks, truth)
    proposals = proposals_of(tracks, options)
    report = REPORTS[args.mode](truth, proposals, len(tracks.classes), args.thetas)
    if args.out:
        write_results(args.out, proposals, tracks.classes, tracks.fps)
    print(class_table(report.pop('per_class'), tracks.classes))
    print(f'\n{len(tracks.scores)} videos, {sum(map(len, proposals.values()))} proposals')
    for name, value in report.items():
        print(f'{name:<16} {value:.4f}')


def proposals_of(tracks: Tracks, options: dict) -> dict:
    return {
        video: proposals_from_scores(scores, boundaries=tracks.boundaries.get(video), **options)
        for video, scores in tracks.scores.items()
    }


def tune(tracks: Tracks, truth: dict) -> dict:
    """The best options, of which the best of each rule are printed."""
    console, best = Console(), {}
    for rule, options in track([*candidates(tracks.fps)], 'Trying', console=Console(stderr=True), transient=True):
        report = REPORTS['both'](truth, proposals_of(tracks, options), len(tracks.classes), (0.5,))
        quality = sum(report[aim] for aim in AIMS)
        if rule not in best or quality > best[rule][0]:
            best[rule] = quality, options, report
    table = number_table('The best options of each rule', 'rule', *AIMS, 'options')
    for rule, (_, options, report) in best.items():
        table.add_row(rule, *(f'{report[aim]:.1%}' for aim in AIMS), as_arguments(options))
    console.print(table)
    _, options, _ = max(best.values(), key=lambda found: found[0])
    print(f'\nIn the config: val_evaluator = dict(proposals=dict({as_arguments(options)}))\n')
    return options


def candidates(fps: float) -> Iterator[tuple[str, dict]]:
    """Rules and options to try."""
    yield 'every segment above 0.02 (PKU-MMD)', {}
    for seconds in SECONDS:
        smooth = 1 + 2 * round(seconds * fps / 2)
        for cost in (0, 0.5, 1, 2, 4, 8, 16, 32):
            yield 'best sequence of labels', dict(change_cost=cost, smooth=smooth)
        for threshold in (0.1, 0.2, 0.3, 0.4, 0.5, 0.6):
            for least in (0.0, 0.2, 0.5):
                min_length = max(round(least * fps), 1)
                yield 'one threshold', dict(thresholds=(threshold,), smooth=smooth, min_length=min_length)
        yield 'several thresholds', dict(thresholds=(0.1, 0.2, 0.3, 0.4, 0.5, 0.6), smooth=smooth, nms=0.5)


def as_arguments(options: dict) -> str:
    return ', '.join(f'{name}={value}' for name, value in options.items())
