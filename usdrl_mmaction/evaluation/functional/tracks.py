"""The scores of whole videos, frame by frame: put together from windows, and kept in a file, from which proposals can
be made again without the model."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple
from zipfile import ZipFile, is_zipfile

import numpy as np


class Tracks(NamedTuple):
    """What a file of tracks holds."""

    scores: dict[str, np.ndarray]  # video -> (T, classes), the background first
    classes: list[str]  # without the background
    fps: float


def stitch(windows: Iterable[tuple[int, np.ndarray]], track: np.ndarray):
    """Writes to a frame of a track the mean of what windows say of it; they may go on past the end of the video.

    ``windows`` are (start, scores (t, classes)), in the order of time; ``track`` (T, classes) is zero.
    """
    counts = np.zeros(len(track), np.int32)
    for start, scores in windows:
        shown = scores[: len(track) - start]
        track[start : start + len(shown)] += shown
        counts[start : start + len(shown)] += 1
    unseen = np.flatnonzero(counts == 0)
    if len(unseen):
        raise ValueError(f'{len(unseen)} of {len(track)} frames are in no window, the first is frame {unseen[0]}')
    track /= counts[:, None]


def save_tracks(path: str | Path, tracks: Iterable[tuple[str, np.ndarray]], classes: Sequence[str], fps: float):
    """Writes an ``.npz`` of ``videos``, ``classes``, ``fps`` and, for the n-th video, ``scores/n``. One track is held
    at a time."""
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    videos = []
    with ZipFile(path, 'w') as file:
        for video, scores in tracks:
            _write(file, f'scores/{len(videos)}', scores)
            videos.append(video)
        for name, value in (('videos', np.array(videos, str)), ('classes', np.array(classes, str)), ('fps', fps)):
            _write(file, name, value)
    if not videos:
        Path(path).unlink()
        raise ValueError(f'No video was scored: there are no tracks to write to {path}.')


def load_tracks(path: str | Path) -> Tracks:
    """What ``save_tracks`` wrote."""
    if not is_zipfile(path):
        raise ValueError(f'{path} is no .npz file of score tracks. It may be missing, cut short or of another kind.')
    with np.load(path) as file:
        missing = {'videos', 'classes', 'fps'} - set(file)
        if missing:
            raise ValueError(f'{path} is no file of score tracks: it lacks {", ".join(sorted(missing))}.')
        scores = {video: file[f'scores/{number}'] for number, video in enumerate(file['videos'].tolist())}
        return Tracks(scores, file['classes'].tolist(), float(file['fps']))


def _write(file: ZipFile, name: str, value):
    with file.open(f'{name}.npy', 'w', force_zip64=True) as member:
        np.lib.format.write_array(member, np.asanyarray(value), allow_pickle=False)
