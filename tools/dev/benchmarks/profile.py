"""The time of a row by kind of operation."""

from collections import Counter

import torch
from rich.console import Console

from usdrl_mmaction.commands.common import number_table

# An operation is of the first kind with a part of its name.
KINDS = {
    'matrix products': ('mm', 'linear', 'convolution', 'attention'),
    'optimizer': ('adam', 'addcdiv', 'lerp', 'sqrt', '_foreach'),
    'copies and casts': ('copy_', 'cat', 'clone', 'index', 'stack'),
    'norms': ('norm',),
    'softmax': ('softmax',),
}
OTHER = 'element-wise operations, sums, the rest'


def profile(run) -> dict[str, float]:
    """Milliseconds by kind, of one run after a warm-up."""
    run()
    with torch.profiler.profile() as recorded:
        run()
    spent = Counter()
    for event in recorded.key_averages():
        spent[kind_of(event.key)] += event.self_device_time_total / 1e3 or event.self_cpu_time_total / 1e3
    return dict(spent)


def kind_of(operation: str) -> str:
    name = operation.lower()
    return next((kind for kind, parts in KINDS.items() if any(part in name for part in parts)), OTHER)


def show(title: str, ours: dict, console: Console, textbook: dict | None = None):
    table = number_table(f'{title}: milliseconds, and share of the total', 'operations', 'ours', 'textbook')
    columns = [(spent, sum(spent.values())) for spent in (ours, textbook) if spent]
    for kind in (*KINDS, OTHER):
        table.add_row(
            kind, *(f'{spent.get(kind, 0):.0f} ({spent.get(kind, 0) / total:.0%})' for spent, total in columns)
        )
    table.add_section()
    table.add_row('total', *(f'{total:.0f}' for _, total in columns))
    console.print(table)
