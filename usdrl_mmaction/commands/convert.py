"""Convert your own recordings to an annotation file: CSV, NPZ, NPY, MMPose's JSON, .skeleton files or folders of
OpenPose's JSON, one recording each. docs/own-data.md leads from files to a trained model."""

from functools import partial
from pathlib import Path
from typing import NamedTuple

import numpy as np

from usdrl_mmaction.datasets.annotations import make_annotation, write_annotations
from usdrl_mmaction.datasets.segments import BACKGROUND
from usdrl_mmaction.errors import RecordingError, UsageError, UsdrlError
from usdrl_mmaction.recordings.clip import fit, keep_people
from usdrl_mmaction.recordings.conversion import convert
from usdrl_mmaction.recordings.readers import read_clip
from usdrl_mmaction.recordings.readers.csv_table import read_table
from usdrl_mmaction.recordings.readers.text import at, read_lines, to_numbers
from usdrl_mmaction.recordings.recording import Recording, read_body, recordings_below
from usdrl_mmaction.skeletons import get_skeleton


class Entry(NamedTuple):
    """What is known about a recording, apart from its file."""

    path: Path
    name: str
    label: str | None
    subject: str | None = None
    split: str | None = None
    segments: tuple[tuple[str, float, float], ...] | None = None  # label, start and end in frames


def main(args):
    if args.num_person < 1 or not 0 <= args.val_share < 1:
        raise UsageError('--num-person is 1 or more, --val-share from 0 to less than 1.')
    get_skeleton(args.layout)
    recordings = recordings_below(args.folder, [args.labels, args.segments, args.classes])
    entries, skipped = [Entry(path, name, None) for name, path in recordings.items()], []
    if args.labels:
        entries, skipped = from_table(args.labels, recordings)
    elif args.segments:
        entries = [entry._replace(segments=()) for entry in entries]
        entries, skipped = with_segments(args.segments, entries, args.fps)
    elif not args.no_labels:
        if bare := next((path for name, path in recordings.items() if '/' not in name), None):
            todo = 'Put it in one, or use --labels or --no-labels.'
            raise RecordingError(f'{bare} is in no folder that could be its label. {todo}')
        entries = [Entry(path, name, path.parent.name) for name, path in recordings.items()]
    classes = [line.strip() for line in read_lines(args.classes)] if args.classes else []
    if not classes:
        labels = {entry.label for entry in entries} - {None}
        labels |= {label for entry in entries for label, _, _ in entry.segments or ()}
        classes = sorted(labels, key=int if all(label.isdigit() for label in labels) else None)
    read = partial(read_entry, args.layout, args.num_person, args.img_shape, classes)
    annotations, faults = convert(read, entries, args.workers, 'Reading recordings')
    check_alike(annotations)
    split = split_of(annotations, args.val_share, args.seed)
    for item in annotations:
        item.pop('split', None)
    meta = {'layout': args.layout, 'classes': classes, 'fps': args.fps, 'source': args.folder.resolve().name}
    write_annotations(args.out, annotations, split, meta, skipped + faults)


def from_table(path: Path, recordings: dict[str, Path]) -> tuple[list[Entry], list[str]]:
    """Labels from a CSV file; names may have a suffix such as .csv."""
    table = read_table(path)
    if not {'name', 'label'} <= set(table.header) <= {'name', 'label', 'subject', 'split'}:
        raise at(path, 1, f"the columns are name,label[,subject][,split], not '{','.join(table.header)}'.")
    entries, skipped = {}, []
    for row, line in zip(table.rows, table.lines, strict=True):
        fields = dict(zip(table.header, row, strict=True))
        name = fields['name'] if fields['name'] in recordings else fields['name'].rpartition('.')[0]
        empty = [column for column, field in fields.items() if not field]
        if empty:
            skipped.append(str(at(path, line, f'no {" and no ".join(empty)}.')))
        elif name not in recordings:
            skipped.append(str(at(path, line, f"there is no recording '{fields['name']}'.")))
        elif name in entries:
            raise at(path, line, f"'{name}' is listed twice.")
        else:
            entries[name] = Entry(recordings[name], **fields | {'name': name})
    skipped += [f'{recordings[name]} is not in {path}.' for name in recordings if name not in entries]
    return list(entries.values()), skipped


def with_segments(path: Path, entries: list[Entry], fps: float) -> tuple[list[Entry], list[str]]:
    """Videos with the segments of a CSV file, in frames or seconds; names may have a suffix such as .csv."""
    table = read_table(path)
    seconds = {'start_s', 'end_s'} <= set(table.header)
    columns = ('video', 'label', *(('start_s', 'end_s') if seconds else ('start', 'end')))
    if set(table.header) != set(columns):
        raise at(path, 1, f"the columns are video,label,start,end or start_s,end_s, not '{','.join(table.header)}'.")
    names, found, skipped = {entry.name for entry in entries}, {}, []
    for row, line in zip(table.rows, table.lines, strict=True):
        video, label, *span = (dict(zip(table.header, row, strict=True))[column] for column in columns)
        video = video if video in names else video.rpartition('.')[0]
        if label.lower() == BACKGROUND:
            continue
        if video not in names:
            skipped.append(str(at(path, line, f"there is no recording '{row[table.header.index('video')]}'.")))
            continue
        start, end = to_numbers([span], 2, path, [line])[0].tolist()
        scale = fps if seconds else 1
        found.setdefault(video, []).append((label, start * scale, end * scale))
    skipped += [f'{entry.path} has no segments in {path}.' for entry in entries if entry.name not in found]
    return [entry._replace(segments=tuple(found[entry.name])) for entry in entries if entry.name in found], skipped


def as_array(entry: Entry, classes: list[str], frames: int) -> np.ndarray:
    """Label from 1, start, end of each segment, in order; they may not overlap or leave the video.  # (S, 3)"""
    rows = np.array([(1 + classes.index(label), round(start), round(end)) for label, start, end in entry.segments])
    rows = rows[rows[:, 1].argsort(kind='stable')]
    for label, start, end in rows.tolist():
        if not 0 <= start < end <= frames:
            raise RecordingError(
                f'{entry.path}: {classes[label - 1]} from frame {start} to {end} is not in its {frames} frames.'
            )
    for (label, _, end), (other, start, _) in zip(rows.tolist(), rows[1:].tolist(), strict=False):
        if start < end:
            raise RecordingError(
                f'{entry.path}: {classes[label - 1]} until frame {end} and {classes[other - 1]} from {start} overlap.'
            )
    return rows


def read_entry(layout, num_person, img_shape, classes, entry: Entry) -> tuple[list[dict], list[UsdrlError]]:
    if entry.label is not None and entry.label not in classes:
        raise RecordingError(f"{entry.path}: label '{entry.label}' is not one of the {len(classes)} classes.")
    if layout == 'body':  # from any layout of a body
        clip = keep_people(read_body(Recording(str(entry.path), entry.path)), num_person)
    else:
        clip = keep_people(fit(read_clip(entry.path), get_skeleton(layout), entry.path), num_person)
    if img_shape and not clip.img_shape:
        clip = clip._replace(img_shape=tuple(img_shape))
    known = {key: getattr(entry, key) for key in ('subject', 'split') if getattr(entry, key) is not None}
    label = -1 if entry.label is None else classes.index(entry.label)
    if entry.segments is not None:
        known['segments'] = as_array(entry, classes, clip.keypoint.shape[1])
    return [make_annotation(entry.name, label, clip, **known)], []


def check_alike(annotations: list[dict]):
    """Raise unless all have the same number of coordinates, and all or none have scores: others do not form a batch."""
    kinds = {}
    for item in annotations:
        kind = f'{item["keypoint"].shape[-1]} coordinates with{"" if "keypoint_score" in item else "out"} scores'
        kinds.setdefault(kind, item['frame_dir'])
    if len(kinds) > 1:
        found = '; '.join(f'{kind}, e.g. {name}' for kind, name in kinds.items())
        raise RecordingError(f'the recordings are of several kinds: {found}. Convert each kind by itself.')


def split_of(annotations: list[dict], share: float, seed: int) -> dict[str, list[str]]:
    """The split of the table; else whole subjects where they are known, else a share of each class."""
    if any('split' in item for item in annotations):
        halves = dict.fromkeys(item['split'] for item in annotations)
        return {half: [item['frame_dir'] for item in annotations if item['split'] == half] for half in halves}
    rng = np.random.default_rng(seed)
    by_subject = any('subject' in item for item in annotations)
    val = (val_subjects if by_subject else val_of_each_class)(annotations, share, rng)
    halves = {half: [] for half in ('train', 'val')}
    for index, item in enumerate(annotations):
        halves['val' if index in val else 'train'].append(item['frame_dir'])
    return halves


def val_subjects(annotations, share, rng):
    """The clips of random subjects up to the share; at least one subject remains for training."""
    subjects = np.array([item['subject'] for item in annotations])
    val = set()
    for subject in rng.permutation(np.unique(subjects))[:-1]:
        if len(val) >= share * len(annotations):
            break
        val |= set(np.flatnonzero(subjects == subject).tolist())
    return val


def val_of_each_class(annotations, share, rng):
    """A random share of each class; at least one clip of each remains for training."""
    labels, val = np.array([item['label'] for item in annotations]), set()
    for label in np.unique(labels):
        clips = rng.permutation(np.flatnonzero(labels == label)).tolist()
        val |= set(clips[: min(max(round(share * len(clips)), int(share > 0)), len(clips) - 1)])
    return val
