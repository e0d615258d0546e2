"""Compute the memory of a pretraining step in each process from the config, without data or a GPU."""

import argparse

import torch
from rich.console import Console

from usdrl_mmaction.datasets.annotations import counted
from usdrl_mmaction.engine.memory import step_memory
from usdrl_mmaction.engine.runner.settings import complete

from .common import add_cfg_options, number_table, read_config

ROWS = {
    'weights': 'weights and buffers',
    'gradients': 'gradients',
    'buckets': 'buckets that send gradients',
    'optimizer': 'state of the optimizer',
    'activations': 'views and activations kept for the backward pass',
    'peak': 'peak',
}


def main(argv):
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('config', help='config, e.g. pretrain_ntu60')
    parser.add_argument('--batch-size', type=int, nargs='+', required=True, help='clips in each process')
    parser.add_argument('--processes', type=int, nargs='+', default=[1], help='number of them, for each batch size')
    parser.add_argument('--precision', choices=['float32', 'bfloat16'], help="by default the config's")
    add_cfg_options(parser)
    args = parser.parse_args(argv)
    if len(args.batch_size) != len(args.processes):
        parser.error('give as many --processes as --batch-size')
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
