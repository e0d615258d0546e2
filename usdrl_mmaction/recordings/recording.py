"""Recordings of any form: files of any known format, annotations, or arrays."""

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
    """A recording that was not read yet."""

    name: str
    content: Any  # a path, an annotation or an array


def find_recordings(given: Any) -> list[Recording]:
    """The recordings of a path, annotation or array, or of a list of these. An annotation file has many."""
    found = []
    for number, content in enumerate(given if isinstance(given, list | tuple) else [given]):
        path = Path(content) if isinstance(content, str | Path) else None
        if path and (path.suffix in ('.pkl', '.pickle') or (path / INDEX).is_file()):
            found += [Recording(item['frame_dir'], item) for item in read_annotations(str(path))['annotations']]
        elif path:
            found.append(Recording(str(path), path))
        else:
            name = content.get('frame_dir') if isinstance(content, dict) else None
            found.append(Recording(f'recording {number}' if name is None else str(name), content))
    return found


def read_recording(recording: Recording, skeleton: Skeleton, channels: int) -> Clip:
    """A recording with the joints of a layout, in pixels (2 channels) or 3D. MediaPipe's joints map to any layout."""
    name, content = recording
    clip = read_clip(content) if isinstance(content, Path) else from_arrays(content, name)
    mediapipe = clip.keypoint.shape[2] == len(MEDIAPIPE) != len(skeleton)
    if mediapipe:
        # World landmarks have y downwards: in 3D they are turned to the axes of depth sensors.
        keypoint = clip.keypoint[..., :2] if channels == 2 else clip.keypoint * np.float32([-1, -1, 1])
        score = clip.keypoint.any(-1).astype(np.float32) if clip.score is None else clip.score
        clip = clip._replace(keypoint=keypoint, score=score, joints=MEDIAPIPE.names)
    clip = fit(clip, skeleton, name, estimate=mediapipe)
    if clip.keypoint.shape[3] != channels:
        raise RecordingError(
            f"{name}: 'keypoint' {clip.keypoint.shape} has {clip.keypoint.shape[3]} coordinates per joint, but the "
            f'model was trained on {channels}. Choose a model of {"pixels" if channels == 3 else "3D"}.'
        )
    return clip
