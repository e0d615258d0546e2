"""Recordings of any form: files of any known format, annotations, or arrays."""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from usdrl_mmaction.body import BODY, body_mapping, recognise
from usdrl_mmaction.datasets import read_annotations
from usdrl_mmaction.datasets.store import INDEX
from usdrl_mmaction.errors import LayoutError, RecordingError, UsdrlError
from usdrl_mmaction.skeletons import Skeleton, layout_of

from .clip import Clip, fit
from .readers import READERS, is_openpose, read_clip
from .readers.arrays import MEDIAPIPE, from_arrays
from .video import PoseModels, is_video, read_videos


class Recording(NamedTuple):
    """A recording that was not read yet."""

    name: str
    content: Any  # a path, an annotation, an array or a Clip


def find_recordings(given: Any) -> list[Recording]:
    """The recordings of a path, annotation or array, or of a list of these. An annotation file has many."""
    found = []
    one = isinstance(given, Recording) or not isinstance(given, list | tuple)
    for number, content in enumerate([given] if one else given):
        path = Path(content) if isinstance(content, str | Path) else None
        if path and (path.suffix in ('.pkl', '.pickle') or (path / INDEX).is_file()):
            content = read_annotations(str(path))
            found += in_file(content, content['annotations'])
        elif path:
            found.append(Recording(str(path), path))
        elif isinstance(content, Recording):
            found.append(content)
        else:
            name = content.get('frame_dir') if isinstance(content, dict) else None
            found.append(Recording(f'recording {number}' if name is None else str(name), content))
    return found


def with_videos(recordings: list[Recording], models: PoseModels) -> tuple[list[Recording], list[UsdrlError]]:
    """Recordings in which the people of videos were found, without the videos that cannot be used, and why not."""
    clips, faults = read_videos([each.content for each in recordings if is_video(each.content)], models)
    read = [each._replace(content=clips.get(each.content)) if is_video(each.content) else each for each in recordings]
    return [each for each in read if each.content is not None], faults


def in_file(content: dict, items: list[dict]) -> list[Recording]:
    """Annotations of a file as recordings that know the layout of the file."""
    meta = content.get('meta') or {}
    layout = meta.get('layout') or layout_of(meta.get('joints') or ())
    return [Recording(item['frame_dir'], {**item, 'layout': layout}) for item in items]


def recordings_below(folder: Path, others: Sequence[Path | None] = ()) -> dict[str, Path]:
    """The recordings in a folder and its folders, but for ``others``, by name: the path below the folder, without its
    suffix."""
    others, found = {path.resolve() for path in others if path}, {}
    paths = []
    for parent, folders, files in os.walk(folder):
        if is_openpose(Path(parent)):
            folders.clear()
            paths.append(Path(parent))
        else:
            paths += [Path(parent, file) for file in files if Path(file).suffix.lower() in READERS or is_video(file)]
    for path in sorted(paths):
        if path.resolve() in others:
            continue
        name = (path if path.is_dir() else path.with_suffix('')).relative_to(folder).as_posix()
        if name in found:
            raise RecordingError(f'{found[name]} and {path} have the same name. Rename or remove one.')
        found[name] = path
    if not found:
        raise RecordingError(f'{folder} has no recordings: no {", ".join(READERS)}, no *_keypoints.json and no videos.')
    return found


def read_body(recording: Recording, layout: str | dict | None = None) -> Clip:
    """A recording in any layout of a body, in pixels or 3D, with the joints of the layout 'body'. Without names of
    joints and a layout, it is recognised (``recognise``)."""
    clip = read_content(recording)
    if not clip.keypoint.any():
        raise RecordingError(f'{recording.name}: nobody is seen in it.')
    named = dict(names=clip.joints, parents=[None, *[0] * (len(clip.joints) - 1)])
    try:
        layout = layout or (isinstance(recording.content, dict) and recording.content.get('layout'))
        mapping = body_mapping(layout or (named if clip.joints else recognise(clip.keypoint)))
        joints = max((joint for source in mapping.sources for joint in source), default=0)
        if joints >= clip.keypoint.shape[2]:
            raise LayoutError(f'{clip.keypoint.shape[2]} joints are not those of the layout {layout}.')
    except LayoutError as error:
        raise RecordingError(f'{recording.name}: {error}') from None
    return Clip(mapping(clip.keypoint), joints=BODY.names)


def read_recording(recording: Recording, skeleton: Skeleton, channels: int) -> Clip:
    """A recording with the joints of a layout, in pixels (2 channels) or 3D. MediaPipe's joints map to any layout."""
    name, clip = recording.name, read_content(recording)
    mediapipe = clip.keypoint.shape[2] == len(MEDIAPIPE) != len(skeleton)
    if mediapipe:
        # World landmarks have y downwards: in 3D they are turned to the axes of depth sensors.
        pixels = channels == 2 or clip.keypoint.shape[-1] == 2
        keypoint = clip.keypoint[..., :2] if pixels else clip.keypoint * np.float32([-1, -1, 1])
        score = clip.keypoint.any(-1).astype(np.float32) if clip.score is None else clip.score
        clip = clip._replace(keypoint=keypoint, score=score, joints=MEDIAPIPE.names)
    clip = fit(clip, skeleton, name, estimate=mediapipe)
    if clip.keypoint.shape[3] != channels:
        raise RecordingError(
            f"{name}: 'keypoint' {clip.keypoint.shape} has {clip.keypoint.shape[3]} coordinates per joint, but the "
            f'model was trained on {channels}. Choose a model of {"pixels" if channels == 3 else "3D"}.'
        )
    return clip


def read_content(recording: Recording) -> Clip:
    name, content = recording
    if isinstance(content, Clip):
        return content
    return read_clip(content) if isinstance(content, Path) else from_arrays(content, name)
