"""Make proposals from the saved scores of a test with other options, and evaluate them. No model is needed."""

from pathlib import Path

from rich.progress import track

from usdrl_mmaction.evaluation import proposals_from_scores
from usdrl_mmaction.evaluation.functional import load_tracks, read_ground_truth, write_results
from usdrl_mmaction.evaluation.metrics.detection_metric import REPORTS, class_table


def main(args):
    options = {name: getattr(args, name) for name in ('thresholds', 'smooth', 'min_length', 'nms', 'soft_nms')}
    truth_file = args.ground_truth or Path(str(args.tracks).removesuffix('_tracks.npz') + '_ground_truth.json')
    tracks = load_tracks(args.tracks)
    truth = read_ground_truth(truth_file, tracks.classes, tracks.fps)
    videos = track(tracks.scores.items(), 'Proposals', transient=True)
    proposals = {video: proposals_from_scores(scores, **options) for video, scores in videos}
    report = REPORTS[args.mode](truth, proposals, len(tracks.classes), args.thetas)
    if args.out:
        write_results(args.out, proposals, tracks.classes, tracks.fps)
    print(class_table(report.pop('per_class'), tracks.classes))
    print(f'\n{len(tracks.scores)} videos, {sum(map(len, proposals.values()))} proposals')
    for name, value in report.items():
        print(f'{name:<16} {value:.4f}')
