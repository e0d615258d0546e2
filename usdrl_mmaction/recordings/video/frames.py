"""The frames of a video file, read one after another."""

import os
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path

import cv2
import numpy as np
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from usdrl_mmaction.errors import RecordingError
from usdrl_mmaction.files import missing

os.environ.setdefault('OPENCV_FFMPEG_LOGLEVEL', '-8')  # it complains of damage frame by frame
PLAUSIBLE = (1, 1000)  # frames per second; some containers give the ticks of their clock


class Frames:
    """The frames of a video, upright as its metadata say.  # (H, W, 3), BGR

    ``expected`` is how many the file claims to have (None if it does not say), ``fps`` how many a second (None if it
    does not say). ``shape``, height and width, is known once the first one is read.
    """

    def __init__(self, path: str | Path):
        self.path = Path(path)
        if not self.path.is_file():
            raise missing(self.path, 'video')
        with without_stderr():  # a damaged file gives one message, and that is ours
            self.video = cv2.VideoCapture(str(path))
        count, fps = (self.video.get(prop) for prop in (cv2.CAP_PROP_FRAME_COUNT, cv2.CAP_PROP_FPS))
        self.expected = int(count) if 0 < count < 1e9 else None
        self.fps = fps if PLAUSIBLE[0] <= fps <= PLAUSIBLE[1] else None
        self.shape = None

    def __iter__(self) -> Iterator[np.ndarray]:
        while (frame := self.video.read()[1]) is not None:
            self.shape = self.shape or frame.shape[:2]
            yield frame if frame.shape[:2] == self.shape else cv2.resize(frame, self.shape[::-1])
        self.video.release()
        if self.shape is None:
            raise RecordingError(f'{self.path} has no frames, or is not a video that OpenCV can read.')


@contextmanager
def frame_bar() -> Iterator[Progress]:
    """A bar on stderr, where that is a terminal: elsewhere rich leaves empty lines."""
    columns = (TextColumn('{task.description}'), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    bar = Progress(*columns, console=Console(stderr=True), transient=True)
    with bar if bar.console.is_terminal else nullcontext():
        yield bar


@contextmanager
def without_stderr():
    """Hides what C++ code writes there, such as OpenCV and MediaPipe when they start."""
    kept, nowhere = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 2)
    try:
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(nowhere)
