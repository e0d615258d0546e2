"""The whole slice on synthetic people: pretrain an encoder, then compare it with a random one (`make demo`)."""

import argparse
import json
import os
import re
import subprocess
import sys
import time
from pathlib import Path

from rich.console import Console
from rich.table import Table

ROOT = Path(__file__).resolve().parent.parent
ENCODERS = ('random', 'pretrained')
TITLES = {
    'linear': 'linear classifier, accuracy',
    '1-NN': '1-NN retrieval, accuracy',
    'mAP_action@0.5': 'detection, mAP over actions',
    'mAP_video@0.5': 'detection, mAP over videos',
    'f1@0.5': 'detection, F1',
}
console = Console(highlight=False)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--seed', type=int, default=0, help='seed of the encoder, its views and its batches')
    parser.add_argument('--work-dir', type=Path, default='work_dirs/demo', help='where everything is written')
    args = parser.parse_args()
    started, out = time.time(), args.work_dir

    step('Synthetic people', 'tools/data/make_synthetic.py')
    pretrain = ['configs/usdrl/pretrain_synthetic.py', '--work-dir', out / 'pretrain', '--seed', args.seed]
    step('Pretraining without labels', 'tools/train.py', *pretrain)
    results = {title: {} for title in TITLES.values()}
    for encoder in ENCODERS:
        for measure, value in {**recognition(encoder, args), **detection(encoder, args)}.items():
            results[TITLES[measure]][encoder] = value
    (out / 'results.json').write_text(json.dumps(results, indent=2) + '\n')
    step('A page about it all', 'tools/report.py', out)

    show(results)
    console.print(f'\nDone in {(time.time() - started) / 60:.1f} minutes. Written:')
    written = [out / 'report.html', out / 'results.json']
    written += [last_checkpoint(out / name) for name in ('pretrain', 'linear_pretrained', 'detect_pretrained')]
    console.print('\n'.join(f'  {path}' for path in written), soft_wrap=True)


def recognition(encoder: str, args) -> dict[str, float]:
    """Accuracy of a linear classifier and of the nearest neighbour, on the frozen encoder."""
    linear = train('linear', encoder, args)
    said = step(
        f'Its predictions, {encoder} encoder',
        *('tools/test.py', 'configs/usdrl/linear_synthetic.py', last_checkpoint(linear)),
        *('--work-dir', linear, '--dump', linear / 'predictions.pkl'),
    )
    knn = ['configs/usdrl/knn_synthetic.py', last_checkpoint(linear), '--work-dir', args.work_dir / f'knn_{encoder}']
    neighbour = step(f'1-NN retrieval, {encoder} encoder', 'tools/test.py', *knn)
    return {'linear': last_number('acc/top1', said), '1-NN': last_number('acc/top1', neighbour)}


def detection(encoder: str, args) -> dict[str, float]:
    """Mean average precisions and F1 at an overlap of 0.5, of the encoder fine-tuned on whole videos."""
    detect = train('detect', encoder, args, '--no-validate')
    said = step(
        f'Actions in whole videos, {encoder} encoder',
        *('tools/test.py', 'configs/usdrl/detect_synthetic.py', last_checkpoint(detect), '--work-dir', detect),
        *('--cfg-options', f'test_evaluator.outfile_prefix={detect}/detection'),
    )
    return {measure: last_number(f'detection/{measure}', said) for measure in TITLES if '@' in measure}


def train(task: str, encoder: str, args, *options) -> Path:
    """Train for a task from an encoder; returns the folder."""
    folder = args.work_dir / f'{task}_{encoder}'
    command = [f'configs/usdrl/{task}_synthetic.py', '--work-dir', folder, '--seed', args.seed, *options]
    if encoder == 'pretrained':
        command += ['--cfg-options', f'load_from={last_checkpoint(args.work_dir / "pretrain")}']
    step(f'Training of {task}_synthetic, {encoder} encoder', 'tools/train.py', *command)
    return folder


def step(title: str, *command) -> str:
    """Run one of the tools and return what it said; of that, only what moves is shown."""
    command = [str(part) for part in command]
    console.print(f'\n[bold]{title}[/bold]\n$ python {" ".join(command)}', soft_wrap=True)
    process = subprocess.Popen(
        [sys.executable, *command], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=environment()
    )
    said = []
    for line in process.stdout:
        said.append(line)
        if re.search(r'Epoch\(|Encoding|clips|videos|task', line):
            console.print('  ' + re.sub(r'.* - INFO - ', '', line).strip(), soft_wrap=True, markup=False)
    if process.wait():
        sys.exit(''.join(said[-30:]) + f'error: this step ended with code {process.returncode}.')
    return ''.join(said)


def environment() -> dict:
    """The tools of a checkout run with the package of that checkout, and say things as they happen."""
    return {**os.environ, 'PYTHONUNBUFFERED': '1', 'PYTHONWARNINGS': 'ignore', 'COLUMNS': '100'}


def last_checkpoint(work_dir: Path) -> Path:
    return Path((work_dir / 'last_checkpoint').read_text().strip())


def last_number(name: str, said: str) -> float:
    """The last value of a measure that a tool reported."""
    return float(re.findall(rf'{re.escape(name)}: ([\d.]+)', said)[-1])


def show(results: dict):
    table = Table(title='On people never seen in training (synthetic, xsub)')
    for name in ('measure', 'random encoder', 'pretrained encoder', 'gain'):
        table.add_column(name, justify='left' if name == 'measure' else 'right')
    for title, values in results.items():
        random, pretrained = (values[encoder] for encoder in ENCODERS)
        table.add_row(title, f'{random:.1%}', f'{pretrained:.1%}', f'{100 * (pretrained - random):+.1f} points')
    console.print()
    console.print(table)


if __name__ == '__main__':
    main()
