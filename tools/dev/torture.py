"""A stress test with hundreds of kills, damaged and hostile files (`make torture`): a table of cases and outcomes.

Every case runs in a separate process, for at most 60 seconds. *Survived* is the right result, a *clear error* a message
of this package that says what is wrong. Everything else is *lost*: a crash, a hang, a wrong result, a bare traceback,
and code that was run from data.
"""

import argparse
import random
import sys
import tempfile
from collections import Counter
from pathlib import Path

import torch
from rich.console import Console
from rich.progress import track
from rich.table import Table

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / 'tests'))
from ordeals import damaged, generated, guided, hostile, training
from ordeals.isolated import CLEAR, LOST, SURVIVED, Result


def main():
    parser = argparse.ArgumentParser(description=__doc__.split('\n')[0])
    parser.add_argument('groups', nargs='*', default=[*GROUPS], help=f'what to try: {", ".join(GROUPS)}')
    parser.add_argument('--seed', type=int, default=0)
    parser.add_argument('--scale', type=float, default=1.0, help='share of the full number of cases')
    parser.add_argument('--fuzz', nargs=3, metavar=('FORMAT', 'RUNS', 'OUT'), help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.fuzz:
        return guided.fuzz(args.fuzz[0], int(args.fuzz[1]), Path(args.fuzz[2]), args.seed)
    torch.set_num_threads(1)  # a process of several threads cannot fork
    console = Console(highlight=False, width=110)
    results = {group: run_group(group, args.seed, args.scale, console) for group in args.groups}
    for group, found in results.items():
        for result in found:
            if result.verdict == LOST:
                console.print(f'{group}, {result.case}: {result.reason}\n', soft_wrap=True, markup=False)
    console.print(table(results))
    sys.exit(any(result.verdict == LOST for found in results.values() for result in found))


def run_group(group: str, seed: int, scale: float, console: Console) -> list[Result]:
    make, number = GROUPS[group]
    number = max(1, round(number * scale))
    with tempfile.TemporaryDirectory(prefix='torture_') as folder:
        results = make(random.Random(f'{seed} {group}'), number, Path(folder))
        return list(track(results, f'{group:12}', number, console=console, transient=True))


def table(results: dict[str, list[Result]]) -> Table:
    rows = {group: Counter(result.verdict for result in found) for group, found in results.items()}
    rows['all'] = sum(rows.values(), Counter())
    drawn = Table('what', *('tried', SURVIVED, CLEAR, LOST))
    for group, counts in rows.items():
        if group == 'all':
            drawn.add_section()
        drawn.add_row(group, *map(str, (counts.total(), counts[SURVIVED], counts[CLEAR], counts[LOST])))
    return drawn


GROUPS = {
    'kills': (training.kills, 60),
    'launchers': (training.launchers, 100),
    'full disk': (training.full_disk, 10),
    'dead workers': (training.dead_workers, 6),
    'stalled server': (training.stalled_server, 6),
    'checkpoints': (damaged.checkpoints, 300),
    'annotations': (damaged.annotations, 150),
    'recordings': (damaged.recordings, 250),
    'inferencer': (damaged.inferencer, 100),
    'generated': (generated.generated, 480),
    'hostile': (hostile.hostile, 49),
    'guided': (guided.guided, 6000),
}

if __name__ == '__main__':
    main()
