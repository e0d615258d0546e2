"""Recognise actions with the encoder of the package; then pretrain one on synthetic data, and compare it with a random
one and with classifiers that have no encoder (`make demo`)."""

import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from statistics import mean, stdev

from usdrl_mmaction.files import remove, replacing
from usdrl_mmaction.reports.runs import Run

from .common import number_table
from .steps import console, run_step, usdrl

FEW = Path('data/synthetic/few')  # clips, five of each action to learn from
ENCODERS = ('random', 'pretrained')
CONFIGS = {'linear': 'linear_synthetic', 'knn': 'knn_synthetic', 'detect': 'detect_synthetic_frozen'}
LINEAR, NEIGHBOUR = 'linear classifier, accuracy', '1-NN retrieval, accuracy'
# 30 of the 80 epochs of the config, to end within six minutes on two slow cores.
SHORT = ('train_cfg.max_epochs=30', 'param_scheduler.0.milestones=[24]')
# What is measured, by the run that measures it.
MEASURES = {
    ('linear', 'acc/top1'): LINEAR,
    ('knn', 'acc/top1'): NEIGHBOUR,
    ('detect', 'detection/mAP_action@0.5'): 'detection, mAP over actions',
    ('detect', 'detection/mAP_video@0.5'): 'detection, mAP over videos',
    ('detect', 'detection/f1@0.5'): 'detection, F1',
}
# The classifiers without an encoder: measure, and column of the table.
BASELINES = {
    'plain, ridge': (LINEAR, 'plain'),
    'plain, 1-NN': (NEIGHBOUR, 'plain'),
    'MiniRocket': (LINEAR, 'MiniRocket'),
}
COLUMNS = ('plain', 'MiniRocket', *ENCODERS)


Step = tuple[str, int, Callable[[], list[str]]]  # title, seconds on 2 quiet cores, command line


def main(args):
    started, out = time.monotonic(), args.work_dir
    folders = {seed: out / f'seed{seed}' if len(args.seeds) > 1 else out for seed in args.seeds}
    steps = list(plan(out, folders))
    remove(out / 'classifier')  # of an earlier demo
    seconds, done, total = {}, 0, sum(expected for _, expected, _ in steps)
    for number, (title, expected, command) in enumerate(steps, 1):
        speed = max(sum(seconds.values()) / done, 0.5) if done else 1.0
        left = f'{number} of {len(steps)}, about {clock(speed * (total - done))} left. '
        seconds[title] = run_step(f'{title} ({number} of {len(steps)})', command(), left)
        done += expected
        console.print(f'  {clock(seconds[title])}; {clock(time.monotonic() - started)} since the start')
    results = gather(out / 'baselines.json', list(folders.values()))
    with replacing(out / 'results.json') as draft:
        draft.write_text(json.dumps(results | {'seconds': seconds}, indent=2) + '\n')
    show(results)
    console.print(f'\nDone in {clock(time.monotonic() - started)}. Written:')
    written = [out / 'report.html', out / 'results.json', out / 'classifier']
    for folder in folders.values():
        written += [last_checkpoint(folder / name) for name in ('pretrain', 'linear_pretrained', 'detect_pretrained')]
    console.print('\n'.join(f'  {path}' for path in written))


def plan(out: Path, folders: dict[int, Path]) -> Iterator[Step]:
    """What is done, in order: first what gives an answer soon. A command line may need what an earlier one wrote."""
    yield 'A few clips', 6, lambda: usdrl('synthetic', '--out-dir', FEW, '--clips', 180, '--videos', 1)
    split = ('--split', 'xsub_train', '--held-out', 'xsub_val')
    fitted = usdrl('fit', FEW / 'synthetic.pkl', *split, '--model', out / 'classifier')
    yield "18 actions, taught to the package's encoder by five clips each, of other people", 8, lambda: fitted
    yield 'Synthetic data', 20, lambda: usdrl('synthetic')
    for seed, folder in folders.items():
        options = ('--work-dir', folder / 'pretrain', '--seed', seed, '--cfg-options', *SHORT)
        pretrain = usdrl('train', 'pretrain_synthetic', *options)
        yield f'Pretraining without labels{named(seed, folders)}', 180, lambda line=pretrain: line
        for encoder in ENCODERS:
            yield from evaluation(encoder, folder, seed, named(seed, folders))
    baselines = usdrl('baselines', 'linear_synthetic', '--out', out / 'baselines.json')
    yield 'Without an encoder', 20, lambda: baselines
    for seed, folder in folders.items():
        for encoder in ENCODERS:
            yield from detection(encoder, folder, seed, named(seed, folders))
    yield 'Report', 12, lambda: usdrl('report', out)


def named(seed: int, folders: dict[int, Path]) -> str:
    return f', seed {seed}' if len(folders) > 1 else ''


def evaluation(encoder: str, folder: Path, seed: int, suffix: str) -> Iterator[Step]:
    """A linear classifier and 1-NN on the frozen encoder."""
    trained, about = folder / f'linear_{encoder}', f', {encoder} encoder{suffix}'
    yield f'Linear classifier{about}', 5, lambda: train('linear', encoder, folder, seed)
    dump = ('--dump', trained / 'predictions.pkl')
    yield f'Predictions{about}', 3, lambda: test('linear', trained, trained, *dump)
    yield f'1-NN retrieval{about}', 4, lambda: test('knn', trained, folder / f'knn_{encoder}')


def detection(encoder: str, folder: Path, seed: int, suffix: str) -> Iterator[Step]:
    """A classifier of frames on the frozen encoder, and the actions that it finds in untrimmed videos."""
    trained, about = folder / f'detect_{encoder}', f', {encoder} encoder{suffix}'
    yield f'Classifier of frames{about}', 18, lambda: train('detect', encoder, folder, seed, '--no-validate')
    outfiles = ('--cfg-options', f'test_evaluator.outfile_prefix={trained}/detection')
    yield f'Detection in untrimmed videos{about}', 13, lambda: test('detect', trained, trained, *outfiles)


def train(task: str, encoder: str, folder: Path, seed: int, *flags: str) -> list[str]:
    load_from = [f'load_from={last_checkpoint(folder / "pretrain")}'] if encoder == 'pretrained' else []
    options = ['--cfg-options', *load_from] if load_from else []
    work_dir = ['--work-dir', folder / f'{task}_{encoder}']
    return usdrl('train', CONFIGS[task], *work_dir, '--seed', seed, *flags, *options)


def test(task: str, trained: Path, work_dir: Path, *options) -> list[str]:
    return usdrl('test', CONFIGS[task], last_checkpoint(trained), '--work-dir', work_dir, *options)


def clock(seconds: float) -> str:
    minutes, seconds = divmod(round(seconds), 60)
    return f'{minutes} min {seconds} s' if minutes else f'{seconds} s'


def last_checkpoint(work_dir: Path) -> Path:
    return Run(work_dir, work_dir.name).checkpoint


def gather(baselines: Path, folders: list[Path]) -> dict[str, dict[str, list[float]]]:
    """The values of each measure and column, over seeds."""
    results = {title: {} for title in MEASURES.values()}
    for name, values in json.loads(baselines.read_text()).items():
        if name in BASELINES:
            title, column = BASELINES[name]
            results[title][column] = values
    for (task, measure), title in MEASURES.items():
        for encoder in ENCODERS:
            runs = [Run(folder / f'{task}_{encoder}', task) for folder in folders]
            results[title][encoder] = [run.metrics[measure] for run in runs]
    return results


def show(results: dict):
    columns = [column for column in COLUMNS if any(column in row for row in results.values())]
    names = [f'{column} encoder' if column in ENCODERS else column for column in columns]
    table = number_table('On subjects not seen in training (synthetic, xsub)', 'measure', *names, 'gain, points')
    for title, row in results.items():
        gain = 100 * (mean(row['pretrained']) - mean(row['random']))
        table.add_row(title, *(cell(row.get(column)) for column in columns), f'{gain:+.1f}')
    console.print()
    console.print(table)


def cell(values: list[float] | None) -> str:
    if not values:
        return ''
    return f'{mean(values):.1%}' + (f' ± {100 * stdev(values):.1f}' if len(values) > 1 else '')
