"""Convert your own recordings to an annotation file: tables (CSV), NPZ, NPY, MMPose's JSON, .skeleton files, folders
of OpenPose's JSON or videos, one recording each; a table may hold many. docs/own-data.md leads from files to a trained
model."""

import sys
from collections import Counter
from functools import partial
from pathlib import Path, PurePosixPath
from typing import NamedTuple

import numpy as np

from usdrl_mmaction.datasets.annotations import make_annotation, write_annotations
from usdrl_mmaction.datasets.segments import BACKGROUND
from usdrl_mmaction.errors import RecordingError, UsageError, UsdrlError, grouped
from usdrl_mmaction.recordings.clip import check_somebody, keep_people, with_fps
from usdrl_mmaction.recordings.conversion import convert
from usdrl_mmaction.recordings.readers.csv_table import Part
from usdrl_mmaction.recordings.readers.table import read_table
from usdrl_mmaction.recordings.readers.text import at, read_lines
from usdrl_mmaction.recordings.recording import (
    Recording,
    in_layout,
    known_layout,
    read_quietly,
    recordings_below,
    with_videos,
)
from usdrl_mmaction.recordings.segment_files import read_segments
from usdrl_mmaction.recordings.video import PoseModels
from usdrl_mmaction.skeletons import get_skeleton

FPS = 30  # of recordings that do not say it
SAME = 0.05  # rates that differ by a smaller share are one
SAMPLE = 9  # recordings that tell the layout and the rate of all


class Entry(NamedTuple):
    """What is known about a recording, apart from its file."""

    recording: Recording
    name: str
    label: str | None
    subject: str | None = None
    split: str | None = None
    segments: tuple[tuple[str, float, float], ...] | None = None  # label, start and end
    in_seconds: bool = False  # else in frames


def main(args):
    if args.num_person < 1 or not 0 <= args.val_share < 1:
        raise UsageError('--num-person is 1 or more, --val-share from 0 to less than 1.')
    if args.fps is not None and not 0 < args.fps < 1e4:
        raise UsageError('--fps is more than 0.')
    if args.layout:
        get_skeleton(args.layout)
    recordings = recordings_below(args.folder, [args.labels, args.segments, args.classes])
    entries, skipped = [Entry(recording, name, None, recording.subject) for name, recording in recordings.items()], []
    if args.labels:
        entries, skipped = from_table(args.labels, recordings)
    elif args.segments:
        entries = [entry._replace(segments=()) for entry in entries]
        entries, skipped = with_segments(args.segments, entries)
    elif not args.no_labels:
        entries = [entry._replace(label=label_of(entry)) for entry in entries]
    classes = [line.strip() for line in read_lines(args.classes)] if args.classes else []
    if not classes:
        labels = {entry.label for entry in entries} - {None}
        labels |= {label for entry in entries for label, _, _ in entry.segments or ()}
        classes = sorted(labels, key=int if all(label.isdigit() for label in labels) else None)
    found, unread = with_videos([entry.recording for entry in entries], PoseModels(args.pose, args.detector))
    skipped += map(str, unread)
    entries = [entry._replace(recording=each) for entry, each in zip(entries, found, strict=True) if each]
    layout, fps = known_of(entries, args.layout, args.fps)
    read = partial(read_entry, layout, fps, bool(args.fps), args.num_person, args.img_shape, classes)
    annotations, faults = convert(read, entries, args.workers, 'Reading recordings')
    check_alike(annotations)
    split = split_of(annotations, args.val_share, args.seed)
    notes = []
    for item in annotations:
        item.pop('split', None)
        notes += item.pop('notes')
    for note in grouped(notes):
        print(f'note: {note}', file=sys.stderr)
    meta = {'layout': layout, 'classes': classes, 'fps': fps, 'source': args.folder.resolve().stem}
    write_annotations(args.out, annotations, split, meta, skipped + faults)
    if not args.layout:
        print(f'  layout {layout}, {fps:g} frames per second')


def label_of(entry: Entry) -> str:
    """The label of a table of many clips, or else the folder."""
    recording, parent = entry.recording, Path(entry.name).parent
    if recording.label is not None and (isinstance(recording.content, Part) or not parent.name):
        return recording.label
    if not parent.name:
        todo = 'Put it in one, or use --labels or --no-labels.'
        raise RecordingError(f'{recording.name} is in no folder that could be its label. {todo}')
    return parent.name


def known_of(entries: list[Entry], layout: str | None, fps: float | None) -> tuple[str, float]:
    """The layout and the rate for all recordings: those that most of some recordings have, unless they are given."""
    if layout and fps:
        return layout, fps
    layouts, rates, faults = Counter(), Counter(), []
    for entry in entries[:: 1 + len(entries) // SAMPLE]:
        try:
            clip = read_quietly(entry.recording)
            check_somebody(clip, entry.recording.name)
            rates[clip.fps] += 1
            layouts[layout or known_layout(clip)] += 1
        except UsdrlError as error:
            faults.append(str(error))
    if not layout and faults and not layouts:
        raise RecordingError(f'{faults[0]} Set the --layout of the joints.')
    rate = fps or next((rate for rate, _ in rates.most_common() if rate), FPS)
    whole = abs(rate - round(rate)) < 0.02 * rate and rate >= 1
    return layout or max(layouts, key=layouts.get, default=''), fps or (round(rate) if whole else rate)


def from_table(path: Path, recordings: dict[str, Recording]) -> tuple[list[Entry], list[str]]:
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
    skipped += [f'{recordings[name].name} is not in {path}.' for name in recordings if name not in entries]
    return list(entries.values()), skipped


def with_segments(path: Path, entries: list[Entry]) -> tuple[list[Entry], list[str]]:
    """Videos with the segments of a file, in frames or seconds. Its names of videos may have a suffix such as .mp4, and
    leave out the folder of a recording."""
    names, found, skipped = {}, {}, []
    for entry in entries:
        names.setdefault(PurePosixPath(entry.name).name, entry.name)
    names |= {entry.name: entry.name for entry in entries}
    segments, seconds = read_segments(path)
    for segment in segments:
        if segment.label.lower() == BACKGROUND:
            continue
        name = names.get(segment.video) or names.get(segment.video.rpartition('.')[0])
        if name is None:
            skipped.append(f"{segment.where}: there is no recording '{segment.video}'.")
            continue
        found.setdefault(name, []).append((segment.label, segment.start, segment.end))
    skipped += [f'{entry.recording.name} has no segments in {path}.' for entry in entries if entry.name not in found]
    with_some = [entry for entry in entries if entry.name in found]
    return [entry._replace(segments=tuple(found[entry.name]), in_seconds=seconds) for entry in with_some], skipped


def as_array(entry: Entry, classes: list[str], frames: int, scale: float) -> np.ndarray:
    """Label from 1, start, end of each segment in frames, ``scale`` times those of the table, in order; they may not
    overlap or leave the video.  # (S, 3)"""
    rows = np.array(
        [(1 + classes.index(label), round(start * scale), round(end * scale)) for label, start, end in entry.segments]
    )
    rows = rows[rows[:, 1].argsort(kind='stable')]
    where = entry.recording.name
    for label, start, end in rows.tolist():
        if not 0 <= start < end <= frames:
            raise RecordingError(
                f'{where}: {classes[label - 1]} from frame {start} to {end} is not in its {frames} frames.'
            )
    for (label, _, end), (other, start, _) in zip(rows.tolist(), rows[1:].tolist(), strict=False):
        if start < end:
            raise RecordingError(
                f'{where}: {classes[label - 1]} until frame {end} and {classes[other - 1]} from {start} overlap.'
            )
    return rows


def read_entry(layout, fps, sure, num_person, img_shape, classes, entry: Entry) -> tuple[list[dict], list[UsdrlError]]:
    if entry.label is not None and entry.label not in classes:
        raise RecordingError(f"{entry.recording.name}: label '{entry.label}' is not one of the {len(classes)} classes.")
    clip = read_quietly(entry.recording)
    notes = [f'{entry.recording.name}: {note}.' for note in clip.notes]
    clip = keep_people(in_layout(clip, entry.recording, layout), num_person)
    recorded = fps if sure or not clip.fps else clip.fps
    if abs(recorded - fps) > SAME * fps:
        clip = with_fps(clip._replace(fps=recorded), fps)
        notes.append(f'{entry.recording.name}: {recorded:g} frames per second are resampled to {fps:g}.')
    else:
        recorded = fps
    if img_shape and not clip.img_shape:
        clip = clip._replace(img_shape=tuple(img_shape))
    known = {key: getattr(entry, key) for key in ('subject', 'split') if getattr(entry, key) is not None}
    label = -1 if entry.label is None else classes.index(entry.label)
    if entry.segments is not None:
        scale = fps if entry.in_seconds else fps / recorded
        known['segments'] = as_array(entry, classes, clip.keypoint.shape[1], scale)
    return [make_annotation(entry.name, label, clip, notes=notes, **known)], []


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
