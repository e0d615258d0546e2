"""Convert the skeletons of UAV-Human, version 1, 2 or both, to an annotation file with the splits v1_train, v1_val,
v2_train and v2_val."""

import re
from pathlib import Path

from usdrl_mmaction.datasets.annotations import counted, make_annotation, write_annotations
from usdrl_mmaction.errors import RecordingError, UsageError, UsdrlError
from usdrl_mmaction.recordings.clip import fit, keep_people
from usdrl_mmaction.recordings.conversion import convert
from usdrl_mmaction.recordings.readers import read_skeleton_text
from usdrl_mmaction.skeletons import get_skeleton

LAYOUT, CLASSES, PERSONS = 'coco', 155, 2
NAME = re.compile(r'P(?P<subject>\d+)S\d+G\d+B\d+H\d+UC\d+LC\d+A(?P<label>\d+)R\d+_\w+')


def main(args):
    versions = {name: folder for name, folder in (('v1', args.v1), ('v2', args.v2)) if folder}
    if not versions:
        raise UsageError('give --v1 FOLDER, --v2 FOLDER or both.')
    split, files = {}, {}
    for version, folder in versions.items():
        halves = {'train': text_files(folder / 'train'), 'val': text_files(folder / 'test')}
        both = sorted(set(halves['train']) & set(halves['val']))
        if both:
            clips = counted(len(both), 'clip is', 'clips are')
            raise RecordingError(f'{folder}: {clips} in both train and test, e.g. {both[0]}.')
        for half, paths in halves.items():
            split[f'{version}_{half}'] = list(paths)
            files |= paths
    annotations, skipped = convert(read_clip_of, sorted(files.values()), args.workers, 'Reading clips')
    classes = [f'A{label:03d}' for label in range(CLASSES)]
    meta = {'layout': LAYOUT, 'classes': classes, 'fps': 30, 'source': f'UAV-Human {" and ".join(versions)}'}
    write_annotations(args.out, annotations, split, meta, skipped)


def text_files(folder):
    files = {path.stem: path for path in sorted(folder.glob('*.txt'))}
    if not files:
        raise RecordingError(f'{folder} has no .txt files. Give the folder that contains train and test.')
    return files


def read_clip_of(path: Path) -> tuple[list[dict], list[UsdrlError]]:
    name = NAME.fullmatch(path.stem)
    if not name:
        raise RecordingError(f'{path}: the name is not P…S…G…B…H…UC…LC…A…R…_….')
    subject, label = int(name['subject']), int(name['label'])
    if label >= CLASSES:
        raise RecordingError(f'{path}: label {label} is not among 0 to {CLASSES - 1}.')
    clip = keep_people(fit(read_skeleton_text(path), get_skeleton(LAYOUT), path), PERSONS)
    return [make_annotation(path.stem, label, clip, subject=subject)], []
