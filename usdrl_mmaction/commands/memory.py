"""Compute the memory that a step of pretraining needs in each process, from the config, without data or a GPU."""

import argparse

import torch
from rich.console import Console
from rich.table import Table

from usdrl_mmaction.engine.memory import step_memory
from usdrl_mmaction.engine.runner.settings import complete

from .common import add_cfg_options, read_config

ROWS = {
    'weights': 'weights and buffers',
    'gradients': 'gradients',
    'buckets': 'buckets that send gradients',
    'optimizer': 'state of the optimizer',
    'activations': 'views and activations kept for the backward pass',
    'peak': 'the most at any moment',
}


def main(argv):
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('config', help='config, e.g. pretrain_ntu60')
    parser.add_argument('--batch-size', type=int, nargs='+', required=True, help='clips in each process')
    parser.add_argument('--processes', type=int, nargs='+', default=[1], help='how many, for each batch size')
    parser.add_argument('--precision', choices=['float32', 'bfloat16'], help="by default the config's")
    add_cfg_options(parser)
    args = parser.parse_args(argv)
    if len(args.batch_size) != len(args.processes):
        parser.error('give as many --processes as --batch-size')
    cfg = complete(read_config(args.config, args.cfg_options))
    precision = getattr(torch, args.precision) if args.precision else None
    cases = list(zip(args.batch_size, args.processes, strict=True))
    columns = [step_memory(cfg, *case, precision) for case in cases]

    table = Table(title='GB in each process; libraries, data loading and views in the making come on top')
    table.add_column('')
    for batch_size, processes in cases:
        table.add_column(f'{processes} × {batch_size} clips', justify='right')
    for name, title in ROWS.items():
        table.add_row(title, *(f'{getattr(column, name) / 1e9:.2f}' for column in columns))
    Console(highlight=False, width=120).print(table)
