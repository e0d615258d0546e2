"""From recordings to an annotation file: read by several processes, written beside its place and renamed, reported on.
What cannot be used is left out, counted and named."""

import os
import pickle
import sys
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path

from rich.progress import track

from usdrl_mmaction.errors import AnnotationError

from .clip import Clip

# The annotations of one source, and what of it was skipped or cut. An AnnotationError leaves out the whole source.
Read = Callable[..., tuple[list[dict], list[AnnotationError]]]


def convert(read: Read, sources: Sequence, workers: int, description: str) -> tuple[list[dict], list[str]]:
    """The annotations of all sources, in their order, and what was skipped or cut and why."""
    annotations, skipped = [], []
    for found, faults in track(_read_all(partial(_attempt, read), sources, workers), description, len(sources)):
        annotations += found
        skipped += faults
    return annotations, skipped


def _read_all(read, sources, workers):
    if min(workers, len(sources)) < 2:
        yield from map(read, sources)
        return
    with ProcessPoolExecutor(workers) as pool:
        yield from pool.map(read, sources, chunksize=max(1, min(32, len(sources) // (4 * workers))))


def _attempt(read, source):
    try:
        annotations, faults = read(source)
    except AnnotationError as error:
        annotations, faults = [], [error]
    return annotations, list(map(str, faults))


def make_annotation(name: str, label: int, clip: Clip, **fields) -> dict:
    """An entry of MMAction2's pose format; ``fields`` are what else is known, such as the subject."""
    item = {'frame_dir': name, 'label': label, 'total_frames': clip.keypoint.shape[1], 'keypoint': clip.keypoint}
    if clip.score is not None:
        item['keypoint_score'] = clip.score
    if clip.img_shape is not None:
        item['img_shape'] = clip.img_shape
    return item | fields


def write(path: Path, annotations: list[dict], split: dict[str, Iterable[str]], meta: dict, skipped: list[str]):
    """Writes an annotation file and prints what is in it; what was skipped goes to stderr, a line each.

    Names that were not converted leave the splits, clips that are in no split leave the annotations.
    """
    names = {item['frame_dir'] for item in annotations}
    split = {half: [name for name in members if name in names] for half, members in split.items()}
    listed = set().union(*split.values())
    skipped = skipped + [f'{name} is in no split.' for name in sorted(names - listed)]
    annotations = [item for item in annotations if item['frame_dir'] in listed]
    for reason in skipped:
        print(f'skipped or cut: {reason}', file=sys.stderr)
    if not annotations:
        raise AnnotationError(f'nothing is left to write to {path}; {len(skipped)} times something was skipped.')
    save({'split': split, 'annotations': annotations, 'meta': meta}, path)
    print(summary(path, annotations, split, len(skipped)))


def save(data: dict, path: Path):
    """Written beside and renamed, so that an interrupted run leaves no half a file."""
    draft = path.with_name(f'{path.name}.{os.getpid()}.tmp')
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            with draft.open('wb') as file:
                pickle.dump(data, file, protocol=pickle.HIGHEST_PROTOCOL)
            draft.replace(path)
        finally:
            draft.unlink(missing_ok=True)
    except OSError as error:
        raise AnnotationError(f'{path} cannot be written: {error.strerror}. Choose another place.') from error


def summary(path: Path, annotations: list[dict], split: dict, skipped: int) -> str:
    frames = sum(item['total_frames'] for item in annotations)
    labels = [{item['label']} if 'segments' not in item else set(item['segments'][:, 0]) for item in annotations]
    subjects = {item['subject'] for item in annotations if 'subject' in item}
    halves = ', '.join(f'{name} {len(members)}' for name, members in split.items())
    return (
        f'{path}: {len(annotations)} clips, {frames} frames, {len(set().union(*labels))} classes, '
        f'{len(subjects) or "unknown"} subjects; {skipped or "nothing"} skipped or cut\n  {halves}'
    )
