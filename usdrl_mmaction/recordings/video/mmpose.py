"""Pose estimation by MMDetection, which finds the people, and MMPose, which finds their joints."""

import contextlib
import io
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from pathlib import Path

import numpy as np
from mmengine.device import get_device
from mmengine.hub import get_config
from mmengine.registry import DefaultScope
from torch import nn

from usdrl_mmaction.errors import CheckpointError, UsageError

DETECTOR = 'mmdet::faster_rcnn/faster-rcnn_r50_fpn_2x_coco.py'
POSE = 'mmpose::body_2d_keypoint/topdown_heatmap/coco/td-hm_hrnet-w32_8xb64-210e_coco-256x192.py'
PERSON = 0  # in COCO
TOGETHER = 32  # frames that are in memory at a time


class PoseEstimator:
    """Several people, with the joints of the pose model: by default 17 of COCO."""

    several = True

    def __init__(self, models):
        from mmdet.apis import init_detector
        from mmpose.apis import init_model

        device = models.device or get_device()
        pose = POSE if models.pose in (None, 'mmpose') else models.pose
        detector, checkpoint = models.detector or DETECTOR, models.detector_checkpoint
        self.detector = load_model(init_detector, detector, checkpoint, device, '--detector-checkpoint')
        self.pose = load_model(init_model, pose, models.pose_checkpoint, device, '--pose-checkpoint')
        self.joints = tuple(self.pose.dataset_meta.get('keypoint_id2name', {}).values())
        self.score_thr = models.score_thr

    def __call__(self, frames: Iterable[np.ndarray], fps: float) -> Iterator[list[np.ndarray]]:
        """Both functions take frames as well as paths. They search the scope of the model that was loaded last for
        transforms, hence the default scopes. MMPose must not get frames without people: without a box, it takes the
        whole image as a person."""
        import mmaction.apis.inference as stock

        while batch := list(islice(frames, TOGETHER)):
            people = [[] for _ in batch]
            with without_bars(stock):
                with DefaultScope.overwrite_default_scope('mmdet'):
                    boxes, _ = stock.detection_inference(self.detector, None, batch, self.score_thr, PERSON)
                shown = [number for number, found in enumerate(boxes) if len(found)]
                with DefaultScope.overwrite_default_scope('mmpose'):
                    results, _ = stock.pose_inference(
                        self.pose, None, [batch[i] for i in shown], [boxes[i] for i in shown]
                    )
            for number, result in zip(shown, results, strict=True):
                joints = [result['keypoints'], np.asarray(result['keypoint_scores'])[..., None]]  # (P, V, 2), (P, V, 1)
                people[number] = list(np.concatenate(joints, axis=-1).astype(np.float32))
            yield from people


@contextlib.contextmanager
def without_bars(stock):
    """Hides the progress bar that MMAction2 shows in each call, which here is every second."""
    bar, stock.track_iter_progress = stock.track_iter_progress, iter
    try:
        with contextlib.redirect_stdout(io.StringIO()):
            yield
    finally:
        stock.track_iter_progress = bar


def load_model(init: Callable, config: str, checkpoint: str | None, device: str, flag: str) -> nn.Module:
    """A model of a package ('mmdet::…', with the weights that the package names for it) or of a file.

    Args:
        init (Callable): ``init_detector`` of MMDetection or ``init_model`` of MMPose.
        flag (str): What sets ``checkpoint``, for messages.
    """
    if '::' not in config and not (Path(config).is_file() and checkpoint):
        raise UsageError(f'a config file needs a checkpoint: {config} has to exist, and {flag} has to be given.')
    try:
        cfg = get_config(config, pretrained=checkpoint is None) if '::' in config else config
        return init(cfg, checkpoint or cfg.model_path, device=device)
    except (OSError, AssertionError) as error:  # no network, no such file, or a package that names no weights
        raise CheckpointError(
            f'the weights of {config} cannot be loaded ({str(error).splitlines()[0]}): download them on a machine with '
            f'a network, and give the file as {flag}.'
        ) from error
