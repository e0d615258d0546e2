"""Joints of the people in a video, by MMDetection and MMPose: a video becomes a clip."""

import contextlib
import io
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path

import cv2
import mmaction.apis.inference as stock
import numpy as np
from mmengine.hub import get_config
from mmengine.registry import DefaultScope
from rich.progress import track
from torch import nn

from usdrl_mmaction.errors import CheckpointError, RecordingError, UsageError

from .clip import Clip
from .tracking import track_people

NEEDED = {'mmcv._ext': 'mmcv with compiled operators', 'mmdet': 'mmdet', 'mmpose': 'mmpose'}
DETECTOR = 'mmdet::faster_rcnn/faster-rcnn_r50_fpn_2x_coco.py'
POSE = 'mmpose::body_2d_keypoint/topdown_heatmap/coco/td-hm_hrnet-w32_8xb64-210e_coco-256x192.py'
PERSON = 0  # in COCO
TOGETHER = 32  # frames that are in memory at a time


def read_video(path: Path, detector: nn.Module, pose: nn.Module, score_thr: float) -> tuple[Clip, float]:
    """The people of a video, tracked from frame to frame, and its frames per second.

    Args:
        detector (nn.Module): A detector of MMDetection.
        pose (nn.Module): A top-down pose estimator of MMPose.
        score_thr (float): The score from which a detection is a person.
    """
    video = cv2.VideoCapture(str(path))
    batches = -(-max(video.get(cv2.CAP_PROP_FRAME_COUNT), 0) // TOGETHER)  # an estimate in some files
    people, shape = [], None
    read = iter(lambda: [frame for there, frame in (video.read() for _ in range(TOGETHER)) if there], [])
    for frames in track(read, path.name, batches, transient=True):
        people += find_people(detector, pose, frames, score_thr)
        shape = frames[0].shape[:2]
    if not people:
        raise RecordingError(f'{path} has no frames, or is not a video that OpenCV can read.')
    return track_people(people, path)._replace(img_shape=shape), video.get(cv2.CAP_PROP_FPS)


def find_people(
    detector: nn.Module, pose: nn.Module, frames: list[np.ndarray], score_thr: float
) -> list[list[np.ndarray]]:
    """The people of each frame, (V, 3) of x, y and score.

    Both functions take frames as well as paths. They search the scope of the model that was loaded last for transforms,
    hence the default scopes. MMPose must not get frames without people: without a box, it takes the whole image as a
    person.
    """
    people = [[] for _ in frames]
    with without_bars():
        with DefaultScope.overwrite_default_scope('mmdet'):
            boxes, _ = stock.detection_inference(detector, None, frames, score_thr, PERSON)
        shown = [number for number, found in enumerate(boxes) if len(found)]
        with DefaultScope.overwrite_default_scope('mmpose'):
            results, _ = stock.pose_inference(pose, None, [frames[i] for i in shown], [boxes[i] for i in shown])
    for number, result in zip(shown, results, strict=True):
        joints = [result['keypoints'], np.asarray(result['keypoint_scores'])[..., None]]  # (P, V, 2), (P, V, 1)
        people[number] = list(np.concatenate(joints, axis=-1).astype(np.float32))
    return people


@contextlib.contextmanager
def without_bars():
    """Hides the progress bar that MMAction2 shows in each call, which here is every second."""
    bar, stock.track_iter_progress = stock.track_iter_progress, iter
    try:
        with contextlib.redirect_stdout(io.StringIO()):
            yield
    finally:
        stock.track_iter_progress = bar


def check_packages():
    """Raises unless MMDetection and MMPose are installed."""
    lacking = [what for name, what in NEEDED.items() if not find_spec(name)]
    if lacking:
        raise UsageError(
            f'extracting skeletons from videos needs {", ".join(lacking)}: '
            "pip uninstall -y mmcv-lite && pip install 'usdrl-mmaction[full]'"
        )


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
