"""Detection metrics on whole videos whose frames were scored."""

import numpy as np
from mmaction.registry import METRICS
from mmengine.logging import print_log
from rich.progress import track

from usdrl_mmaction.errors import ConfigError

from ..functional import (
    activitynet_report,
    pku_report,
    proposals_from_scores,
    save_tracks,
    write_ground_truth,
    write_results,
)
from ..functional.detection import THETAS
from .track_metric import TrackMetric, Videos


def both_reports(*args) -> dict:
    """The numbers of both protocols; the APs of the classes are ActivityNet's."""
    return pku_report(*args) | activitynet_report(*args)


REPORTS = {'pku': pku_report, 'activitynet': activitynet_report, 'both': both_reports}


@METRICS.register_module()
class DetectionMetric(TrackMetric):
    """Makes proposals from the ``scores`` (t, 1 + classes) of windows, which ``TrackMetric`` puts together to videos,
    and compares them with the ``segments`` of the videos. Scores are probabilities, the background first.

    Args:
        num_classes (int): Actions, without the background.
        mode (str): 'pku' gives ``f1@0.5``, ``ap@0.5``, ``mAP_action@0.5``, ``mAP_video@0.5`` … and ``2DAP``;
            'activitynet' gives ``mAP@0.5`` … and ``average_mAP``; 'both' gives both. The AP of each class goes to the
            log.
        thetas (Sequence[float]): Thresholds of overlap.
        proposals (dict | None): Arguments of ``proposals_from_scores``.
        outfile_prefix (str | None): Writes ``<prefix>_results.json`` and ``<prefix>_ground_truth.json`` as ActivityNet
            does, and the scores as ``<prefix>_tracks.npz``. Class names and frames per second are ``classes`` and
            ``fps`` in the data set's metainfo.
        fps (float): Frames per second of data sets without ``fps``.
    """

    default_prefix = 'detection'

    def __init__(self, num_classes, mode='pku', thetas=THETAS, proposals=None, outfile_prefix=None, fps=30, **kwargs):
        super().__init__(**kwargs)
        if mode not in REPORTS:
            raise ConfigError(f"mode must be one of {', '.join(REPORTS)}, not '{mode}'.")
        self.num_classes = num_classes
        self.report = REPORTS[mode]
        self.thetas = thetas
        self.proposals = proposals or {}
        self.outfile_prefix = outfile_prefix
        self.fps = fps
        # Wrong options raise now, not after an epoch.
        proposals_from_scores(np.ones((1, 2)), **self.proposals)
        self.report({}, {}, num_classes, thetas)

    def check(self, video: str, scores: np.ndarray):
        if scores.shape[1:] != (1 + self.num_classes,):
            raise ConfigError(
                f"Video {video} has 'scores' of shape {scores.shape}; expected (frames, {1 + self.num_classes}): the "
                f"background and {self.num_classes} classes. Set the metric's num_classes to the model's, without the "
                'background.'
            )

    def compute_metrics(self, videos: Videos) -> dict:
        classes = list((self.dataset_meta or {}).get('classes') or map(str, range(1, 1 + self.num_classes)))
        if len(classes) != self.num_classes:
            raise ConfigError(
                f"The data set's metainfo names {len(classes)} classes, the metric has {self.num_classes}. Set the "
                "metric's num_classes to their number."
            )
        ground_truth, proposals = {}, {}
        for name, video in track(videos.items(), 'Proposals', transient=True):
            ground_truth[name] = video.segments
            proposals[name] = proposals_from_scores(video.scores, boundaries=video.boundaries, **self.proposals)
        if self.outfile_prefix:
            self.write(videos, ground_truth, proposals, classes)
        report = self.report(ground_truth, proposals, self.num_classes, self.thetas)
        print_log(f'\n{class_table(report.pop("per_class"), classes)}', 'current')
        return report

    def write(self, videos: Videos, ground_truth: dict, proposals: dict, classes: list[str]):
        fps = (self.dataset_meta or {}).get('fps') or self.fps
        num_frames = {name: shape[0] for name, (shape, *_) in videos.facts.items()}
        write_ground_truth(f'{self.outfile_prefix}_ground_truth.json', ground_truth, classes, fps, num_frames)
        write_results(f'{self.outfile_prefix}_results.json', proposals, classes, fps)
        tracks = ((name, video.scores, video.boundaries) for name, video in videos.items())
        save_tracks(f'{self.outfile_prefix}_tracks.npz', tracks, classes, fps)


def class_table(per_class: dict, classes: list[str]) -> str:
    """The average precision of each class (a row) at each threshold (a column)."""
    width = max(map(len, ('class', *classes)))
    lines = ['AP'.ljust(width) + ''.join(f'{f"@{theta:g}":>8}' for theta in per_class)]
    for name, row in zip(classes, np.stack(list(per_class.values()), axis=1), strict=True):
        lines.append(name.ljust(width) + ''.join(f'{value:8.3f}' for value in row))
    return '\n'.join(lines)
