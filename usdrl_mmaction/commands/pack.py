"""Pack an annotation file into a store, which opens at once, however large it is. Set its path as `ann_file`."""

from functools import partial

from rich.progress import track

from usdrl_mmaction.datasets import read_annotations
from usdrl_mmaction.datasets.annotations import counted
from usdrl_mmaction.datasets.store import write_store
from usdrl_mmaction.errors import UsageError


def main(args):
    out = args.out or args.file.with_suffix('.store')
    if out.exists() and not args.overwrite:
        raise UsageError(f'{out} already exists. Use --overwrite to replace it, or --out for another place.')
    content = read_annotations(str(args.file))
    write_store(content, out, progress=partial(track, description='Packing clips'))
    size = sum(file.stat().st_size for file in out.iterdir())
    clips = counted(len(content['annotations']), 'clip', 'clips')
    print(f"{out}: {clips}, {size / 1e6:.1f} MB. Set the data set's ann_file='{out}'.")
