"""Recordings in whatever form they come: files of any format that is read here, annotations, or arrays."""

from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from usdrl_mmaction.datasets import read_annotations
from usdrl_mmaction.datasets.store import INDEX
from usdrl_mmaction.errors import RecordingError
from usdrl_mmaction.skeletons import Skeleton

from .clip import Clip, fit
from .readers import read_clip
from .readers.arrays import MEDIAPIPE, from_arrays


class Recording(NamedTuple):
    """One recording that is still to be read."""

    name: str
    source: Any  # a path, an annotation or an array


def find_recordings(inputs: Any) -> list[Recording]:
    """The recordings of one input or a list of them; an annotation file has many."""
    inputs = inputs if isinstance(inputs, list | tuple) else [inputs]
    found = []
    for number, source in enumerate(inputs):
        if isinstance(source, str | Path):
            found += _recordings_at(Path(source))
        elif isinstance(source, dict):
            found.append(Recording(str(source.get('frame_dir', f'input {number}')), source))
        else:
            found.append(Recording(f'input {number}', source))
    return found


def read_recording(recording: Recording, skeleton: Skeleton, channels: int) -> Clip:
    """A recording with the joints of a layout, in pixels (2 channels) or 3D. MediaPipe's are brought into any."""
    name, source = recording
    clip = read_clip(source) if isinstance(source, Path) else from_arrays(source, name)
    foreign = clip.keypoint.shape[2] == len(MEDIAPIPE) != len(skeleton)
    if foreign:
        clip = from_mediapipe(clip, flat=channels == 2)
    clip = fit(clip, skeleton, name, estimate=foreign)
    if clip.keypoint.shape[3] != channels:
        raise RecordingError(
            f"{name}: 'keypoint' {clip.keypoint.shape} has {clip.keypoint.shape[3]} coordinates a joint, but the "
            f'model was trained on {channels}. Choose a model of {"pixels" if channels == 3 else "3D"}.'
        )
    return clip


def from_mediapipe(clip: Clip, flat: bool) -> Clip:
    """With names and scores. World landmarks have y downwards: in 3D they are turned to where sensors have it."""
    keypoint = clip.keypoint[..., :2] if flat else clip.keypoint * np.float32([-1, -1, 1])
    score = clip.keypoint.any(-1).astype(np.float32) if clip.score is None else clip.score
    return clip._replace(keypoint=keypoint, score=score, joints=MEDIAPIPE.names)


def _recordings_at(path: Path) -> list[Recording]:
    if path.suffix in ('.pkl', '.pickle') or (path / INDEX).is_file():
        return [Recording(item['frame_dir'], item) for item in read_annotations(str(path))['annotations']]
    return [Recording(str(path), path)]
