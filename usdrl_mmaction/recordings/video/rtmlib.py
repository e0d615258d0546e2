"""Pose estimation by rtmlib: YOLOX and RTMPose, or RTMO, in ONNX Runtime. It downloads its models once, or they are
given as files."""

import contextlib
import io
from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np

from usdrl_mmaction.errors import CheckpointError, UsageError
from usdrl_mmaction.files import missing
from usdrl_mmaction.skeletons import LAYOUTS

JOINTS = {len(LAYOUTS[name]): LAYOUTS[name].names for name in ('coco', 'halpe', 'coco_wholebody')}  # by their number


class PoseEstimator:
    """Several people, with the joints of the model: 17 of COCO, 26 of Halpe or 133 of the whole body."""

    joints = ()
    several = True

    def __init__(self, models):
        import onnxruntime
        import rtmlib

        cuda = 'CUDAExecutionProvider' in onnxruntime.get_available_providers()
        where = dict(backend='onnxruntime', device=models.device or ('cuda' if cuda else 'cpu'))
        pose = models.pose if str(models.pose).endswith('.onnx') else None
        detector = models.detector
        if detector and not pose:
            raise UsageError(f'the detector {detector} needs a pose model too: give its file as --pose.')
        for file in filter(None, (detector, pose)):
            if not Path(file).is_file():
                raise missing(file, 'model')
        try:
            with contextlib.redirect_stdout(io.StringIO()):
                if not pose:
                    both = rtmlib.Body(mode='balanced', **where)
                    self.detector, self.pose = both.det_model, both.pose_model
                else:
                    self.detector = sized(rtmlib.YOLOX(detector, **where)) if detector else None
                    self.pose = sized((rtmlib.RTMPose if detector else rtmlib.RTMO)(pose, **where))
        except OSError as error:
            raise CheckpointError(
                f'the models of rtmlib cannot be downloaded ({error}): give files, --pose rtmo.onnx or --detector '
                'yolox.onnx --pose rtmpose.onnx, or take another estimator, --pose mediapipe.'
            ) from error
        except Exception as error:  # ONNX Runtime has a class for each way to fail, and no root
            given = ' or '.join(filter(None, (detector, pose))) or 'a model of rtmlib'
            reason = (str(error).splitlines() or [type(error).__name__])[0]
            raise CheckpointError(f'{given} cannot be loaded ({reason}).') from error
        (self.detector or self.pose).score_thr = models.score_thr

    def __call__(self, frames: Iterable[np.ndarray], fps: float) -> Iterator[list[np.ndarray]]:
        for frame in frames:
            keypoints, scores = self.find(frame)  # (P, V, 2), (P, V)
            people = np.concatenate([keypoints, scores[..., None]], axis=-1).astype(np.float32)
            self.joints = JOINTS.get(people.shape[1], self.joints)
            yield list(people)

    def find(self, frame: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        if not self.detector:
            return self.pose(frame)
        boxes = self.detector(frame)
        if not len(boxes):  # rtmlib would take the whole image as a person
            return np.zeros((0, 0, 2)), np.zeros((0, 0))
        return self.pose(frame, bboxes=boxes)


def sized(tool):
    """A model with the size of images that its file says, where it says one."""
    height, width = tool.session.get_inputs()[0].shape[2:]
    if isinstance(height, int) and isinstance(width, int):
        tool.model_input_size = (width, height) if type(tool).__name__ == 'RTMPose' else (height, width)
    return tool
