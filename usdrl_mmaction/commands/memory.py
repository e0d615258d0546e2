"""Compute the memory of a pretraining step in each process from the config, without data or a GPU."""

import torch
from rich.console import Console

from usdrl_mmaction.datasets.annotations import counted
from usdrl_mmaction.engine.memory import step_memory
from usdrl_mmaction.engine.runner.settings import complete
from usdrl_mmaction.errors import UsageError

from .common import number_table, read_config

ROWS = {
    'weights': 'weights and buffers',
    'gradients': 'gradients',
    'buckets': 'buckets that send gradients',
    'optimizer': 'state of the optimizer',
    'activations': 'views and activations kept for the backward pass',
    'peak': 'peak',
}


def main(args):
    if len(args.batch_size) != len(args.processes):
        raise UsageError('give as many --processes as --batch-size.')
    cfg = complete(read_config(args.config, args.cfg_options))
    precision = getattr(torch, args.precision) if args.precision else None
    cases = list(zip(args.batch_size, args.processes, strict=True))
    columns = [step_memory(cfg, *case, precision) for case in cases]

    title = 'GB in each process, without libraries, data loading and the making of views'
    heads = (f'{processes} × {counted(batch_size, "clip", "clips")}' for batch_size, processes in cases)
    table = number_table(title, '', *heads)
    for name, title in ROWS.items():
        table.add_row(title, *(f'{getattr(column, name) / 1e9:.2f}' for column in columns))
    Console(highlight=False, width=120).print(table)
