"""Annotation files: MMAction2's pose pickles, read without running anything in them, and the stores that usdrl pack
makes of them. Reading makes the quick checks; usdrl inspect makes all of them."""

import os
import pickle
import sys
from collections.abc import Iterable
from pathlib import Path

from usdrl_mmaction.errors import AnnotationError, grouped
from usdrl_mmaction.files import missing, replacing

from .safe_pickle import read_pickle
from .store import open_store

COMMANDS = {
    **{f'synthetic{kind}': 'usdrl synthetic' for kind in ('', '_2d', '_other', '_untrimmed')},
    **{name: f'usdrl download {name}' for name in ('ntu60_3d', 'ntu120_3d', 'ntu60_2d', 'ntu120_2d')},
    **dict.fromkeys(('pkummd1', 'pkummd1_untrimmed'), 'usdrl convert-pkummd 1 SKELETONS LABELS SPLITS'),
    **dict.fromkeys(('pkummd2', 'pkummd2_untrimmed'), 'usdrl convert-pkummd 2 SKELETONS LABELS SPLITS'),
    'uav_human': 'usdrl convert-uav-human --v1 FOLDER --v2 FOLDER',
}


def read_annotations(path: str) -> dict:
    """The content of an annotation file or store: ``split``, ``annotations`` and other fields.

    Examples:
        >>> from usdrl_mmaction.datasets import read_annotations
        >>> content = read_annotations('data/synthetic/synthetic.pkl')  # doctest: +SKIP
        >>> content['annotations'][0]['keypoint'].shape  # doctest: +SKIP
        (1, 160, 25, 3)
    """
    if not os.path.exists(path):
        command = COMMANDS.get(os.path.basename(path).removesuffix('.pkl'))
        todo = f'Get it with `{command}`.' if command else "Set the data set's 'ann_file'."
        raise missing(path, 'annotation file', todo)
    content = open_store(path) if os.path.isdir(path) else read_pickle(path)
    if not (isinstance(content, dict) and {'split', 'annotations'} <= set(content)):
        found = sorted(content) if isinstance(content, dict) else type(content).__name__
        raise AnnotationError(f"{path} is a pickle, but not of a dict with 'split' and 'annotations': found {found}.")
    for field, kind in (('split', dict), ('annotations', list)):
        if not isinstance(content[field], kind):
            found = type(content[field]).__name__
            raise AnnotationError(f"{path}: '{field}' is a {kind.__name__} in an annotation file, not a {found}.")
    check(content['split'], content['annotations'], path)
    return content


def check(split: dict, clips: list[dict], path: str):
    """Raises unless each split is a list of names, and each clip has a name and as many frames as it states."""
    for key, names in split.items():
        several = isinstance(names, list | tuple | set) or getattr(names, 'ndim', 0) == 1
        if not several or not all(isinstance(name, str) for name in names):
            raise AnnotationError(f"{path}: split '{key}' is not a list of names, the 'frame_dir' of its clips.")
    for number, clip in enumerate(clips):
        if not isinstance(clip, dict) or not isinstance(clip.get('frame_dir'), str):
            raise AnnotationError(f"{path}: clip {number} of 'annotations' is not a dict with a name, its 'frame_dir'.")
        if 'keypoint' not in clip:
            continue  # it may have its own file
        shape, frames = getattr(clip['keypoint'], 'shape', ()), clip.get('total_frames')
        if len(shape) != 4 or shape[1] != (shape[1] if frames is None else frames):
            raise AnnotationError(
                f"{path}: clip {number}, '{clip['frame_dir']}', has a 'keypoint' of shape {shape} and 'total_frames' "
                f'{frames}. It has to be an array of persons, that many frames, joints and coordinates.'
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


def described_by(content: dict) -> dict:
    """What the ``meta`` of an annotation file says of all its clips, for the ``metainfo`` of a data set."""
    meta = content.get('meta')
    known = {key: meta[key] for key in ('classes', 'layout', 'fps') if meta.get(key)} if isinstance(meta, dict) else {}
    return known | ({'classes': list(known['classes'])} if 'classes' in known else {})


def make_annotation(name: str, label: int, clip, **fields) -> dict:
    """An entry of ``annotations`` from a ``Clip`` of ``recordings``, with further ``fields``, such as the subject."""
    item = {'frame_dir': name, 'label': label, 'total_frames': clip.keypoint.shape[1], 'keypoint': clip.keypoint}
    if clip.score is not None:
        item['keypoint_score'] = clip.score
    if clip.img_shape is not None:
        item['img_shape'] = clip.img_shape
    return item | fields


def write_annotations(
    path: Path, annotations: list[dict], split: dict[str, Iterable[str]], meta: dict, skipped: list[str]
):
    """Writes an annotation file and prints a summary. What was skipped goes to stderr, a line for all that are alike.

    Names without a clip are left out of the splits, and clips without a split out of the annotations.
    """
    names = {item['frame_dir'] for item in annotations}
    split = {half: [name for name in members if name in names] for half, members in split.items()}
    listed = set().union(*split.values())
    skipped = skipped + [f'{name} is in no split.' for name in sorted(names - listed)]
    annotations = [item for item in annotations if item['frame_dir'] in listed]
    for reason in grouped(skipped):
        print(f'skipped or cut: {reason}', file=sys.stderr)
    if not annotations:
        raise AnnotationError(
            f'nothing is left to write to {path}: see what was skipped above ({len(skipped)} in all).'
        )
    save_annotations({'split': split, 'annotations': annotations, 'meta': meta}, path)
    frames = sum(item['total_frames'] for item in annotations)
    labels = [{item['label']} if 'segments' not in item else set(item['segments'][:, 0]) for item in annotations]
    subjects = {item['subject'] for item in annotations if 'subject' in item}
    counts = [
        counted(len(annotations), 'clip', 'clips'),
        counted(frames, 'frame', 'frames'),
        counted(len(set().union(*labels)), 'class', 'classes'),
        counted(len(subjects), 'subject', 'subjects') if subjects else 'unknown subjects',
    ]
    print(f'{path}: {", ".join(counts)}; {len(skipped) or "nothing"} skipped or cut')
    print(f'  {", ".join(f"{name} {len(members)}" for name, members in split.items())}')


def counted(number: int, singular: str, plural: str) -> str:
    return f'{number} {singular if number == 1 else plural}'


def save_annotations(content: dict, path: Path):
    with replacing(path) as draft, draft.open('wb') as file:
        pickle.dump(content, file, protocol=pickle.HIGHEST_PROTOCOL)
