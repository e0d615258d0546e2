"""Tell what people do in recordings of their joints: CSV, NPZ, NPY, MMPose's JSON, .skeleton files, folders of
OpenPose's JSON, or annotation files of many. The page docs/infer.md shows it."""

import argparse
import json
from collections import Counter
from pathlib import Path

from mmengine.config import DictAction
from rich.console import Console
from rich.table import Table

from usdrl_mmaction.apis import SkeletonInferencer
from usdrl_mmaction.commands.common import load_config
from usdrl_mmaction.errors import CheckpointError, DownloadError, UsageError


def main(argv=None):
    args = parse_args(argv)
    model = args.config
    if model and model.endswith('.py'):
        model = load_config(args)
        model.merge_from_dict(args.cfg_options)
    elif args.cfg_options:
        raise UsageError('--cfg-options are for a config: give one as --model.')
    try:
        inferencer = SkeletonInferencer(
            model,
            args.checkpoint,
            args.device,
            args.gallery,
            args.gallery_split,
            args.top_k,
            args.batch_size,
            args.threshold,
        )
    except (CheckpointError, DownloadError, ValueError) as error:
        raise UsageError(str(error)) from error
    results = inferencer(args.inputs, features=args.features)
    Console(highlight=False).print(summary(results))
    if args.out:
        args.out.mkdir(parents=True, exist_ok=True)
        path = args.out / 'results.json'
        draft = path.with_suffix('.tmp')
        draft.write_text(json.dumps(results, indent=1))
        draft.replace(path)
        print(f'wrote {path}')


def parse_args(argv):
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('inputs', nargs='+', metavar='INPUT', help='a recording, or an annotation file')
    parser.add_argument(
        '--model',
        dest='config',
        metavar='MODEL',
        help="a model of the zoo, a published checkpoint, or a config; by default the package's own",
    )
    parser.add_argument('--checkpoint', help='file, URL or usdrl://NAME of the weights that go with a config')
    parser.add_argument('--out', type=Path, metavar='DIR', help='folder to write results.json to')
    parser.add_argument('--gallery', metavar='ANN_FILE', help='annotation file to look for the nearest clips in')
    parser.add_argument('--gallery-split', help='a split of it; by default all of it')
    parser.add_argument('--top-k', type=int, default=5, help='actions and neighbours to tell (5)')
    parser.add_argument('--features', action='store_true', help='write the features too')
    parser.add_argument('--threshold', type=float, default=0.5, help='probability that segments are above (0.5)')
    parser.add_argument('--batch-size', type=int, default=64, help='clips, or windows, that are encoded together (64)')
    parser.add_argument('--device', help='e.g. cpu or cuda:1; by default an accelerator if there is one')
    parser.add_argument(
        '--cfg-options', nargs='+', action=DictAction, default={}, metavar='KEY=VALUE', help='settings of the config'
    )
    parser.set_defaults(work_dir=None, launcher='none', local_rank=0)
    return parser.parse_args(argv)


def summary(results: list[dict]) -> Table:
    """A line a recording, with what comes first, or how many segments there are of what."""
    columns = [key for key in ('actions', 'neighbors', 'segments') if any(key in result for result in results)]
    table = Table()
    for name in (
        'recording',
        'frames',
        'people',
        *(name if name == 'segments' else name.removesuffix('s') for name in columns),
    ):
        table.add_column(name, justify='right' if name in ('frames', 'people') else 'left')
    for result in results:
        best = [count(result[key]) if key == 'segments' else first(result[key]) for key in columns]
        table.add_row(result['name'], str(result['frames']), str(result['people']), *best)
    return table


def first(found: list[dict]) -> str:
    best = found[0]
    what = best.get('name', best['label'])
    if 'clip' in best:
        return f'{what}, as in {best["clip"]} ({best["score"]:.3f})'
    return f'{what} {best["score"]:.0%}'


def count(segments: list[dict]) -> str:
    """'wave 3, sit 1', the most frequent first."""
    names = Counter(str(segment.get('name', segment['label'])) for segment in segments)
    return ', '.join(f'{name} {number}' for name, number in names.most_common()) or 'none'
