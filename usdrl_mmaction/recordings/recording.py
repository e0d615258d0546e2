"""Recordings of any form: files of any known format, annotations, or arrays."""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from usdrl_mmaction.body import BODY, body_mapping, recognise
from usdrl_mmaction.datasets import read_annotations
from usdrl_mmaction.datasets.store import INDEX
from usdrl_mmaction.errors import LayoutError, RecordingError
from usdrl_mmaction.skeletons import Skeleton, estimated_mapping, get_skeleton, layout_of

from .clip import Clip, fit
from .readers import READERS, is_openpose, read_clip
from .readers.arrays import MEDIAPIPE, from_arrays


class Recording(NamedTuple):
    """A recording that was not read yet."""

    name: str
    content: Any  # a path, an annotation or an array


def find_recordings(given: Any) -> list[Recording]:
    """The recordings of a path, annotation or array, or of a list of these. An annotation file has many, and so has a
    folder."""
    found = []
    given = given if isinstance(given, list | tuple) and not isinstance(given, Recording) else [given]
    for number, content in enumerate(given):
        if isinstance(content, Recording):
            found.append(content)
            continue
        path = Path(content) if isinstance(content, str | Path) else None
        if path and (path.suffix in ('.pkl', '.pickle') or (path / INDEX).is_file()):
            content = read_annotations(str(path))
            found += in_file(content, content['annotations'])
        elif path and path.is_dir() and not is_openpose(path):
            found += [Recording(str(below), below) for below in recordings_below(path).values()]
        elif path:
            found.append(Recording(str(path), path))
        else:
            name = content.get('frame_dir') if isinstance(content, dict) else None
            found.append(Recording(f'recording {number}' if name is None else str(name), content))
    return found


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
            paths += [Path(parent, file) for file in files if Path(file).suffix.lower() in READERS]
    for path in sorted(paths):
        if path.resolve() in others:
            continue
        name = (path if path.is_dir() else path.with_suffix('')).relative_to(folder).as_posix()
        if name in found:
            raise RecordingError(f'{found[name]} and {path} have the same name. Rename or remove one.')
        found[name] = path
    if not found:
        raise RecordingError(f'{folder} has no recordings: no {", ".join(READERS)} and no *_keypoints.json.')
    return found


def read_body(recording: Recording, layout: str | dict | None = None, usual: str | dict | None = None) -> Clip:
    """A recording in any layout of a body, in pixels or 3D, with the joints of the layout 'body'. Without names of
    joints and a layout, it is ``usual`` if it has as many joints, or recognised (``recognise``)."""
    clip = read_content(recording)
    if not clip.keypoint.any():
        raise RecordingError(f'{recording.name}: nobody is seen in it.')
    try:
        source = layout_of_clip(recording, clip, layout, usual)
        mapping = body_mapping(source)
        joints = max((joint for source in mapping.sources for joint in source), default=0)
        if joints >= clip.keypoint.shape[2]:
            raise LayoutError(f'{clip.keypoint.shape[2]} joints are not those of the layout {layout}.')
    except LayoutError as error:
        raise RecordingError(f'{recording.name}: {error}') from None
    return Clip(mapping(clip.keypoint), joints=BODY.names)


def layout_of_clip(
    recording: Recording, clip: Clip, layout: str | dict | None, usual: str | dict | None = None
) -> str | dict:
    """The layout that a recording is said to have, that of the names in its file, or the one that it looks like."""
    layout = layout or (isinstance(recording.content, dict) and recording.content.get('layout'))
    if layout or clip.joints:
        return layout or dict(names=clip.joints, parents=[None, *[0] * (len(clip.joints) - 1)])
    same = usual is not None and len(get_skeleton(usual)) == clip.keypoint.shape[2]
    return usual if same else recognise(clip.keypoint)


def read_recording(
    recording: Recording,
    skeleton: Skeleton,
    channels: int,
    layout: str | dict | None = None,
    usual: str | dict | None = None,
) -> Clip:
    """A recording with the joints of a layout, in pixels (2 channels) or 3D. The joints of any other layout of a body
    are mapped to it, those that it lacks estimated. ``layout`` and ``usual`` are as ``read_body`` takes them."""
    name, clip = recording.name, read_content(recording)
    if clip.keypoint.shape[2] == len(MEDIAPIPE) != len(skeleton) and channels == 2:
        clip = clip._replace(keypoint=clip.keypoint[..., :2])
    if clip.keypoint.shape[3] != channels:
        raise RecordingError(
            f"{name}: 'keypoint' {clip.keypoint.shape} has {clip.keypoint.shape[3]} coordinates per joint, but the "
            f'model was trained on {channels}. Choose a model of {"pixels" if channels == 3 else "3D"}.'
        )
    if other := other_layout(recording, clip, skeleton, layout, usual):
        names = get_skeleton(other).names
        mapping = estimated_mapping(names, skeleton)
        score = clip.keypoint.any(-1).astype(np.float32) if clip.score is None else clip.score
        keypoint = clip.keypoint
        if names == MEDIAPIPE.names and channels == 3:  # world landmarks have y downwards
            keypoint = keypoint * np.float32([-1, -1, 1])
        clip = clip._replace(keypoint=mapping(keypoint), score=mapping.scores(score), joints=skeleton.names)
    return fit(clip, skeleton, name)


def other_layout(recording: Recording, clip: Clip, skeleton: Skeleton, layout, usual) -> str | dict | None:
    """The layout of a recording if that is another than the model's, both are of a body, and joints are common."""
    has_own = clip.joints or layout or (isinstance(recording.content, dict) and recording.content.get('layout'))
    if not has_own and clip.keypoint.shape[2] == len(skeleton):
        return None
    try:
        found = layout_of_clip(recording, clip, layout, usual)
        body_mapping(found)
        body_mapping(dict(names=skeleton.names, parents=list(skeleton.parents)))
    except LayoutError:
        return None  # fit names what differs
    same = get_skeleton(found) == skeleton or len(get_skeleton(found)) != clip.keypoint.shape[2]
    return None if same else found


def read_content(recording: Recording) -> Clip:
    name, content = recording
    return read_clip(content) if isinstance(content, Path) else from_arrays(content, name)
