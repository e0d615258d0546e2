"""Ours beside a textbook version, in one process (`make bench`): a table, and the same as JSON."""

import argparse
import copy
import json
import platform
import statistics
import sys
import time
from pathlib import Path

import numpy as np
import torch
from mmaction.registry import MODELS
from rich.console import Console
from rich.table import Table
from torch.utils.flop_counter import FlopCounterMode

import usdrl_mmaction
from usdrl_mmaction.engine.allocator import keep_pages
from usdrl_mmaction.evaluation import evaluate_detection, pku_report
from usdrl_mmaction.models import decorrelation_terms

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / 'tests'))
from evaluation.protocols import pku  # noqa: E402
from textbook import TextbookPretrainer, textbook_terms, textbook_views  # noqa: E402

DEVICE = 'cuda' if torch.cuda.is_available() else 'cpu'
console = Console(highlight=False, width=120)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('rows', nargs='*', default=[*ROWS], help=f'what to measure, of: {", ".join(ROWS)}')
    parser.add_argument('--repeats', type=int, default=5, help='measurements of each, after one to warm up')
    parser.add_argument('--out', type=Path, default=Path('work_dirs/bench/bench.json'), help='the JSON file')
    args = parser.parse_args()
    unknown = set(args.rows) - set(ROWS)
    if unknown:
        parser.error(f'there is no row {", ".join(sorted(unknown))}; the rows are: {", ".join(ROWS)}')

    console.print(', '.join(f'{name} {value}' for name, value in machine().items()))
    results = {}
    for name in args.rows:
        console.print(f'measuring {name} ...')
        title, pair = ROWS[name]
        ours, textbook = pair()
        results[name] = {'title': title, **compare(ours, textbook, args.repeats)}
        if name in PRODUCTS:
            results[name] |= share_of_products(ours, results[name]['median']['ours'], *PRODUCTS[name])
    show(results)
    args.out.parent.mkdir(parents=True, exist_ok=True)
    args.out.write_text(json.dumps({'machine': machine(), 'rows': results}, indent=2) + '\n')
    console.print(f'Written: {args.out}')


def machine() -> dict:
    name = torch.cuda.get_device_name() if DEVICE == 'cuda' else cpu_name()
    versions = {'torch': torch.__version__, 'usdrl_mmaction': usdrl_mmaction.__version__}
    return {'device': name, 'threads': torch.get_num_threads(), 'python': platform.python_version(), **versions}


def cpu_name() -> str:
    info = Path('/proc/cpuinfo')
    lines = info.read_text().splitlines() if info.exists() else []
    return next((line.split(':')[1].strip() for line in lines if line.startswith('model name')), platform.machine())


def compare(ours, textbook, repeats: int) -> dict:
    """Seconds of both, one after the other so that each keeps its memory, and the most memory that each allocates.
    Without a textbook, of ours alone."""
    memory, seconds = {}, {}
    for name, run in {'ours': ours, **({'textbook': textbook} if textbook else {})}.items():
        keep_pages(name == 'ours')  # as tools/train.py does
        memory[name] = peak_memory(run)
        run()
        seconds[name] = [timed(run) for _ in range(repeats)]
    median = {name: statistics.median(values) for name, values in seconds.items()}
    result = {'seconds': seconds, 'median': median, 'peak_bytes': memory}
    if textbook:
        result['speedup'] = median['textbook'] / median['ours']
    if memory.get('textbook'):  # numpy's is not seen
        result['memory_share'] = memory['ours'] / memory['textbook']
    return result


def share_of_products(run, seconds: float, width: int, dtype: torch.dtype) -> dict:
    """How much of a run's time its matrix products would take alone, at the rate of a large one of its width."""
    with FlopCounterMode(display=False) as counter:
        run()
    left = torch.randn(8192, width, device=DEVICE, dtype=dtype)
    right = torch.randn(width, 4 * width, device=DEVICE, dtype=dtype)
    keep_pages(True)
    least = min(timed(lambda: left @ right) for _ in range(10))
    rate = 2 * left.numel() * right.size(1) / least
    return {
        'flop': counter.get_total_flops(),
        'matrix_rate': rate,
        'matrix_share': counter.get_total_flops() / rate / seconds,
    }


def timed(run) -> float:
    synchronize()
    start = time.perf_counter()
    run()
    synchronize()
    return time.perf_counter() - start


def synchronize():
    if DEVICE == 'cuda':
        torch.cuda.synchronize()


def peak_memory(run) -> int:
    """The most bytes of tensors that a run holds beyond what was there before."""
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


def loss_pair():
    z = torch.randn(4, 128, 4096, device=DEVICE, requires_grad=True)

    def run(terms):
        z.grad = None
        sum(terms(z).values()).backward()

    return lambda: run(decorrelation_terms), lambda: run(textbook_terms)


def step_pair(width: int, batch: int, half: bool):
    """A whole pretraining step on four views: forward, backward, optimizer."""

    def make():
        torch.manual_seed(0)
        model = MODELS.build(
            dict(
                type='MPCT',
                backbone=dict(type='DSTE', embed_dims=width),
                head=dict(type='DecorrelationHead', in_channels=width),
                data_preprocessor=dict(type='MultiViewPreprocessor', crop=dict(type='CropResize')),
            )
        )
        return model.to(DEVICE).train()

    views = torch.randn(4, batch, 2, 64, 25, 3, device=DEVICE)
    ours, textbook = make(), TextbookPretrainer(copy.deepcopy(make()))
    ours_adam = torch.optim.Adam(ours.parameters(), lr=5e-4, fused=True)  # as in configs/_base_/schedules
    textbook_adam = torch.optim.Adam(textbook.parameters(), lr=5e-4)

    def step(loss, optimizer):
        with torch.autocast(DEVICE, torch.bfloat16, enabled=half):
            value = loss()
        optimizer.zero_grad()
        value.backward()
        optimizer.step()

    return (
        lambda: step(lambda: ours(views, mode='loss')['loss'], ours_adam),
        lambda: step(lambda: textbook(views), textbook_adam),
    )


VIEWS = dict(
    type='MultiViewPreprocessor',
    crop=dict(type='CropResize'),
    augmentations=[dict(type='JointCorruption'), dict(type='Shear')],
)


def make_views(batch: int):
    """64 ragged clips as a data loader gives them, and what makes their views."""
    lengths = torch.randint(30, 301, (batch,), generator=torch.Generator().manual_seed(0)).tolist()
    clips = [torch.randn(1, 2, length, 25, 3) for length in lengths]
    preprocessor = MODELS.build(VIEWS).to(DEVICE)
    return clips, lambda: preprocessor({'inputs': clips}, True)


def views_pair():
    clips, ours = make_views(64)
    arrays = [clip[0].numpy() for clip in clips]
    return ours, lambda: torch.from_numpy(np.stack(textbook_views(arrays))).to(DEVICE)


def views_share_pair():
    return make_views(64)[1], step_pair(256, 64, True)[0]


def detections(videos: int, proposals: int):
    """Segments, and guesses of which half are near one, in random videos."""
    rng = np.random.default_rng(0)
    truth, found = {}, {}
    for number in range(videos):
        start = rng.integers(0, 3000, 20)
        truth[f'{number:04d}'] = np.stack([rng.integers(1, 52, 20), start, start + rng.integers(20, 200, 20)], 1)
        near = truth[f'{number:04d}'][rng.integers(0, 20, proposals)].astype(float)
        near[::2, 1:] = np.sort(rng.integers(0, 3200, (len(near[::2]), 2)))
        near[:, 1:] += rng.normal(0, 10, (proposals, 2))
        found[f'{number:04d}'] = np.column_stack([near[:, 0], np.sort(near[:, 1:], 1), rng.random(proposals)])
    return truth, found


def detection_pair():
    truth, found = detections(10, 200)
    lists = [{video: rows.tolist() for video, rows in every.items()} for every in (truth, found)]
    return lambda: evaluate_detection(truth, found, 51), lambda: pku(*lists, 51, 0.5)


def detection_full():
    truth, found = detections(1000, 200)
    return lambda: pku_report(truth, found, 51), None


ROWS = {
    'views': ('four views of 64 clips of up to 300 frames, beside numpy, a clip at a time', views_pair),
    'views_share': ('the same, beside the pretraining step they are for, D=256, bfloat16', views_share_pair),
    'loss': ("loss forward and backward, N=128, D'=4096", loss_pair),
    'detection': ('evaluation of 2,000 proposals in 10 videos, beside a pair at a time', detection_pair),
    'detection_full': ('evaluation of 200,000 proposals in 1,000 videos, all thresholds', detection_full),
    'step1024': ('pretraining step, D=1024, batch 16, float32', lambda: step_pair(1024, 16, False)),
    'step1024_bf16': ('pretraining step, D=1024, batch 16, bfloat16', lambda: step_pair(1024, 16, True)),
    'step128': ('pretraining step, D=128, batch 128, float32', lambda: step_pair(128, 128, False)),
    'step128_bf16': ('pretraining step, D=128, batch 128, bfloat16', lambda: step_pair(128, 128, True)),
}


# Width and type of the matrix products that a row mostly is.
PRODUCTS = {
    'step1024': (1024, torch.float32),
    'step1024_bf16': (1024, torch.bfloat16),
    'step128': (128, torch.float32),
    'step128_bf16': (128, torch.bfloat16),
}


def show(results: dict):
    table = Table(
        title='Median seconds (least – most), peak of allocated memory, how many times faster, share of memory, and '
        'share of our time that the matrix products would take alone'
    )
    for name in ('what', 'ours', 'textbook', 'faster', 'memory', 'products'):
        table.add_column(name, justify='left' if name == 'what' else 'right')
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
