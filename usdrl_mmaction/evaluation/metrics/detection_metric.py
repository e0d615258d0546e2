"""Action detection in whole videos whose frames were scored."""

import numpy as np
from mmaction.registry import METRICS
from mmengine.evaluator import BaseMetric
from mmengine.logging import print_log

from ..functional import (
    activitynet_report,
    pku_report,
    proposals_from_scores,
    save_tracks,
    write_ground_truth,
    write_results,
)

REPORTS = {'pku': pku_report, 'activitynet': activitynet_report}


@METRICS.register_module()
class DetectionMetric(BaseMetric):
    """Makes proposals from the ``scores`` (T, 1 + classes) of each ``video``, probabilities with the background first,
    and compares them with its ``segments`` (S, 3) of label, start and end. A video that comes twice counts once.

    Args:
        num_classes (int): Actions, without the background.
        mode (str): 'pku' gives ``f1@0.5``, ``ap@0.5``, ``mAP_action@0.5``, ``mAP_video@0.5`` … and ``2DAP``;
            'activitynet' gives ``mAP@0.5`` … and ``average_mAP``. The AP of each class goes to the log.
        thetas (Sequence[float]): Thresholds of overlap.
        proposals (dict | None): Arguments of ``proposals_from_scores``.
        outfile_prefix (str | None): Writes ``<prefix>_results.json`` and ``<prefix>_ground_truth.json`` as ActivityNet
            does, and the scores as ``<prefix>_tracks.npz``. Class names and frames per second are ``classes`` and
            ``fps`` in the data set's metainfo.
        fps (float): Frames per second of data sets that do not tell.
    """

    default_prefix = 'detection'

    def __init__(
        self,
        num_classes,
        mode='pku',
        thetas=(0.1, 0.3, 0.5, 0.7),
        proposals=None,
        outfile_prefix=None,
        fps=30,
        **kwargs,
    ):
        super().__init__(**kwargs)
        if mode not in REPORTS:
            raise ValueError(f"mode must be one of {', '.join(REPORTS)}, not '{mode}'.")
        self.num_classes = num_classes
        self.report = REPORTS[mode]
        self.thetas = thetas
        self.proposals = proposals or {}
        self.outfile_prefix = outfile_prefix
        self.fps = fps
        # Wrong options show now, not after an epoch.
        proposals_from_scores(np.ones((1, 2)), **self.proposals)
        self.report({}, {}, num_classes, thetas)

    def process(self, data_batch, data_samples):
        for sample in data_samples:
            scores = sample['scores'].float().cpu().numpy()
            if scores.shape[1:] != (1 + self.num_classes,):
                raise ValueError(
                    f"Video {sample['video']} has 'scores' of shape {scores.shape}; expected (frames, "
                    f'{1 + self.num_classes}): the background and {self.num_classes} classes. '
                    "Set the metric's num_classes to the model's, without the background."
                )
            result = {
                'video': sample['video'],
                'segments': np.asarray(sample['segments']),
                'proposals': proposals_from_scores(scores, **self.proposals),
                'num_frames': len(scores),
            }
            self.results.append(result | ({'scores': scores} if self.outfile_prefix else {}))

    def compute_metrics(self, results: list) -> dict:
        videos = {result['video']: result for result in sorted(results, key=lambda result: result['video'])}
        ground_truth, proposals = (
            {video: result[field] for video, result in videos.items()} for field in ('segments', 'proposals')
        )
        classes = self.class_names()
        if self.outfile_prefix:
            self.write(videos, ground_truth, proposals, classes)
        report = self.report(ground_truth, proposals, self.num_classes, self.thetas)
        print_log(f'\n{class_table(report.pop("per_class"), classes)}', 'current')
        return report

    def class_names(self) -> list[str]:
        names = (self.dataset_meta or {}).get('classes') or [str(1 + number) for number in range(self.num_classes)]
        if len(names) != self.num_classes:
            raise ValueError(f"The data set's metainfo names {len(names)} classes, the metric has {self.num_classes}.")
        return list(names)

    def write(self, videos, ground_truth, proposals, classes):
        fps = (self.dataset_meta or {}).get('fps') or self.fps
        num_frames = {video: result['num_frames'] for video, result in videos.items()}
        scores = {video: result['scores'] for video, result in videos.items()}
        write_ground_truth(f'{self.outfile_prefix}_ground_truth.json', ground_truth, classes, fps, num_frames)
        write_results(f'{self.outfile_prefix}_results.json', proposals, classes, fps)
        save_tracks(f'{self.outfile_prefix}_tracks.npz', scores, classes, fps)


def class_table(per_class: dict, classes: list[str]) -> str:
    """The average precision of each class (a row) at each threshold (a column)."""
    width = max(map(len, ('class', *classes)))
    lines = ['AP'.ljust(width) + ''.join(f'{f"@{theta:g}":>8}' for theta in per_class)]
    for name, row in zip(classes, np.stack(list(per_class.values()), axis=1), strict=True):
        lines.append(name.ljust(width) + ''.join(f'{value:8.3f}' for value in row))
    return '\n'.join(lines)
