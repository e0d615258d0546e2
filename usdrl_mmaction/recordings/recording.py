"""Recordings of any form: files of any known format, annotations, or arrays."""

import logging
import os
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from usdrl_mmaction.body import BODY, body_mapping, evident_layout, recognise
from usdrl_mmaction.datasets import read_annotations
from usdrl_mmaction.datasets.store import INDEX
from usdrl_mmaction.errors import AnnotationError, LayoutError, RecordingError, UsdrlError
from usdrl_mmaction.skeletons import LAYOUTS, Skeleton, estimated_mapping, get_skeleton, joint_mapping, layout_of

from .clip import Clip, check_somebody, fit
from .readers import is_frames, is_recording, read_clip, suffixes
from .readers.arrays import MEDIAPIPE, from_arrays
from .readers.csv_table import Part, parts_of, read_part, tells_parts
from .video import PoseModels, is_video, read_videos

TABLES = ('.csv', '.tsv', '.txt')  # that may hold many recordings
SAID = set()  # notes, without the names of recordings: each is given once


class Recording(NamedTuple):
    """A recording that was not read yet."""

    name: str
    content: Any  # a path, a part of a table, an annotation, an array or a Clip
    label: str | None = None  # where a table tells
    subject: str | None = None


def find_recordings(given: Any) -> list[Recording]:
    """The recordings of a path, annotation or array, or of a list of these. An annotation file has many, and so has a
    folder.

    Examples:
        >>> import numpy as np
        >>> from usdrl_mmaction.recordings.recording import find_recordings
        >>> [recording.name for recording in find_recordings([np.random.rand(40, 17, 2), 'wave.csv'])]
        ['recording 0', 'wave.csv']
    """
    found = []
    given = given if isinstance(given, list | tuple) and not isinstance(given, Recording) else [given]
    for number, content in enumerate(given):
        path = Path(content) if isinstance(content, str | Path) else None
        kept = path and (path.suffix in ('.pkl', '.pickle') or (path / INDEX).is_file()) and annotations_in(path)
        if kept:
            found += in_file(kept, kept['annotations'])
        elif path and path.is_dir() and not is_frames(path):
            found += recordings_below(path).values()
        elif path:
            found += in_table(path)
        elif isinstance(content, Recording):
            found.append(content)
        else:
            name = content.get('frame_dir') if isinstance(content, dict) else None
            found.append(Recording(f'recording {number}' if name is None else str(name), content))
    return found


def with_videos(recordings: list[Recording], models: PoseModels) -> tuple[list[Recording | None], list[UsdrlError]]:
    """Recordings in which the people of videos were found, or None for a video that cannot be used; and why not."""
    clips, faults = read_videos([each.content for each in recordings if is_video(each.content)], models)
    read = [each._replace(content=clips.get(each.content)) if is_video(each.content) else each for each in recordings]
    return [None if each.content is None else each for each in read], faults


def annotations_in(path: Path) -> dict | None:
    """The content of an annotation file or store; None for what a pose estimator pickled."""
    try:
        return read_annotations(str(path))
    except AnnotationError:
        if not is_recording(path):
            raise
        return None


def in_table(path: Path) -> list[Recording]:
    """The recording of a file, or those of a table with a column that tells clips apart."""
    if path.suffix.lower() in TABLES and path.is_file() and tells_parts(path):
        with suppress(RecordingError):  # reading it raises again, where it belongs
            parts = parts_of(path)
            return [
                Recording(f'{path}/{part.name}', part, part.label, part.subject)
                if len(parts) > 1
                else Recording(str(path), path, part.label, part.subject)
                for part in parts
            ]
    return [Recording(str(path), path)]


def in_file(content: dict, items: list[dict]) -> list[Recording]:
    """Annotations of a file as recordings that know the layout of the file."""
    meta = content.get('meta') or {}
    layout = meta.get('layout') or layout_of(meta.get('joints') or ())
    return [Recording(item['frame_dir'], {**item, 'layout': layout}) for item in items]


def recordings_below(folder: Path, others: Sequence[Path | None] = ()) -> dict[str, Recording]:
    """The recordings in a folder and its folders, but for ``others``, or in a table, by name: the path below the
    folder, without its suffix, and the name of the clip in a table of many."""
    others, found = {path.resolve() for path in others if path}, {}
    paths = [folder] if folder.is_file() else []
    folder = folder.parent if paths else folder
    for parent, folders, files in () if paths else os.walk(folder):
        if is_frames(Path(parent)):
            folders.clear()
            paths.append(Path(parent))
        else:
            paths += [Path(parent, file) for file in files if Path(file).suffix.lower() in suffixes() or is_video(file)]
    for path in sorted(paths):
        if path.resolve() in others:
            continue
        name = (path if path.is_dir() else path.with_suffix('')).relative_to(folder).as_posix()
        for recording in in_table(path):
            part = recording.content.name if isinstance(recording.content, Part) else ''
            own = f'{name}/{part}' if part else name
            if own in found:
                raise RecordingError(
                    f'{found[own].name} and {recording.name} have the same name. Rename or remove one.'
                )
            found[own] = recording
    if not found:
        raise RecordingError(f'{folder} has no recordings: no {", ".join(suffixes())}, video or folder of frames.')
    return found


def read_body(recording: Recording, layout: str | dict | None = None, usual: str | dict | None = None) -> Clip:
    """A recording in any layout of a body, in pixels or 3D, with the joints of the layout 'body'. Without names of
    joints and a layout, it is ``usual`` if it has as many joints, or recognised (``recognise``).

    Examples:
        >>> from usdrl_mmaction.datasets.synthetic import labelled_clips
        >>> from usdrl_mmaction.recordings.recording import find_recordings, read_body
        >>> clips, _ = labelled_clips(1)
        >>> (recording,) = find_recordings(clips)
        >>> read_body(recording, layout='nturgb+d').keypoint.shape  # 19 joints
        (1, 160, 19, 3)
    """
    clip = read_content(recording)
    keypoint = body_of(clip, recording, layout, usual)
    return Clip(keypoint, joints=BODY.names, fps=clip.fps, notes=clip.notes)


def body_of(
    clip: Clip, recording: Recording, layout: str | dict | None = None, usual: str | dict | None = None
) -> np.ndarray:
    """The joints of the layout 'body'.  # (M, T, 19, C)"""
    check_somebody(clip, recording.name)
    try:
        mapping = body_mapping(layout_of_clip(recording, clip, layout, usual))
        joints = max((joint for source in mapping.sources for joint in source), default=0)
        if joints >= clip.keypoint.shape[2]:
            raise LayoutError(f'{clip.keypoint.shape[2]} joints are not those of the layout {layout}.')
    except LayoutError as error:
        raise RecordingError(f'{recording.name}: {error}') from None
    return mapping(clip.keypoint)


def declared_layout(recording: Recording) -> str | dict | None:
    """The layout that an annotation file says."""
    return recording.content.get('layout') if isinstance(recording.content, dict) else None


def layout_in(clip: Clip) -> str | dict:
    """The layout of a clip: by the names of its joints or, without such names, the one that they look like."""
    if not any(joint_mapping(clip.joints, BODY.names).sources):
        return recognise(clip.keypoint)
    return layout_of(clip.joints) or dict(names=clip.joints, parents=[None, *[0] * (len(clip.joints) - 1)])


def known_layout(clip: Clip) -> str:
    """The known layout that a clip has all joints of: the largest one, or 'body'."""
    layout = layout_in(clip)
    if isinstance(layout, str):
        return layout
    whole = [name for name in LAYOUTS if not joint_mapping(clip.joints, LAYOUTS[name].names).missing]
    return max(whole, key=lambda name: len(LAYOUTS[name]), default='body')


def in_layout(clip: Clip, recording: Recording, layout: str | Skeleton) -> Clip:
    """The clip with the joints of a layout. MediaPipe's joints and those of other bodies with names map to any layout.
    Joints without names are refused if they lie as those of another one."""
    skeleton = get_skeleton(layout) if isinstance(layout, str) else layout
    check_somebody(clip, recording.name)
    if layout == 'body':
        return Clip(body_of(clip, recording), None, clip.img_shape, BODY.names, clip.fps, clip.notes)
    if clip.keypoint.shape[2] == len(MEDIAPIPE) != len(skeleton):
        score = clip.keypoint.any(-1).astype(np.float32) if clip.score is None else clip.score
        clip = clip._replace(keypoint=upright(clip.keypoint), score=score, joints=clip.joints or MEDIAPIPE.names)
    named = any(joint_mapping(clip.joints, skeleton.names).sources)
    asked = next((name for name in LAYOUTS if LAYOUTS[name] == skeleton), None)
    sure = named or declared_layout(recording) or not asked or len(skeleton) != clip.keypoint.shape[2]
    if other := None if sure else evident_layout(clip.keypoint, asked):
        raise RecordingError(
            f'{recording.name}: its {len(skeleton)} joints lie as those of {other}, not of {asked}. Choose that '
            'layout, or name the joints in the file.'
        )
    return fit(clip, skeleton, recording.name, estimate=named)


def layout_of_clip(
    recording: Recording, clip: Clip, layout: str | dict | None, usual: str | dict | None = None
) -> str | dict:
    """The layout that a recording is said to have, that of the names in its file, or the one that it looks like."""
    layout = layout or declared_layout(recording)
    named = any(joint_mapping(clip.joints, BODY.names).sources)
    same = usual is not None and len(get_skeleton(usual)) == clip.keypoint.shape[2]
    return layout or (usual if same and not named else layout_in(clip))


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
    if channels == 2 and clip.keypoint.shape[2] == len(MEDIAPIPE) != len(skeleton):
        clip = clip._replace(keypoint=clip.keypoint[..., :2])
    other = other_layout(recording, clip, skeleton, layout, usual)
    clip = mapped(clip, recording, other, skeleton) if other else in_layout(clip, recording, skeleton)
    if clip.keypoint.shape[3] != channels:
        raise RecordingError(
            f"{name}: 'keypoint' {clip.keypoint.shape} has {clip.keypoint.shape[3]} coordinates per joint, but the "
            f'model was trained on {channels}. Choose a model of {"pixels" if channels == 3 else "3D"}.'
        )
    return clip


def mapped(clip: Clip, recording: Recording, layout: str | dict, skeleton: Skeleton) -> Clip:
    """The clip of a layout with the joints of another body, those that it lacks estimated."""
    names, keypoint = get_skeleton(layout).names, clip.keypoint
    if names == MEDIAPIPE.names:
        keypoint = upright(keypoint)
    mapping = estimated_mapping(names, skeleton)
    score = clip.keypoint.any(-1).astype(np.float32) if clip.score is None else clip.score
    clip = clip._replace(keypoint=mapping(keypoint), score=mapping.scores(score), joints=skeleton.names)
    return fit(clip, skeleton, recording.name)


def upright(keypoint: np.ndarray) -> np.ndarray:
    """MediaPipe's landmarks: those of the world, which have y downwards, are turned to the axes of depth sensors."""
    return keypoint if keypoint.shape[3] == 2 else keypoint * np.float32([-1, -1, 1])


def other_layout(recording: Recording, clip: Clip, skeleton: Skeleton, layout, usual) -> str | dict | None:
    """The layout of a recording if that is another than the model's, both are of a body, and joints are common."""
    has_own = clip.joints or layout or declared_layout(recording)
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
    """What a recording holds. What is not read of it is said once for all recordings that are alike."""
    clip = read_quietly(recording)
    for note in clip.notes:
        if note not in SAID:
            SAID.add(note)
            logging.getLogger('usdrl_mmaction').warning('%s: %s.', recording.name, note)
    return clip


def read_quietly(recording: Recording) -> Clip:
    content = recording.content
    if isinstance(content, Clip):
        return content
    if isinstance(content, Part):
        return read_part(content)
    return read_clip(content) if isinstance(content, Path) else from_arrays(content, recording.name)
