"""Convert PKU-MMD I or II to two annotation files: trimmed actions for recognition, whole videos for detection and
segmentation, both with the splits xsub and xview."""

from functools import partial
from pathlib import Path

import numpy as np

from usdrl_mmaction.datasets.annotations import make_annotation, write_annotations
from usdrl_mmaction.errors import RecordingError, UsdrlError
from usdrl_mmaction.recordings.clip import Clip, fit, keep_people
from usdrl_mmaction.recordings.conversion import convert
from usdrl_mmaction.recordings.readers.pkummd import CLASSES, PERSONS, read_pkummd, read_segments, read_split
from usdrl_mmaction.recordings.readers.text import at
from usdrl_mmaction.skeletons import LAYOUTS

LAYOUT, FPS = 'nturgb+d', 30
SPLIT_FILES = {
    1: {'xsub': 'cross-subject.txt', 'xview': 'cross-view.txt'},
    2: {'xsub': 'cross_subject_v2.txt', 'xview': 'cross_view_v2.txt'},
}


def main(args):
    halves = {protocol: read_split(args.splits / name) for protocol, name in SPLIT_FILES[args.part].items()}
    split = {f'{protocol}_{half}': names for protocol, found in halves.items() for half, names in found.items()}
    videos = sorted(args.skeletons.glob('*.txt'))
    if not videos:
        raise RecordingError(f'{args.skeletons} has no .txt files. Give the folder of the skeletons.')
    absent = sorted(set().union(*split.values()) - {path.stem for path in videos})
    skipped = [f'{name} is in the splits, but not in {args.skeletons}.' for name in absent]
    annotations, faults = convert(partial(read_video, args.labels), videos, args.workers, 'Reading videos')
    untrimmed = [item for item in annotations if 'segments' in item]
    trimmed = [item for item in annotations if 'segments' not in item]
    meta = {'layout': LAYOUT, 'classes': [str(label) for label in range(1, CLASSES + 1)], 'fps': FPS}
    meta['source'] = f'PKU-MMD {"I" * args.part}'
    path = args.out_dir / f'pkummd{args.part}_untrimmed.pkl'
    write_annotations(path, untrimmed, split, meta, skipped + faults)
    path = args.out_dir / f'pkummd{args.part}.pkl'
    halves = {half: set(videos) for half, videos in split.items()}
    names = {half: [item['frame_dir'] for item in trimmed if item['video'] in halves[half]] for half in halves}
    write_annotations(path, trimmed, names, meta, faults)


def read_video(labels: Path, path: Path) -> tuple[list[dict], list[UsdrlError]]:
    """The video and its actions, which end with the video at the latest. If a line of labels cannot be used, only the
    other actions: in the video, the frames of that line would count as background."""
    clip = fit(read_pkummd(path), LAYOUTS[LAYOUT], path)
    frames, label_file = clip.keypoint.shape[1], labels / path.name
    segments, faults = read_segments(label_file, frames)
    camera = {'camera': path.stem[-1]} if path.stem[-2:] in ('-L', '-M', '-R') else {}
    annotations = []
    if faults:
        faults.append(RecordingError(f'{path} is left out of the untrimmed videos: not all of its labels are usable.'))
    else:
        spans = np.array([(label, start, min(end, frames)) for label, start, end, _ in segments])  # (S, 3)
        annotations.append(make_annotation(path.stem, -1, keep_people(clip, PERSONS), segments=spans, **camera))
    for label, start, end, line in segments:
        if end > frames:
            faults.append(at(label_file, line, f'the end {end} is set to the end of the video, {frames}.'))
        action = keep_people(Clip(clip.keypoint[:, start:end]), PERSONS)
        if len(action.keypoint):
            name = f'{path.stem}_{line:03d}'
            annotations.append(make_annotation(name, label - 1, action, video=path.stem, **camera))
        else:
            faults.append(at(label_file, line, f'nobody is seen from {start} to {end}.'))
    return annotations, faults
