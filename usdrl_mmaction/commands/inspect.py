"""Inspect an annotation file or store: problems first, then its content. Exits with 1 if there are problems."""

import re
import sys
from collections import Counter
from contextlib import suppress
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.markup import escape
from rich.progress import track
from rich.table import Table

from usdrl_mmaction.apis.model import load_checkpoint
from usdrl_mmaction.body import body_mapping
from usdrl_mmaction.checkpoints.authors import convert
from usdrl_mmaction.checkpoints.describe import description_of
from usdrl_mmaction.checkpoints.reading import weights_of
from usdrl_mmaction.datasets import checks
from usdrl_mmaction.datasets.annotations import counted, read_annotations
from usdrl_mmaction.datasets.segments import are_segments
from usdrl_mmaction.errors import LayoutError, UsdrlError
from usdrl_mmaction.reports.film_strip import PROJECTIONS, draw_film_strip
from usdrl_mmaction.skeletons import LAYOUTS, Skeleton, get_skeleton

from .common import number_table


def main(args):
    console = Console(highlight=False, width=None if sys.stdout.isatty() else 120)
    content = read_annotations(str(args.file))
    layout = args.layout or content.get('meta', {}).get('layout')
    skeleton = get_skeleton(layout) if layout else None

    clips = [clip for clip in content['annotations'] if 'keypoint' in clip]  # others are in separate files
    content = {**content, 'annotations': clips}
    measures = [checks.measure(clip) for clip in track(clips, 'Reading clips', console=console, transient=True)]
    problems = checks.find_problems(content, measures)
    problems += checks.layout_problems(measures, layout, skeleton) if skeleton else []
    if args.checkpoint:
        trained = load_checkpoint(args.checkpoint)
        weights, position = weights_of(trained, args.checkpoint), 'backbone.spatial_position'
        weights = weights if position in weights else convert(weights).state_dict
        if takes_body(trained, weights, args.checkpoint):
            problems += body_problems(layout)
        else:
            problems += checks.checkpoint_problems(measures, args.checkpoint, tokens=weights[position].shape[1])

    for problem in problems:
        console.print(f'[red]✗[/red] {escape(problem)}', soft_wrap=True)
    found = counted(len(problems), 'problem', 'problems') if problems else 'no problems'
    console.print(f'{args.file}: {found} found', soft_wrap=True)
    if clips:
        console.print(facts(content, measures))
        console.print(splits(content, measures))
    if args.draw:
        out_dir = args.out_dir or Path('work_dirs/inspect') / args.file.stem
        drawable = [item.channels in PROJECTIONS and item.empty_frames < item.frames for item in measures]
        draw([clip for clip, shown in zip(clips, drawable, strict=True) if shown], skeleton, args.draw, out_dir)
        console.print(f'Film strips: {out_dir}', soft_wrap=True)
    sys.exit(1 if problems else 0)


def takes_body(trained: dict, weights: dict, source: str) -> bool:
    """Whether a checkpoint says that it takes clips of any body."""
    with suppress(UsdrlError, TypeError, AttributeError):
        return description_of(trained, weights, source)['encoder'].get('layout') == 'body'
    return False


def body_problems(layout: str | dict | None) -> list[str]:
    try:
        body_mapping(layout or {})
    except LayoutError as error:
        return [str(error) if layout else 'The layout is not known, which a model of any body needs: give --layout.']
    return []


def facts(content: dict, measures: list[checks.Measures]) -> Table:
    clips, frames = content['annotations'], [item.frames for item in measures]
    empty = sum(item.empty_frames for item in measures)
    labels = Counter(label for clip in clips for label in labels_of(clip))
    meta = {key: value for key, value in content.get('meta', {}).items() if isinstance(value, str | int | float)}
    rows = {
        'clips': len(clips),
        'frames': f'{sum(frames)}: {min(frames)} to {max(frames)} a clip, median {np.median(frames):.0f}',
        'empty frames': f'{empty} ({empty / max(sum(frames), 1):.1%})',
        'persons': frequent(item.persons for item in measures),
        'joints × coordinates': frequent(f'{item.joints} × {item.channels}' for item in measures),
        'clips with NaN': sum(not item.finite for item in measures),
        'clips with scores': sum('keypoint_score' in clip for clip in clips),
        'image sizes': frequent(clip['img_shape'] for clip in clips if 'img_shape' in clip),
        'subjects': len({clip['subject'] for clip in clips if 'subject' in clip}) or '',
        'segments': sum(len(labels_of(clip)) for clip in clips if 'segments' in clip) or '',
        'classes': f'{len(labels)}, each {min(labels.values())} to {max(labels.values())} times' if labels else '',
        'meta': ', '.join(f'{key}={value}' for key, value in meta.items()),
    }
    table = Table(show_header=False)
    for name, value in rows.items():
        if value != '':
            table.add_row(name, escape(str(value)))
    return table


def splits(content: dict, measures: list[checks.Measures]) -> Table:
    table = number_table('Splits', 'split', 'clips', 'frames', 'classes', 'subjects')
    clips = list(zip(content['annotations'], measures, strict=True))
    for key, members in content['split'].items():
        names = set(members)
        found = [(clip, item) for clip, item in clips if clip['frame_dir'] in names]
        classes = {label for clip, _ in found for label in labels_of(clip)}
        subjects = {clip['subject'] for clip, _ in found if 'subject' in clip}
        numbers = len(found), sum(item.frames for _, item in found), len(classes), len(subjects)
        table.add_row(escape(key), *map(str, numbers))
    return table


def labels_of(clip: dict) -> list[int]:
    """A clip's label, or those of its segments."""
    if 'segments' in clip:
        segments = np.asarray(clip['segments'])
        return segments[:, 0].tolist() if are_segments(segments) else []
    return [clip['label']] if checks.is_label(clip.get('label')) else []


def frequent(values) -> str:
    """'1 (20 clips), 2 (4 clips)', the most frequent first."""
    counts = Counter(values).most_common()
    more = [f'{len(counts) - 5} more'] if len(counts) > 5 else []
    return ', '.join([f'{value} ({counted(count, "clip", "clips")})' for value, count in counts[:5]] + more)


def draw(clips: list[dict], skeleton: Skeleton | None, count: int, out_dir: Path):
    """Film strips of clips spread evenly over the file."""
    chosen = np.unique(np.linspace(0, len(clips) - 1, min(count, len(clips))).round().astype(int))
    for number in track(chosen, 'Drawing'):
        clip, keypoint = clips[number], np.asarray(clips[number]['keypoint'], dtype=np.float32)
        fitting = [known for known in (skeleton, *LAYOUTS.values()) if known and len(known) == keypoint.shape[2]]
        name = str(clip['frame_dir'])
        path = out_dir / f'{number:05d}_{re.sub("[^A-Za-z0-9._-]", "_", name)}.png'
        draw_film_strip(keypoint, fitting[0] if fitting else None, f'{name}, label {clip.get("label")}', path)
