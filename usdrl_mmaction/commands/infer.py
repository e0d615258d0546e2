"""Recognise or detect actions in recordings of joints or in videos: files, folders of them, or annotation files. A
model that was trained, saved or published by this package needs nothing else. docs/infer.md shows examples."""

import json
import os
import sys
from collections import Counter
from functools import partial
from pathlib import Path

from rich.console import Console
from rich.table import Column, Table

from usdrl_mmaction.apis import SkeletonInferencer
from usdrl_mmaction.errors import RecordingError, UsageError, UsdrlError
from usdrl_mmaction.files import replacing
from usdrl_mmaction.recordings.recording import Recording, find_recordings, with_videos
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
    errors = {}
    recordings = found(args.inputs, errors)
    drawings = drawings_of([each.name for each in recordings if is_video(each.content)], args.draw)
    inferencer = SkeletonInferencer(model, args.checkpoint, **options)
    read, faults = with_videos(recordings, PoseModels(args.pose, args.detector, device=args.device))
    unread = [recording.name for recording, each in zip(recordings, read, strict=True) if each is None]
    errors |= dict(zip(unread, map(str, faults), strict=True))
    recordings = [recording for recording in read if recording]
    results = inferencer(recordings, args.features, errors)
    console = Console(highlight=False, soft_wrap=True)
    if results:
        console.print(summary(results))
    if results and not {'actions', 'neighbors', 'segments'} & set().union(*results):
        console.print('An encoder alone names no actions: teach it some with usdrl enrol, or give a --gallery.')
    clips = {recording.name: recording.content for recording in recordings}
    for result in results:
        if out := drawings.get(result['name']):
            draw_video(result['name'], out, clips[result['name']], partial(lines, result))
            print(f'wrote {out}')
    if args.out:
        path = args.out / 'results.json'
        with replacing(path) as draft:
            draft.write_text(json.dumps(results, indent=1))
        print(f'wrote {path}')
    if errors:
        report(errors, len(results))


def found(inputs: list[str], errors: dict[str, str]) -> list[Recording]:
    """The recordings of all inputs, and the reason for those that have none."""
    recordings = []
    for path in inputs:
        try:
            recordings += find_recordings(path)
        except UsdrlError as error:
            errors[path] = str(error)
    return recordings


def report(errors: dict[str, str], answered: int):
    """Lists the recordings that could not be used, and ends with exit code 1."""
    if len(errors) == 1 and not answered:
        raise RecordingError(*errors.values())
    for reason in errors.values():
        print(f'not answered: {" ".join(reason.split())}', file=sys.stderr)
    sys.exit(f'error: {len(errors)} of {len(errors) + answered} recordings could not be used: see above.')


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
            answer(result) if key == 'actions' else (counts if key == 'segments' else first)(result[key])
            for key in columns
        ]
        table.add_row(result['name'], str(result['frames']), str(result['people']), *best)
    return table


def answer(result: dict) -> str:
    """The action of a recording; of a model of several labels, all that it has."""
    if result.get('unknown'):
        return 'unknown'
    if 'labels' in result:
        return ', '.join(map(str, result['labels'])) or 'none'
    return first(result['actions'])


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
