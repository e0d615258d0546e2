"""Live detection: actions are reported as the frames arrive. Memory holds one window of frames."""

from pathlib import Path
from typing import NamedTuple

import numpy as np
from mmengine.config import Config
from mmengine.device import get_device
from mmengine.registry import init_default_scope

from usdrl_mmaction.datasets.windows import OverlapMean, cut
from usdrl_mmaction.errors import RecordingError, UsageError
from usdrl_mmaction.models import FrameLocalizer
from usdrl_mmaction.recordings.clip import Clip
from usdrl_mmaction.recordings.tracking import Tracker

from .live_segments import LiveSegments
from .model import find_model, load_model
from .preparation import Preparation
from .saved import DETECTOR, saved
from .window_scorer import WindowScorer

WINDOWS = 4  # median durations of the segments of a saved detector
CLASSIFIED = 64  # frames that a saved classifier looks at
STEPS = 8  # windows that show a frame


class Detections(NamedTuple):
    """The scores of the next frames, and the segments that have ended."""

    start: int  # the first of the frames
    scores: np.ndarray  # (frames, 1 + classes), probabilities with the background first
    segments: list[dict]  # label, name if known, start, end (exclusive), score (the mean over the segment)


class StreamingDetector:
    """Scores the frames of live input and finds the segments of actions.

    The windows are those of the config's test data, and the score of a frame is the mean over the windows that contain
    it, as in the test of a whole video. It is reported ``delay`` frames later, when no further window can contain the
    frame, not even the one that the video may end with.

    With a causal encoder there is no delay: windows are scored as far as their frames have arrived, and no later frame
    changes that. There are two differences from the test. The last window is not moved back to end with the video. And
    what the preparation computes from a whole window (its size; its turn, until both shoulders have been seen) is
    computed from the frames so far, including those that are given together.

    Args:
        model (str | Path | Config | FrameLocalizer): A localizer that describes itself (a work dir, a checkpoint, a
            published folder), a folder that ``ActionDetector.save`` or ``ActionClassifier.save`` wrote, a config, or a
            localizer that ``load_model`` built.
        checkpoint (str | Path | None): The weights that go with a config.
        device (str | None): By default an accelerator if there is one.
        threshold (float): The frames of a segment have a probability above it.
        img_shape (tuple[int, int] | None): Height and width of the images, for models of pixels.
        layout (str | dict | None): The layout of the frames, of any body, if that is not the one of the training.

    Examples:
        >>> import numpy as np
        >>> from mmaction.registry import MODELS
        >>> from mmengine.config import Config
        >>> from usdrl_mmaction.apis import StreamingDetector
        >>> from usdrl_mmaction.commands.common import find_config
        >>> cfg = Config.fromfile(find_config('detect_synthetic'))
        >>> model = MODELS.build(cfg.model)  # not trained: to show the calls
        >>> model.cfg = cfg
        >>> detector = StreamingDetector(model)
        >>> for frame in np.random.rand(80, 2, 25, 3):  # people, joints, coordinates
        ...     found = detector(frame)
        >>> found.start, found.scores.shape, detector.finish().scores.shape
        (15, (1, 19), (64, 19))
    """

    def __init__(
        self,
        model: str | Path | Config | FrameLocalizer,
        checkpoint: str | Path | None = None,
        device: str | None = None,
        threshold: float = 0.5,
        img_shape: tuple[int, int] | None = None,
        layout: str | dict | None = None,
    ):
        init_default_scope('mmaction')
        self.scorer = open_scorer(model, checkpoint, device or get_device())
        prepare = self.scorer.prepare
        self.scorer.set_layout(layout or (prepare.trained_layout if prepare.takes_bodies else None))
        self.window, self.stride = self.scorer.window, self.scorer.stride
        self.causal = self.scorer.causal
        self.delay = 0 if self.causal else self.window
        self.classes = self.scorer.classes
        self.threshold = threshold
        self.img_shape = img_shape
        self.reset()

    def reset(self):
        """Starts a new stream."""
        self.recent = None  # the last frames, a window at most
        self.seen = 0  # frames
        self.mean = OverlapMean(self.scorer.num_scores)
        self.segments = LiveSegments(self.threshold, self.classes)
        self.tracker = Tracker(self.scorer.prepare.num_person, self.window)

    def __call__(self, frames: np.ndarray | list) -> Detections:
        """Takes the next frames.

        Args:
            frames (np.ndarray | list): One frame, (persons, joints, coordinates), or several, (persons, frames, joints,
                coordinates), with each person at a fixed index; or a list of the people of one frame in any order,
                (joints, coordinates) each, who are tracked. A score may follow the coordinates. Joints that are not
                seen are 0.
        """
        clip = self.read(frames)
        starts = range(0, clip.keypoint.shape[1], self.stride)
        found = [self.advance(clip.map(lambda array, t=t: array[:, t : t + self.stride])) for t in starts]
        return Detections(
            found[0].start,
            np.concatenate([part.scores for part in found]),
            [segment for part in found for segment in part.segments],
        )

    def finish(self) -> Detections:
        """Ends the stream; returns what is still to be reported. The next frame starts a new stream."""
        last = max(self.seen - self.window, 0)
        if self.seen and not self.causal and (last % self.stride or self.seen < self.window):
            self.score([last], 0)
        found = self.report(self.seen)
        found.segments.extend(self.segments.close(self.seen))
        self.reset()
        return found

    def advance(self, piece: Clip) -> Detections:
        """Takes at most ``stride`` frames."""
        before, self.seen = self.seen, self.seen + piece.keypoint.shape[1]
        self.recent = joined(self.recent, piece)
        next_start = max(-(-(before - self.window + 1) // self.stride), 0) * self.stride
        due = range(next_start, self.seen if self.causal else self.seen - self.window + 1, self.stride)
        self.score(list(due), before if self.causal else 0)
        # Copied, or views of views would keep every frame alive.
        self.recent = self.recent.map(lambda array: array[:, -self.window :].copy())
        return self.report(max(self.seen - self.delay, self.mean.start))

    def score(self, starts: list[int], first: int):
        """Adds the scores of windows, from frame ``first`` on."""
        if not starts:
            return
        offset = self.seen - self.recent.keypoint.shape[1]
        found = self.scorer(self.recent, [start - offset for start in starts])
        for start, scores in zip(starts, found, strict=True):
            added = max(start, first)
            self.mean.add(added, scores[added - start : self.seen - start])

    def report(self, end: int) -> Detections:
        start, scores = self.mean.start, self.mean.take(end)
        ended = [segment for frame, row in enumerate(scores, start) for segment in self.segments.add(frame, row)]
        return Detections(start, scores, ended)

    def read(self, frames: np.ndarray | list) -> Clip:
        array = self.placed(frames) if isinstance(frames, list) else np.asarray(frames, dtype=np.float32)
        array = array[:, None] if array.ndim == 3 else array
        prepare = self.scorer.prepare
        joints, channels = len(prepare.skeleton), self.channels(array)
        if array.ndim != 4 or 0 in array.shape or array.shape[2:] not in ((joints, channels), (joints, channels + 1)):
            raise RecordingError(
                f'Frame {self.seen} of the stream is {np.shape(frames)}; expected persons, or persons and frames, then '
                f'{joints} joints of {channels} coordinates, and optionally a score.'
            )
        if not np.isfinite(array).all():
            raise RecordingError(
                f'Frame {self.seen} of the stream is not finite. Write 0 for joints that are not seen.'
            )
        if self.recent is not None and len(array) != len(self.recent.keypoint):
            raise RecordingError(
                f'In frame {self.seen} of the stream the number of persons changes from {len(self.recent.keypoint)} to '
                f'{len(array)}. Write 0 for absent people, or give a list of people.'
            )
        score = array[..., channels] if array.shape[3] > channels else None
        return prepare.with_score(Clip(array[..., :channels], score, self.img_shape))

    def channels(self, *arrays: np.ndarray) -> int:
        """Coordinates of a joint. A model of any body takes 3D and, with ``img_shape`` or without a third column,
        pixels."""
        pixels = self.img_shape is not None or any(array.shape[-1] == 2 for array in arrays)
        return 2 if self.scorer.prepare.takes_bodies and pixels else self.scorer.prepare.channels

    def placed(self, people: list) -> np.ndarray:
        """People at the indices that the tracker gives them.  # list of (V, D) -> (num_person, V, D)"""
        prepare = self.scorer.prepare
        people = [np.asarray(person, dtype=np.float32) for person in people]
        shape = len(prepare.skeleton), self.channels(*people[:1])
        for number, person in enumerate(people):
            if person.shape not in (shape, (shape[0], shape[1] + 1)):
                raise RecordingError(
                    f'Person {number} of frame {self.seen} of the stream is {person.shape}; expected {shape[0]} joints '
                    f'of {shape[1]} coordinates, and optionally a score.'
                )
        width = max((person.shape[1] for person in people), default=shape[1])
        placed = np.zeros((prepare.num_person, shape[0], width), np.float32)
        places = self.tracker([person[:, : shape[1]] for person in people])
        for person, place in zip(people, places, strict=True):
            if place is not None:
                placed[place, :, : person.shape[1]] = person
        return placed


def open_scorer(model, checkpoint, device: str) -> 'WindowScorer | SavedScorer':
    """What scores the windows of a stream."""
    kind, opened = (
        saved(find_model(model), device) if isinstance(model, str | Path) and not checkpoint else (None, None)
    )
    if opened:
        return SavedScorer(opened, detects=kind == DETECTOR)
    model = model if isinstance(model, FrameLocalizer) else load_model(model, checkpoint)
    if not isinstance(model, FrameLocalizer):
        raise UsageError(
            f'{type(model).__name__} scores no frames. Choose a model of detection or segmentation, or one that '
            'usdrl fit or usdrl enrol wrote.'
        )
    return WindowScorer(model.to(device).eval())


class SavedScorer:
    """Scores windows of a stream by a saved ``ActionDetector``, or by an ``ActionClassifier``: all frames of a window
    get its answer, the background if that is unknown."""

    causal = False

    def __init__(self, model, detects: bool):
        self.model, self.detects = model, detects
        self.prepare = Preparation(model.encoder_.model)
        self.prepare.trained_layout = self.trained_layout = model.layout_
        self.classes = [str(name) for name in model.classes_.tolist()]
        self.num_scores = 1 + len(self.classes)
        self.window = round(WINDOWS * np.median(model.lengths_)) if self.detects else CLASSIFIED
        self.stride = max(self.window // STEPS, 1)

    def set_layout(self, layout: str | dict | None):
        """Takes clips of another layout from now on; None is the body."""
        self.prepare = Preparation(self.model.encoder_.model, layout)
        self.prepare.trained_layout = self.trained_layout
        self.model.layout = self.model.layout_ = layout or 'body'

    def __call__(self, clip: Clip, starts: list[int]) -> np.ndarray:
        """The scores of the windows of a clip.  # (N, window, 1 + classes)"""
        windows = [cut(clip.keypoint, start, self.window) for start in starts]
        if self.detects:
            return np.stack([self.model.frame_scores([window])[0] for window in windows])
        seen = [window if window.any() else np.ones_like(window) for window in windows]
        probability, novelty = self.model.answer(self.model.encoder_.prepare(seen, self.model.layout_))
        strange = novelty > self.model.known_.threshold
        strange |= [not window.any() for window in windows]
        scores = np.concatenate([strange[:, None], probability * ~strange[:, None]], axis=1)
        return np.repeat(scores[:, None], self.window, axis=1)


def joined(before: Clip | None, after: Clip) -> Clip:
    if before is None:
        return after
    score = None if after.score is None else np.concatenate([before.score, after.score], axis=1)
    return after._replace(keypoint=np.concatenate([before.keypoint, after.keypoint], axis=1), score=score)
