"""Make proposals from the saved scores of a test with other options, and evaluate them. No model is needed."""

import argparse
from pathlib import Path

from rich.progress import track

from usdrl_mmaction.evaluation import proposals_from_scores
from usdrl_mmaction.evaluation.functional import load_tracks, read_ground_truth, write_results
from usdrl_mmaction.evaluation.functional.detection import THETAS
from usdrl_mmaction.evaluation.metrics.detection_metric import REPORTS, class_table


def main(argv):
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.ArgumentDefaultsHelpFormatter)
    parser.add_argument('tracks', type=Path, metavar='TRACKS.npz', help="what DetectionMetric's outfile_prefix wrote")
    parser.add_argument('--ground-truth', type=Path, metavar='FILE.json', help='default: that of the same prefix')
    parser.add_argument('--mode', choices=REPORTS, default='pku', help='protocol')
    parser.add_argument('--thetas', nargs='+', type=float, default=THETAS, help='thresholds of overlap')
    parser.add_argument('--thresholds', nargs='+', type=float, default=[0.02], help='least probabilities of segments')
    parser.add_argument('--smooth', type=int, default=1, help='frames that probabilities are averaged over')
    parser.add_argument('--min-length', type=int, default=1, help='least number of frames of a proposal')
    parser.add_argument('--nms', type=float, help='drop proposals that overlap a better one more than this')
    parser.add_argument('--soft-nms', type=float, metavar='SIGMA', help='lower their scores instead')
    parser.add_argument('--out', type=Path, metavar='FILE.json', help="write the proposals, as ActivityNet's results")
    args = parser.parse_args(argv)
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
