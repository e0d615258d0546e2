"""The segments of an untrimmed video: rows of label (from 1), start and end, in frames, ends exclusive."""

from collections.abc import Sequence

import numpy as np

from usdrl_mmaction.errors import AnnotationError

BACKGROUND = 'background'  # the name of label 0


def checked_segments(video: dict, num_frames: int, path: str, num_classes: int | None) -> np.ndarray:
    """The segments of a video of an annotation file, cut to the video.  # (S, 3)"""
    here = f"{path}: video '{video['frame_dir']}'"
    if 'segments' not in video:
        raise AnnotationError(
            f"{here} has no 'segments', rows of label, start and end. Use a file of untrimmed videos."
        )
    segments = np.asarray(video['segments'])
    if not segments.size:
        return np.empty((0, 3), np.int64)
    if not are_segments(segments):
        raise AnnotationError(
            f"{here} has 'segments' of shape {segments.shape} and type {segments.dtype}, not (S, 3) integers: label, "
            'start and end in frames.'
        )
    label, start, end = segments.T
    last = np.inf if num_classes is None else num_classes
    for wrong, fault in (
        ((label < 1) | (label > last), f'a label that is not from 1 to {num_classes or "any number"}'),
        (start >= end, 'a start that is not before its end'),
        ((start >= num_frames) | (end <= 0), f'no frame of the {num_frames} of the video'),
    ):
        if wrong.any():
            number = int(wrong.argmax())
            raise AnnotationError(
                f'{here}, segment {number}: {segments[number].tolist()} (label, start, end) has {fault}. Correct the '
                'file; usdrl inspect lists all such segments.'
            )
    return np.stack([label, start.clip(0), end.clip(max=num_frames)], axis=1).astype(np.int64)


def are_segments(array: np.ndarray) -> bool:
    return array.ndim == 2 and array.shape[1] == 3 and array.dtype.kind in 'iu'


def action_names(classes: Sequence[str]) -> list[str]:
    """The names of the classes from label 1 on: a file may name the background, label 0, as well."""
    classes = list(classes)
    return classes[1:] if classes[:1] == [BACKGROUND] else classes


def frame_labels(segments: np.ndarray, num_frames: int) -> np.ndarray:
    """The label of each frame: 0 without an action; of two actions, that of the later start.  # (T,)"""
    labels = np.zeros(num_frames, np.int64)
    for label, start, end in sorted(np.asarray(segments).tolist(), key=lambda segment: segment[1]):
        labels[start:end] = label
    return labels
