"""Show which joints and which frames of recordings decided for their class: by occlusion (what the score loses when a
joint does not move) and by gradients. A film strip of each is drawn. docs/explain.md shows an example."""

import re
from pathlib import Path

from rich.console import Console

from usdrl_mmaction.apis import SkeletonInferencer
from usdrl_mmaction.apis.explain import METHODS, Explanation
from usdrl_mmaction.recordings.recording import find_recordings
from usdrl_mmaction.reports.film_strip import draw_explanation

from .common import number_table

SHOWN = 6  # joints


def main(args):
    model = SkeletonInferencer(args.model, device=args.device, layout=args.layout)
    console = Console(highlight=False, soft_wrap=True)
    for recording in find_recordings(args.inputs):
        methods = [args.method] if args.method else METHODS
        found = {method: model.explain(recording, args.label, method) for method in methods}
        console.print(table(recording.name, found))
        path = args.out / f'{re.sub("[^A-Za-z0-9._-]", "_", Path(recording.name).stem)}.png'
        draw_explanation(next(iter(found.values())), recording.name, path)
        print(f'wrote {path}')


def table(name: str, found: dict[str, Explanation]):
    """The joints that decided, and the frames between which half of the decision lies, by each method."""
    first = next(iter(found.values()))
    shown = number_table(f'{name}: {first.name} {first.probability:.0%}', 'joint', *found)
    for joint in first.best(SHOWN):
        shares = [each.best(len(each.skeleton))[joint] for each in found.values()]
        shown.add_row(joint, *(f'{share:.0%}' for share in shares))
    shown.add_row('frames', *('{} to {}'.format(*each.span()) for each in found.values()))
    return shown
