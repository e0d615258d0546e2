"""Files of the scores of whole videos, frame by frame, to make proposals from without running the model again."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple
from zipfile import ZipFile, is_zipfile

import numpy as np

from usdrl_mmaction.errors import PredictionError
from usdrl_mmaction.files import missing, replacing


class Tracks(NamedTuple):
    """The content of a file of tracks."""

    scores: dict[str, np.ndarray]  # video -> (T, classes), the background first
    classes: list[str]  # without the background
    fps: float
    boundaries: dict[str, np.ndarray]  # video -> (T, 2), starts and ends, of models that have them


def save_tracks(path: str | Path, tracks: Iterable[tuple], classes: Sequence[str], fps: float):
    """Writes an ``.npz`` of ``videos``, ``classes``, ``fps`` and, for the n-th video, ``scores/n`` and, if it has them,
    ``boundaries/n``. ``tracks`` are (video, scores) or (video, scores, boundaries), which are written one at a time."""
    videos = []
    with replacing(path) as draft, ZipFile(draft, 'w') as file:
        for video, scores, *boundaries in tracks:
            _write(file, f'scores/{len(videos)}', scores)
            if boundaries and boundaries[0] is not None:
                _write(file, f'boundaries/{len(videos)}', boundaries[0])
            videos.append(video)
        for name, value in (('videos', np.array(videos, str)), ('classes', np.array(classes, str)), ('fps', fps)):
            _write(file, name, value)
        if not videos:
            raise PredictionError(f'No video was scored: there are no tracks to write to {path}.')


def load_tracks(path: str | Path) -> Tracks:
    """Reads what ``save_tracks`` wrote."""
    if not Path(path).exists():
        raise missing(path, 'file of score tracks')
    if not is_zipfile(path):
        raise PredictionError(f'{path} is no .npz file of score tracks. It may be cut short or of another kind.')
    with np.load(path) as file:
        lacking = {'videos', 'classes', 'fps'} - set(file)
        if lacking:
            raise PredictionError(f'{path} is no file of score tracks: it lacks {", ".join(sorted(lacking))}.')
        videos, names = file['videos'].tolist(), set(file)
        scores, boundaries = (
            {video: file[f'{kind}/{number}'] for number, video in enumerate(videos) if f'{kind}/{number}' in names}
            for kind in ('scores', 'boundaries')
        )
        return Tracks(scores, file['classes'].tolist(), float(file['fps']), boundaries)


def _write(file: ZipFile, name: str, value):
    with file.open(f'{name}.npy', 'w', force_zip64=True) as member:
        np.lib.format.write_array(member, np.asanyarray(value), allow_pickle=False)
