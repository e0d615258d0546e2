"""Recognise or detect actions in recordings of joints: CSV, NPZ, NPY, MMPose's JSON, .skeleton files, folders of
OpenPose's JSON, videos, or annotation files. docs/infer.md shows examples."""

import json
import os
import sys
from collections import Counter
from functools import partial
from pathlib import Path

from rich.console import Console
from rich.table import Column, Table

from usdrl_mmaction.apis import SkeletonInferencer
from usdrl_mmaction.errors import UsageError
from usdrl_mmaction.files import replacing
from usdrl_mmaction.recordings.recording import find_recordings, with_videos
from usdrl_mmaction.recordings.video import PoseModels, is_video
from usdrl_mmaction.recordings.video.drawing import CODECS, draw_video

from .common import read_config

OPTIONS = (
    'device',
    'gallery',
    'gallery_split',
    'top_k',
    'batch_size',
    'threshold',
    'layout',
    'unknown',
)  # of SkeletonInferencer


def main(args):
    model = args.model
    if model and (args.checkpoint or model.endswith('.py')):
        model = read_config(model, args.cfg_options)
    elif args.cfg_options:
        raise UsageError('--cfg-options need a config: give one as --model, and a --checkpoint.')
    options = {name: getattr(args, name) for name in OPTIONS}
    recordings = find_recordings(args.inputs)
    drawings = drawings_of([each.name for each in recordings if is_video(each.content)], args.draw)
    inferencer = SkeletonInferencer(model, args.checkpoint, **options)
    models = PoseModels(args.pose, args.detector, device=args.device)
    found, faults = with_videos(recordings, models)
    recordings = [recording for recording in found if recording]
    if faults and not recordings:
        raise faults[0]
    for fault in faults:
        print(f'skipped: {fault}', file=sys.stderr)
    results = inferencer(recordings, features=args.features)
    console = Console(highlight=False, soft_wrap=True)
    console.print(summary(results))
    if not {'actions', 'neighbors', 'segments'} & set().union(*results):
        console.print('An encoder alone names no actions: teach it some with usdrl enrol, or give a --gallery.')
    for recording, result in zip(recordings, results, strict=True):
        if out := drawings.get(recording.name):
            draw_video(recording.name, out, recording.content, partial(lines, result))
            print(f'wrote {out}')
    if args.out:
        path = args.out / 'results.json'
        with replacing(path) as draft:
            draft.write_text(json.dumps(results, indent=1))
        print(f'wrote {path}')


def drawings_of(videos: list[str], out: Path | None) -> dict[str, Path]:
    """The file to draw each video in: ``out``, or one of the video's name in the folder ``out``."""
    if not out:
        return {}
    if not videos:
        raise UsageError('--draw draws over videos, and none is given.')
    if out.suffix and (len(videos) > 1 or out.suffix.lower() not in CODECS):
        raise UsageError(f'--draw takes one video and a file of {", ".join(CODECS)}, or a folder for many, not {out}.')
    drawings = [out if out.suffix else out / f'{Path(video).stem}.mp4' for video in videos]
    if len({*drawings}) < len(videos) or {*map(os.path.realpath, videos)} & {*map(os.path.realpath, drawings)}:
        raise UsageError(f'--draw {out} would overwrite a video: choose another folder, and videos of different names.')
    return dict(zip(videos, drawings, strict=True))


def lines(result: dict, frame: int) -> list[str]:
    """What is drawn on a frame: the segments that it is in, or the best answers."""
    if 'segments' in result:
        return [first([segment]) for segment in result['segments'] if segment['start'] <= frame < segment['end']]
    best = [first(result[key]) for key in ('actions', 'neighbors') if result.get(key)]
    if result.get('unknown'):
        best[0] = 'unknown'
    return best + [f'{each["person"] + 1}: {first(each["actions"])}' for each in result.get('persons', [])]


def summary(results: list[dict]) -> Table:
    """A row for each recording, with the best action and neighbor, or the number of segments of each action."""
    columns = [key for key in ('actions', 'neighbors', 'segments') if any(key in result for result in results)]
    titles = [name if name == 'segments' else name.removesuffix('s') for name in columns]
    table = Table('recording', *(Column(name, justify='right') for name in ('frames', 'people')), *titles)
    for result in results:
        best = [
            'unknown'
            if key == 'actions' and result.get('unknown')
            else (counts if key == 'segments' else first)(result[key])
            for key in columns
        ]
        table.add_row(result['name'], str(result['frames']), str(result['people']), *best)
    return table


def first(found: list[dict]) -> str:
    best = found[0]
    what = best.get('name', best['label'])
    if 'clip' in best:
        return f'{what}, as in {best["clip"]} ({best["score"]:.3f})'
    return f'{what} {best["score"]:.0%}'


def counts(segments: list[dict]) -> str:
    """'wave 3, sit 1', the most frequent first."""
    names = Counter(str(segment.get('name', segment['label'])) for segment in segments)
    return ', '.join(f'{name} {number}' for name, number in names.most_common()) or 'none'
