"""Runs in the format of MMEngine, written by hand."""

import json
from pathlib import Path

import numpy as np
import torch
from mmengine.fileio import dump

from usdrl_mmaction.evaluation import DetectionMetric

CLASSES = ['sit', 'stand <b>&', 'wave']


def write_start(folder: Path, start: str, lines=(), tested: dict | None = None, config: str = "model = dict(type='M')"):
    """What one start of a run leaves: config, log and, of a test, metrics."""
    vis_data = folder / start / 'vis_data'
    vis_data.mkdir(parents=True)
    (vis_data / 'config.py').write_text(config)
    if lines:
        (vis_data / 'scalars.json').write_text(''.join(json.dumps(line) + '\n' for line in lines))
    if tested:
        (folder / start / f'{start}.json').write_text(json.dumps(tested))


def training(epochs, first=1, loss=10.0, **more) -> list[dict]:
    """Two lines an epoch."""
    return [
        dict(loss=loss / step, lr=0.1, time=0.1, data_time=0.0, epoch=1 + (step - 1) // 2, iter=step, step=step) | more
        for step in range(2 * first - 1, 2 * epochs + 1)
    ]


def write_dump(path: Path, labels, scores, names=None):
    """As ``--dump`` does: rows of one tensor, which share its numbers."""
    scores = torch.as_tensor(np.asarray(scores), dtype=torch.float32)
    names = names or [f'clip{row}' for row in range(len(labels))]
    path.parent.mkdir(parents=True, exist_ok=True)
    samples = [
        dict(frame_dir=name, pred_score=score, pred_label=score.argmax()[None], gt_label=torch.tensor([label]))
        for name, label, score in zip(names, labels, scores, strict=True)
    ]
    dump(samples, path)


def write_detections(prefix: Path):
    """Three videos of 100 frames: one found exactly, one half, one not at all. Returns the metrics."""
    metric = DetectionMetric(3, outfile_prefix=str(prefix))
    metric.dataset_meta = dict(classes=CLASSES, fps=10)
    found = {'all': [(1, 10, 30), (2, 50, 90)], 'half': [(1, 10, 30)], 'none': []}
    for video, segments in found.items():
        scores = torch.zeros(100, 4)
        scores[:, 0] = 1
        for label, start, end in segments:
            scores[start:end] = torch.eye(4)[label]
        truth = np.array([(1, 10, 30), (2, 50, 90)])
        metric.process(None, [dict(video=video, segments=truth, scores=scores)])
    return metric.evaluate(3)
