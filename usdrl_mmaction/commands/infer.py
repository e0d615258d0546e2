"""Recognise or detect actions in recordings of joints: files, folders of them, or annotation files. A model that was
trained, saved or published by this package needs nothing else. docs/infer.md shows examples."""

import argparse
import json
import sys
from collections import Counter
from pathlib import Path

from rich.console import Console
from rich.table import Column, Table

from usdrl_mmaction.apis import SkeletonInferencer
from usdrl_mmaction.errors import RecordingError, UsageError, UsdrlError
from usdrl_mmaction.files import replacing
from usdrl_mmaction.recordings.recording import Recording, find_recordings

from .common import add_cfg_options, add_device, read_config

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

MODEL = (
    'a work dir or checkpoint of usdrl train, a saved or published model, hf://OWNER/NAME, a model of the zoo, or a '
    "config; by default the package's own"
)


def main(argv):
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        'inputs', nargs='+', metavar='INPUT', help='a recording, a folder of them, or an annotation file'
    )
    parser.add_argument('--model', help=MODEL)
    parser.add_argument('--checkpoint', help='file, URL or usdrl://NAME of the weights for a config')
    parser.add_argument('--out', type=Path, metavar='DIR', help='folder to write results.json to')
    parser.add_argument('--gallery', metavar='ANN_FILE', help='annotation file to search for the nearest clips')
    parser.add_argument('--gallery-split', help='a split of it; by default all of it')
    parser.add_argument('--top-k', type=int, default=5, help='actions and neighbors to list (5)')
    parser.add_argument('--features', action='store_true', help='write the features too')
    parser.add_argument('--threshold', type=float, default=0.5, help='least probability of a segment (0.5)')
    parser.add_argument('--batch-size', type=int, default=64, help='clips or windows that are encoded together (64)')
    parser.add_argument('--layout', help='layout of recordings that do not name their joints; by default recognised')
    parser.add_argument('--no-unknown', dest='unknown', action='store_false', help='always name an action')
    add_device(parser)
    add_cfg_options(parser)
    args = parser.parse_args(argv)
    model = args.model
    if model and (args.checkpoint or model.endswith('.py')):
        model = read_config(model, args.cfg_options)
    elif args.cfg_options:
        raise UsageError('--cfg-options need a config: give one as --model, and a --checkpoint.')
    options = {name: getattr(args, name) for name in OPTIONS}
    inferencer, errors = SkeletonInferencer(model, args.checkpoint, **options), {}
    results = inferencer(found(args.inputs, errors), args.features, errors)
    console = Console(highlight=False, soft_wrap=True)
    if results:
        console.print(summary(results))
    if results and not {'actions', 'neighbors', 'segments'} & set().union(*results):
        console.print('An encoder alone names no actions: teach it some with usdrl enrol, or give a --gallery.')
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
