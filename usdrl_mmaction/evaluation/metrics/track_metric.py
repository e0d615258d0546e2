"""The base of metrics on whole videos, which a model scores one window at a time."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory, TemporaryFile
from typing import NamedTuple

import numpy as np
from mmengine.dist import all_gather_object, barrier, broadcast_object_list, is_main_process
from mmengine.evaluator import BaseMetric

from usdrl_mmaction.datasets.windows import stitch
from usdrl_mmaction.errors import PredictionError
from usdrl_mmaction.files import missing

FILE = 'windows.bin'


class Video(NamedTuple):
    scores: np.ndarray  # (T, classes), on disk
    segments: np.ndarray  # (S, 3) of label, start, end
    boundaries: np.ndarray | None = None  # (T, 2), on disk


class TrackMetric(BaseMetric):
    """Averages overlapping windows into one track of scores per video, and calls ``compute_metrics`` with the videos.

    A window has ``scores`` (t, classes), ``video``, ``start``, and the ``num_frames`` and ``segments`` of the video;
    without ``start`` and ``num_frames`` it is a whole video. Its ``boundaries`` (t, 2), if it has them, are averaged as
    well. Windows are stored on disk, and put together video by video in the order of time. So memory does not grow with
    the length of videos, and the result does not depend on their order or the number of processes. Duplicates count
    once.

    Args:
        collect_dir (str | None): Folder for the windows, by default the system's for temporary files. Processes on
            several machines need one that they share.
    """

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.forget()

    def forget(self):
        self.results.clear()
        self.facts = {}  # video -> the shape of its track, segments, the number of classes
        self.folder, self.end = None, 0

    def process(self, data_batch, data_samples):
        if self.folder is None:
            if self.collect_dir:
                Path(self.collect_dir).mkdir(parents=True, exist_ok=True)
            self.folder = TemporaryDirectory(prefix='usdrl_windows_', dir=self.collect_dir)
        with open(Path(self.folder.name, FILE), 'ab') as file:
            for sample in data_samples:
                scores = sample['scores'].float().cpu().numpy()
                self.check(sample['video'], scores)
                classes = scores.shape[1]
                if 'boundaries' in sample:
                    scores = np.concatenate([scores, sample['boundaries'].float().cpu().numpy()], axis=1)
                shape = sample.get('num_frames', len(scores)), scores.shape[1]
                self.facts[sample['video']] = shape, np.asarray(sample['segments']), classes
                self.results.append((sample['video'], sample.get('start', 0), self.end, scores.shape))
                self.end += file.write(np.ascontiguousarray(scores)) // scores.itemsize

    def check(self, video: str, scores: np.ndarray):
        if scores.ndim != 2 or not scores.size:
            raise PredictionError(f"Video {video} has 'scores' of shape {scores.shape}; expected (frames, classes).")

    def evaluate(self, size: int) -> dict:
        """The metrics of the windows of all processes. ``size`` is not needed: duplicates have the same start."""
        parts = all_gather_object((self.folder and self.folder.name, list(self.results), self.facts))
        metrics = [None]
        if is_main_process():
            found = self.compute_metrics(Videos(parts, self.collect_dir))
            metrics = [{f'{self.prefix}/{name}': value for name, value in found.items()}]
        broadcast_object_list(metrics)
        barrier()  # until no process needs the files
        if self.folder:
            self.folder.cleanup()
        self.forget()
        return metrics[0]


class Videos(Mapping):
    """The videos by name, in the order of their names. Each is put together when it is read.

    ``parts`` has for each process the folder of its windows; video, start, place in the file and shape of each window;
    and the facts of its videos.
    """

    def __init__(self, parts: list, collect_dir: str | None):
        self.collect_dir = collect_dir
        self.facts = {video: fact for _, _, facts in parts for video, fact in facts.items()}
        self.files = [folder and open_windows(Path(folder, FILE)) for folder, _, _ in parts]
        self.windows = {video: {} for video in sorted(self.facts)}  # video -> start -> where it is
        for file, (_, windows, _) in zip(self.files, parts, strict=True):
            for video, start, place, shape in windows:
                self.windows[video].setdefault(start, (file, place, shape))

    def __len__(self) -> int:
        return len(self.windows)

    def __iter__(self) -> Iterator[str]:
        return iter(self.windows)

    def __getitem__(self, video: str) -> Video:
        shape, segments, classes = self.facts[video]
        with TemporaryFile(dir=self.collect_dir) as file:
            track = np.memmap(file, np.float32, 'w+', shape=shape)
        try:
            stitch(self.read(video), track)
        except PredictionError as error:
            todo = 'Test windows must cover a video; lower their stride.'
            raise PredictionError(f'Video {video}: {error}. {todo}') from error
        return Video(track[:, :classes], segments, track[:, classes:] if classes < shape[1] else None)

    def read(self, video: str) -> Iterator[tuple[int, np.ndarray]]:
        for start, (file, place, (frames, classes)) in sorted(self.windows[video].items(), key=lambda item: item[0]):
            yield start, file[place : place + frames * classes].reshape(frames, classes)


def open_windows(path: Path) -> np.memmap:
    if not path.exists():
        todo = "Another process wrote it. Set the metric's 'collect_dir' to a folder that all machines share."
        raise missing(path, 'file of windows', todo)
    return np.memmap(path, np.float32, 'r')
