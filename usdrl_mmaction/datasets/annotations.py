"""Annotation files: MMAction2's pose pickles, read without trusting them, and the stores that usdrl pack makes
of them. What is read is checked as far as that is quick; usdrl inspect looks closer."""

import os

from usdrl_mmaction.errors import AnnotationError

from .safe_pickle import read_pickle
from .store import open_store

COMMANDS = {
    **{f'synthetic{kind}.pkl': 'usdrl synthetic' for kind in ('', '_2d', '_other', '_untrimmed')},
    **{f'{name}.pkl': f'usdrl download {name}' for name in ('ntu60_3d', 'ntu120_3d', 'ntu60_2d', 'ntu120_2d')},
    **{
        f'pkummd{part}{kind}.pkl': f'usdrl convert-pkummd {part} SKELETONS LABELS SPLITS'
        for part in (1, 2)
        for kind in ('', '_untrimmed')
    },
    'uav_human.pkl': 'usdrl convert-uav-human --v1 FOLDER --v2 FOLDER',
}


def read_annotations(path: str) -> dict:
    """The content of an annotation file or store: ``split``, ``annotations`` and what else it has."""
    if not os.path.exists(path):
        command = COMMANDS.get(os.path.basename(path))
        todo = f'Get it with `{command}`' if command else "Set the data set's 'ann_file'"
        raise AnnotationError(f'There is no annotation file {path} (seen from {os.getcwd()}). {todo}.')
    content = open_store(path) if os.path.isdir(path) else read_pickle(path)
    if not (isinstance(content, dict) and {'split', 'annotations'} <= set(content)):
        found = sorted(content) if isinstance(content, dict) else type(content).__name__
        raise AnnotationError(f"{path} is a pickle, but not of a dict with 'split' and 'annotations': found {found}.")
    for field, kind in (('split', dict), ('annotations', list)):
        if not isinstance(content[field], kind):
            found = type(content[field]).__name__
            raise AnnotationError(f"{path}: '{field}' is a {kind.__name__} in an annotation file, not a {found}.")
    check_split(content['split'], path)
    check_clips(content['annotations'], path)
    return content


def check_split(split: dict, path: str):
    """Whether every split is names of clips."""
    for key, names in split.items():
        several = isinstance(names, list | tuple | set) or getattr(names, 'ndim', 0) == 1
        if not several or not all(isinstance(name, str) for name in names):
            raise AnnotationError(f"{path}: split '{key}' is not a list of names, the 'frame_dir' of its clips.")


def check_clips(clips: list[dict], path: str):
    """Whether every clip has a name, and a keypoint array as long as it says it is."""
    for number, clip in enumerate(clips):
        if not isinstance(clip, dict) or not isinstance(clip.get('frame_dir'), str):
            raise AnnotationError(
                f"{path}: clip {number} of 'annotations' is not a dict with a 'frame_dir', its name in words."
            )
        if 'keypoint' not in clip:
            continue  # it may lie in a file of its own
        shape, frames = getattr(clip['keypoint'], 'shape', ()), clip.get('total_frames')
        if len(shape) != 4 or shape[1] != (shape[1] if frames is None else frames):
            raise AnnotationError(
                f"{path}: clip {number}, '{clip['frame_dir']}', has a 'keypoint' of shape {shape} and 'total_frames' "
                f'{frames}. An array of persons, as many frames, joints and coordinates is wanted.'
            )


def clips_of_split(content: dict, split: str, path: str) -> list[dict]:
    """The clips that a split names, in the order of the file."""
    if split not in content['split']:
        raise AnnotationError(
            f"{path} has no split '{split}'. It has: {', '.join(sorted(content['split']))}. "
            "Set the data set's 'split' to one of these."
        )
    names = set(content['split'][split])
    clips = [clip for clip in content['annotations'] if clip['frame_dir'] in names]
    if not clips:
        raise AnnotationError(f"{path}: none of the {len(names)} names of split '{split}' is a clip of 'annotations'.")
    return clips
