"""Compare the package with a textbook version (`make bench`): a table, and the same as JSON."""

import argparse
import json
import os
import platform
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path

import torch
from rich.console import Console
from torch.utils.flop_counter import FlopCounterMode

import usdrl_mmaction
from usdrl_mmaction.commands.common import number_table
from usdrl_mmaction.engine.runner.allocator import keep_pages
from usdrl_mmaction.files import replacing
from usdrl_mmaction.models.layers import PRODUCT, Linear, measure_products

HERE = Path(__file__).resolve().parent
sys.path += [str(HERE), str(HERE.parents[1] / 'tests')]  # the textbook is among the tests
from benchmarks import evaluation, linear, profile, start, store, streaming, throughput, training  # noqa: E402
from benchmarks.store import alone  # noqa: E402
from benchmarks.training import DEVICE, PRODUCTS  # noqa: E402

PAIRS = {**training.ROWS, **evaluation.ROWS}
TABLES = {
    'linear': linear,
    'start': start,
    'store': store,
    'streaming': streaming,
    'throughput': throughput,
}  # rows with separate tables
NAMES = [*PAIRS, *TABLES]
VERSIONS = 'ours', 'textbook'
synchronize = getattr(torch, DEVICE).synchronize
console = Console(highlight=False, width=120)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('rows', nargs='*', default=NAMES, help=f'what to measure: {", ".join(NAMES)}')
    parser.add_argument('--repeats', type=int, default=5, help='measurements of each, after a warm-up')
    parser.add_argument('--out', type=Path, default=Path('work_dirs/bench/bench.json'), help='the JSON file')
    profiled = 'show the time of each kind of operation instead, for the rows ' + ', '.join(training.ROWS)
    parser.add_argument('--profile', action='store_true', help=profiled)
    args = parser.parse_args()
    unknown = set(args.rows) - set(NAMES)
    if unknown:
        parser.error(f'there is no row {", ".join(sorted(unknown))}; the rows are: {", ".join(NAMES)}')

    os.environ.setdefault('KINETO_LOG_LEVEL', '99')  # silences torch's profiler
    console.print(', '.join(f'{name} {value}' for name, value in machine().items()))
    if args.profile:
        for name in (name for name in args.rows if name in training.ROWS):
            console.print(f'profiling {name} ...')
            spent = {who: alone(profile_version, name, who) for who in VERSIONS}
            profile.show(PAIRS[name][0], **spent, console=console)
        return
    results = {}
    for name in args.rows:
        console.print(f'measuring {name} ...')
        results[name] = TABLES[name].measure() if name in TABLES else measure_pair(name, args.repeats)
    if pairs := {name: row for name, row in results.items() if name in PAIRS}:
        show(pairs)
    for name in set(TABLES) & set(args.rows):
        TABLES[name].show(results[name], console)
    with replacing(args.out) as draft:
        draft.write_text(json.dumps({'machine': machine(), 'rows': results}, indent=2) + '\n')
    console.print(f'Written: {args.out}')


def version(name: str, who: str) -> Callable | None:
    """What a row measures of us or of the textbook, if it has the row."""
    if who == 'ours':
        keep_pages()  # as usdrl train does
    return PAIRS[name][1]()[VERSIONS.index(who)]


def profile_version(name: str, who: str) -> dict | None:
    run = version(name, who)
    return run and profile.profile(run)


def measure_pair(name: str, repeats: int) -> dict:
    """Seconds and peak memory of both versions, each in a process of its own."""
    measured = {who: alone(measure_version, name, who, repeats) for who in VERSIONS}
    measured = {who: found for who, found in measured.items() if found}
    median = {who: statistics.median(found['seconds']) for who, found in measured.items()}
    seconds, memory = ({who: found[key] for who, found in measured.items()} for key in ('seconds', 'peak_bytes'))
    row = {'title': PAIRS[name][0], 'seconds': seconds, 'median': median, 'peak_bytes': memory}
    if 'textbook' in median:
        row['speedup'] = median['textbook'] / median['ours']
    if memory.get('textbook'):  # numpy's is not measured
        row['memory_share'] = memory['ours'] / memory['textbook']
    if name in PRODUCTS:
        flop, rate = measured['ours']['products']
        row |= {'flop': flop, 'matrix_rate': rate, 'matrix_share': flop / rate / median['ours']}
    return row


def measure_version(name: str, who: str, repeats: int) -> dict | None:
    if not (run := version(name, who)):
        return None
    memory = peak_memory(run)
    run()
    found = {'seconds': [timed(run) for _ in range(repeats)], 'peak_bytes': memory}
    return found | ({'products': products(run, *PRODUCTS[name])} if name in PRODUCTS else {})


def machine() -> dict:
    name = torch.cuda.get_device_name() if DEVICE == 'cuda' else processor()
    versions = {'torch': torch.__version__, 'usdrl_mmaction': usdrl_mmaction.__version__}
    rates = {f'{kind}_gflops': round(rate) for kind, rate in measure_products().items()}
    threads = {'threads': torch.get_num_threads(), 'python': platform.python_version()}
    return {'device': name, **threads, **versions, **rates, 'products by': PRODUCT.name()}


def processor() -> str:
    info = Path('/proc/cpuinfo')  # on Linux, platform has only the architecture
    lines = info.read_text().splitlines() if info.exists() else []
    models = (line.split(':')[1].strip() for line in lines if line.startswith('model name'))
    return next(models, platform.machine())


def products(run, width: int, dtype: torch.dtype) -> tuple[int, float]:
    """The operations of a run's matrix products, and how many a second of a large product there are."""
    with FlopCounterMode(display=False) as counter:
        run()
    x = torch.randn(8192, width, device=DEVICE, dtype=dtype)
    product = Linear(width, 4 * width, bias=False, device=DEVICE, dtype=dtype)
    least = min(timed(lambda: product(x)) for _ in range(10))
    return counter.get_total_flops(), 2 * x.numel() * product.out_features / least


def timed(run) -> float:
    synchronize()
    start = time.perf_counter()
    run()
    synchronize()
    return time.perf_counter() - start


def peak_memory(run) -> int:
    """The most bytes of tensors that a run allocates at any moment."""
    if DEVICE == 'cuda':
        torch.cuda.reset_peak_memory_stats()
        before = torch.cuda.memory_allocated()
        run()
        return torch.cuda.max_memory_allocated() - before
    with torch.profiler.profile(profile_memory=True) as profile:
        run()
    events = [event for event in profile.profiler.kineto_results.events() if event.name() == '[memory]']
    held = peak = 0
    for event in sorted(events, key=lambda event: event.start_ns()):
        held += event.nbytes()
        peak = max(peak, held)
    return peak


def show(results: dict):
    title = (
        'Median seconds (least – most), peak of allocated memory, speedup, share of memory, and share of our time that '
        'the matrix products alone would take'
    )
    table = number_table(title, 'what', 'ours', 'textbook', 'faster', 'memory', 'products')
    for row in results.values():
        faster = f'{row["speedup"]:.2f}×' if 'speedup' in row else ''
        shares = [f'{row[name]:.1%}' if name in row else '' for name in ('memory_share', 'matrix_share')]
        table.add_row(row['title'], *(cell(row, who) for who in ('ours', 'textbook')), faster, *shares)
    console.print(table)


def cell(row: dict, who: str) -> str:
    if who not in row['median']:
        return ''
    seconds, held = row['seconds'][who], row['peak_bytes'][who]
    spread = f'{row["median"][who]:.3g} s ({min(seconds):.3g} – {max(seconds):.3g})'
    return f'{spread}, {held / 1e6:.0f} MB' if held else spread


if __name__ == '__main__':
    main()
