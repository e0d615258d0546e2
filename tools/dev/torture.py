"""A stress test with hundreds of kills and thousands of damaged and hostile files (`make torture`, `make torture
N=100000`): a table of cases and outcomes.

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
from ordeals import damaged, generated, guided, hostile, live, training
from ordeals.isolated import CLEAR, LOST, SURVIVED, Result


def main():
    parser = argparse.ArgumentParser(description=__doc__.split('\n')[0])
    parser.add_argument('groups', nargs='*', default=[*GROUPS], help=f'what to try: {", ".join(GROUPS)}')
    parser.add_argument('--seed', type=int, default=0)
    parser.add_argument('--cases', type=int, default=5000, help='number of files (5000)')
    parser.add_argument('--scale', type=float, default=1.0, help='share of the runs: kills, full disks, minutes live')
    parser.add_argument('--fuzz', nargs=3, metavar=('FORMAT', 'RUNS', 'OUT'), help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.fuzz:
        return guided.fuzz(args.fuzz[0], int(args.fuzz[1]), Path(args.fuzz[2]), args.seed)
    torch.set_num_threads(1)  # a process of several threads cannot fork
    console = Console(highlight=False, width=110)
    results = {
        group: run_group(group, args.seed, args.scale if group in RUNS else args.cases, console)
        for group in args.groups
    }
    for group, found in results.items():
        for result in found:
            if result.verdict == LOST:
                console.print(f'{group}, {result.case}: {result.reason}\n', soft_wrap=True, markup=False)
    console.print(table(results))
    sys.exit(any(result.verdict == LOST for found in results.values() for result in found))


def run_group(group: str, seed: int, times: float, console: Console) -> list[Result]:
    make, share = GROUPS[group]
    number = max(1, round(share * times))
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


# Whole runs and streams, by number.
RUNS = {
    'kills': (training.kills, 60),
    'launchers': (training.launchers, 100),
    'full disk': (training.full_disk, 10),
    'dead workers': (training.dead_workers, 6),
    'stalled server': (training.stalled_server, 6),
    'live': (live.live, 60),
}
# Files, by their share of the cases.
FILES = {
    'checkpoints': (damaged.checkpoints, 0.05),
    'annotations': (damaged.annotations, 0.03),
    'recordings': (damaged.recordings, 0.06),
    'inferencer': (damaged.inferencer, 0.02),
    'models': (damaged.models, 0.05),
    'hub': (damaged.hub, 0.01),
    'videos': (damaged.videos, 0.02),
    'segments': (damaged.segments, 0.04),
    'enrolment': (damaged.enrolment, 0.01),
    'generated': (generated.generated, 0.13),
    'hostile': (hostile.hostile, 0.01),
    'guided': (guided.guided, 0.57),
}
GROUPS = {**RUNS, **FILES}

if __name__ == '__main__':
    main()
