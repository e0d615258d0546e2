"""Generate synthetic data, pretrain an encoder on them, and compare it with a random one and with classifiers that have
no encoder (`make demo`)."""

import json
import time
from pathlib import Path
from statistics import mean, stdev

from usdrl_mmaction.files import replacing
from usdrl_mmaction.reports.runs import Run

from .common import number_table
from .steps import console, run_step, usdrl

ENCODERS = ('random', 'pretrained')
LINEAR, NEIGHBOUR = 'linear classifier, accuracy', '1-NN retrieval, accuracy'
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


def main(args):
    started, out = time.time(), args.work_dir
    run_step('Synthetic data', usdrl('synthetic'))
    run_step('Without an encoder', usdrl('baselines', 'linear_synthetic', '--out', out / 'baselines.json'))
    folders = {seed: out / f'seed{seed}' if len(args.seeds) > 1 else out for seed in args.seeds}
    for seed, folder in folders.items():
        pretrain = usdrl('train', 'pretrain_synthetic', '--work-dir', folder / 'pretrain', '--seed', seed)
        run_step('Pretraining without labels', pretrain)
        for encoder in ENCODERS:
            evaluate(encoder, folder, seed)
    results = gather(out / 'baselines.json', list(folders.values()))
    with replacing(out / 'results.json') as draft:
        draft.write_text(json.dumps(results, indent=2) + '\n')
    run_step('Report', usdrl('report', out))
    show(results)
    console.print(f'\nDone in {(time.time() - started) / 60:.1f} minutes. Written:')
    written = [out / 'report.html', out / 'results.json']
    for folder in folders.values():
        written += [last_checkpoint(folder / name) for name in ('pretrain', 'linear_pretrained', 'detect_pretrained')]
    console.print('\n'.join(f'  {path}' for path in written))


def evaluate(encoder: str, folder: Path, seed: int):
    """A linear classifier and 1-NN on the frozen encoder; the encoder fine-tuned on untrimmed videos."""
    load_from = [f'load_from={last_checkpoint(folder / "pretrain")}'] if encoder == 'pretrained' else []
    for task, flags in (('linear', []), ('detect', ['--no-validate'])):
        work_dir = folder / f'{task}_{encoder}'
        options = ['--cfg-options', *load_from] if load_from else []
        command = usdrl('train', f'{task}_synthetic', '--work-dir', work_dir, '--seed', seed, *flags, *options)
        run_step(f'Training of {task}_synthetic, {encoder} encoder', command)
    linear, detect = folder / f'linear_{encoder}', folder / f'detect_{encoder}'
    outfiles = f'test_evaluator.outfile_prefix={detect}/detection'
    for title, task, trained, *options in (
        ('Predictions', 'linear', linear, '--dump', linear / 'predictions.pkl'),
        ('1-NN retrieval', 'knn', linear),
        ('Detection in untrimmed videos', 'detect', detect, '--cfg-options', outfiles),
    ):
        options = [last_checkpoint(trained), '--work-dir', folder / f'{task}_{encoder}', *options]
        run_step(f'{title}, {encoder} encoder', usdrl('test', f'{task}_synthetic', *options))


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
