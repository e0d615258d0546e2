"""Pose estimation by MediaPipe. Its wheels from 0.10.14 to 0.10.21 carry the models of one person (``mp.solutions``);
the Tasks API finds several, in these and in later versions, but needs a model's file."""

from collections.abc import Iterable, Iterator
from pathlib import Path

import cv2
import numpy as np

from usdrl_mmaction.errors import CheckpointError, UsageError
from usdrl_mmaction.files import missing
from usdrl_mmaction.skeletons import LAYOUTS

from .frames import without_stderr

SEVERAL = 5  # people at most, with a model's file


class PoseEstimator:
    """33 joints in pixels. Their depth and the landmarks in metres are left out: they are guesses that jitter, and the
    latter do not say where the person went."""

    joints = LAYOUTS['mediapipe'].names

    def __init__(self, models):
        if models.detector:
            raise UsageError(
                f'MediaPipe takes no detector: leave out {models.detector}, or give an .onnx file as --pose.'
            )
        with without_stderr():
            import mediapipe
        self.api, self.score_thr = mediapipe, models.score_thr
        self.several = str(models.pose).endswith('.task')
        self.file = Path(models.pose) if self.several else None
        if self.file and not self.file.is_file():
            raise missing(self.file, 'model')
        if not self.file and not hasattr(mediapipe, 'solutions'):
            raise UsageError(
                f'MediaPipe {mediapipe.__version__} carries no models: give a file, --pose pose_landmarker_full.task, '
                "or pip install 'mediapipe>=0.10.14,<0.10.22'"
            )

    def __call__(self, frames: Iterable[np.ndarray], fps: float) -> Iterator[list[np.ndarray]]:
        first = next(frames := iter(frames))
        with without_stderr():  # until it has built its graph, which other threads do
            find, close = self.find_several(fps) if self.several else self.find_one()
            people = find(0, cv2.cvtColor(first, cv2.COLOR_BGR2RGB))
        height, width = first.shape[:2]
        try:
            yield [as_array(landmarks, height, width) for landmarks in people]
            for number, frame in enumerate(frames, 1):
                people = find(number, cv2.cvtColor(frame, cv2.COLOR_BGR2RGB))
                yield [as_array(landmarks, height, width) for landmarks in people]
        finally:
            with without_stderr():
                close()

    def find_one(self):
        pose = self.api.solutions.pose.Pose(min_detection_confidence=self.score_thr)

        def find(number, image):
            found = pose.process(image).pose_landmarks
            return [found.landmark] if found else []

        return find, pose.close

    def find_several(self, fps: float):
        tasks = self.api.tasks
        options = tasks.vision.PoseLandmarkerOptions(
            base_options=tasks.BaseOptions(model_asset_path=str(self.file)),
            running_mode=tasks.vision.RunningMode.VIDEO,
            num_poses=SEVERAL,
            min_pose_detection_confidence=self.score_thr,
        )
        try:
            landmarker = tasks.vision.PoseLandmarker.create_from_options(options)
        except (RuntimeError, ValueError) as error:
            raise CheckpointError(f'{self.file} is no pose landmarker of MediaPipe ({first_line(error)}).') from error

        def find(number, image):
            image = self.api.Image(image_format=self.api.ImageFormat.SRGB, data=image)
            return landmarker.detect_for_video(image, round(1000 * number / fps)).pose_landmarks

        return find, landmarker.close


def as_array(landmarks, height: int, width: int) -> np.ndarray:
    """x and y in pixels and visibility.  # (33, 3)"""
    return np.float32([(point.x * width, point.y * height, point.visibility) for point in landmarks])


def first_line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0]
