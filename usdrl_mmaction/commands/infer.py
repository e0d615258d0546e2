"""Recognise or detect actions in recordings of joints: CSV, NPZ, NPY, MMPose's JSON, .skeleton files, folders of
OpenPose's JSON, or annotation files. docs/infer.md shows examples."""

import json
from collections import Counter

from rich.console import Console
from rich.table import Column, Table

from usdrl_mmaction.apis import SkeletonInferencer
from usdrl_mmaction.errors import UsageError
from usdrl_mmaction.files import replacing

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
    results = SkeletonInferencer(model, args.checkpoint, **options)(args.inputs, features=args.features)
    console = Console(highlight=False, soft_wrap=True)
    console.print(summary(results))
    if not {'actions', 'neighbors', 'segments'} & set().union(*results):
        console.print('An encoder alone names no actions: teach it some with usdrl enrol, or give a --gallery.')
    if args.out:
        path = args.out / 'results.json'
        with replacing(path) as draft:
            draft.write_text(json.dumps(results, indent=1))
        print(f'wrote {path}')


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
