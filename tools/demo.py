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
console = Console(highlight=False)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--seed', type=int, default=0, help='seed of the encoder, its views and its batches')
    parser.add_argument('--work-dir', default='work_dirs/demo', help='where everything is written')
    args = parser.parse_args()
    started = time.time()
    out = Path(args.work_dir)

    step('Synthetic people', 'tools/data/make_synthetic.py')
    pretrain = ['configs/usdrl/pretrain_synthetic.py', '--work-dir', out / 'pretrain', '--seed', args.seed]
    step('Pretraining without labels', 'tools/train.py', *pretrain)
    results = {'linear': {}, 'knn': {}}
    for encoder in ('pretrained', 'random'):
        linear = ['configs/usdrl/linear_synthetic.py', '--work-dir', out / f'linear_{encoder}', '--seed', args.seed]
        if encoder == 'pretrained':
            linear += ['--cfg-options', f'load_from={last_checkpoint(out / "pretrain")}']
        results['linear'][encoder] = accuracy(step(f'Linear evaluation, {encoder} encoder', 'tools/train.py', *linear))
        knn = ['configs/usdrl/knn_synthetic.py', last_checkpoint(out / f'linear_{encoder}')]
        knn += ['--work-dir', out / f'knn_{encoder}']
        results['knn'][encoder] = accuracy(step(f'1-NN retrieval, {encoder} encoder', 'tools/test.py', *knn))

    (out / 'results.json').write_text(json.dumps(results, indent=2) + '\n')
    show(results)
    console.print(f'\nDone in {(time.time() - started) / 60:.1f} minutes. Written:')
    written = [out / 'results.json', *(last_checkpoint(out / name) for name in ('pretrain', 'linear_pretrained'))]
    console.print('\n'.join(f'  {path}' for path in written), soft_wrap=True)


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
        if re.search(r'Epoch\(|Encoding|clips|task', line):
            console.print('  ' + re.sub(r'.* - INFO - ', '', line).strip(), soft_wrap=True, markup=False)
    if process.wait():
        sys.exit(''.join(said[-30:]) + f'error: this step ended with code {process.returncode}.')
    return ''.join(said)


def environment() -> dict:
    """The tools of a checkout run with the package of that checkout, and say things as they happen."""
    return {**os.environ, 'PYTHONUNBUFFERED': '1', 'PYTHONWARNINGS': 'ignore', 'COLUMNS': '100'}


def last_checkpoint(work_dir: Path) -> Path:
    return Path((work_dir / 'last_checkpoint').read_text().strip())


def accuracy(said: str) -> float:
    """The last top-1 accuracy that a tool reported."""
    return float(re.findall(r'acc/top1: ([\d.]+)', said)[-1])


def show(results: dict):
    table = Table(title='Accuracy on people never seen in training (synthetic, xsub)')
    table.add_column('evaluation')
    for name in ('random encoder', 'pretrained encoder', 'gain'):
        table.add_column(name, justify='right')
    for name, title in (('linear', 'linear classifier'), ('knn', '1-NN retrieval')):
        random, pretrained = results[name]['random'], results[name]['pretrained']
        table.add_row(title, f'{random:.1%}', f'{pretrained:.1%}', f'{100 * (pretrained - random):+.1f} points')
    console.print()
    console.print(table)


if __name__ == '__main__':
    main()
