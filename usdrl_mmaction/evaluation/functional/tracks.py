"""The scores of whole videos, frame by frame, as one file: proposals can be made from it again without the model."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple
from zipfile import is_zipfile

import numpy as np


class Tracks(NamedTuple):
    """What a file of tracks holds."""

    scores: dict[str, np.ndarray]  # video -> (T, classes), the background first
    classes: list[str]  # without the background
    fps: float


def save_tracks(path: str | Path, scores: Mapping[str, np.ndarray], classes: Sequence[str], fps: float):
    """Writes an ``.npz`` of ``videos``, ``num_frames``, ``scores`` (all videos in a row), ``classes`` and ``fps``."""
    if not scores:
        raise ValueError(f'No video was scored: there are no tracks to write to {path}.')
    videos = sorted(scores)
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    np.savez(
        path,
        videos=np.array(videos, dtype=str),
        num_frames=[len(scores[video]) for video in videos],
        scores=np.concatenate([scores[video] for video in videos]),
        classes=np.array(classes, dtype=str),
        fps=fps,
    )


def load_tracks(path: str | Path) -> Tracks:
    """What ``save_tracks`` wrote."""
    if not is_zipfile(path):
        raise ValueError(f'{path} is no .npz file of score tracks. It may be missing, cut short or of another kind.')
    with np.load(path) as file:
        missing = {'videos', 'num_frames', 'scores', 'classes', 'fps'} - set(file)
        if missing:
            raise ValueError(f'{path} is no file of score tracks: it lacks {", ".join(sorted(missing))}.')
        parts = np.split(file['scores'], np.cumsum(file['num_frames'])[:-1])
        scores = dict(zip(file['videos'].tolist(), parts, strict=True))
        return Tracks(scores, file['classes'].tolist(), float(file['fps']))
