"""Generate synthetic data, pretrain an encoder on them, and compare it with a random one (`make demo`)."""

import argparse
import json
import time
from pathlib import Path

from rich.table import Table

from usdrl_mmaction.files import replacing
from usdrl_mmaction.reports.runs import Run

from .steps import console, run_step, usdrl

ENCODERS = ('random', 'pretrained')
# What is measured, by the run that measures it.
TITLES = {
    ('linear', 'acc/top1'): 'linear classifier, accuracy',
    ('knn', 'acc/top1'): '1-NN retrieval, accuracy',
    ('detect', 'detection/mAP_action@0.5'): 'detection, mAP over actions',
    ('detect', 'detection/mAP_video@0.5'): 'detection, mAP over videos',
    ('detect', 'detection/f1@0.5'): 'detection, F1',
}


def main(argv):
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--seed', type=int, default=0, help='seed of the encoder, its views and its batches')
    parser.add_argument('--work-dir', type=Path, default=Path('work_dirs/demo'), help='folder of all runs')
    args = parser.parse_args(argv)
    started, out = time.time(), args.work_dir

    run_step('Synthetic data', usdrl('synthetic'))
    pretrain = usdrl('train', 'pretrain_synthetic', '--work-dir', out / 'pretrain', '--seed', args.seed)
    run_step('Pretraining without labels', pretrain)
    for encoder in ENCODERS:
        recognition(encoder, args)
        detection(encoder, args)
    results = {
        title: {encoder: Run(out / f'{task}_{encoder}', task).metrics[measure] for encoder in ENCODERS}
        for (task, measure), title in TITLES.items()
    }
    with replacing(out / 'results.json') as draft:
        draft.write_text(json.dumps(results, indent=2) + '\n')
    run_step('Report', usdrl('report', out))

    show(results)
    console.print(f'\nDone in {(time.time() - started) / 60:.1f} minutes. Written:')
    written = [out / 'report.html', out / 'results.json']
    written += [last_checkpoint(out / name) for name in ('pretrain', 'linear_pretrained', 'detect_pretrained')]
    console.print('\n'.join(f'  {path}' for path in written))


def recognition(encoder: str, args):
    """A linear classifier and the nearest neighbour, on the frozen encoder."""
    linear = train('linear', encoder, args)
    test('Its predictions', 'linear', encoder, args, linear, '--dump', linear / 'predictions.pkl')
    test('1-NN retrieval', 'knn', encoder, args, linear)


def detection(encoder: str, args):
    """The encoder fine-tuned on whole videos."""
    detect = train('detect', encoder, args, '--no-validate')
    outfiles = f'test_evaluator.outfile_prefix={detect}/detection'
    test('Actions in whole videos', 'detect', encoder, args, detect, '--cfg-options', outfiles)


def train(task: str, encoder: str, args, *options) -> Path:
    """Train for a task from an encoder; returns the folder."""
    folder = args.work_dir / f'{task}_{encoder}'
    options = ['--work-dir', folder, '--seed', args.seed, *options]
    if encoder == 'pretrained':
        options += ['--cfg-options', f'load_from={last_checkpoint(args.work_dir / "pretrain")}']
    command = usdrl('train', f'{task}_synthetic', *options)
    run_step(f'Training of {task}_synthetic, {encoder} encoder', command)
    return folder


def test(title: str, task: str, encoder: str, args, trained: Path, *options):
    """Test a trained model in a task."""
    options = [last_checkpoint(trained), '--work-dir', args.work_dir / f'{task}_{encoder}', *options]
    run_step(f'{title}, {encoder} encoder', usdrl('test', f'{task}_synthetic', *options))


def last_checkpoint(work_dir: Path) -> Path:
    return Run(work_dir, work_dir.name).checkpoint


def show(results: dict):
    table = Table(title='On people never seen in training (synthetic, xsub)')
    for name in ('measure', 'random encoder', 'pretrained encoder', 'gain'):
        table.add_column(name, justify='left' if name == 'measure' else 'right')
    for title, values in results.items():
        random, pretrained = (values[encoder] for encoder in ENCODERS)
        table.add_row(title, f'{random:.1%}', f'{pretrained:.1%}', f'{100 * (pretrained - random):+.1f} points')
    console.print()
    console.print(table)
