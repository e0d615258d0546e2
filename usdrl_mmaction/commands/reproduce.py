"""Pretrain, adapt and test a benchmark, and put the result beside the published one."""

import argparse
import difflib
import json
import re
import shlex
import time
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

import yaml
from mmengine.config import Config

from usdrl_mmaction.errors import UsageError
from usdrl_mmaction.files import replacing
from usdrl_mmaction.reports.runs import Run

from .common import CONFIGS, find_config
from .steps import console, run_step, train, usdrl

ALL = 'all_synthetic'
ACCURACY = ('acc/top1',)
# What a task is measured by.
MEASURES = {
    'linear': ACCURACY,
    'knn': ACCURACY,
    'semi': ACCURACY,
    'finetune': ACCURACY,
    'transfer': ACCURACY,
    'early': ('early/acc@0.1', 'early/acc@0.5', 'early/acc@1', 'early/auc'),
    'detect': ('detection/mAP_action@0.5', 'detection/mAP_video@0.5'),
    'segment': ('segmentation/acc', 'segmentation/edit', 'segmentation/f1@50'),
}
IN_PERCENT = 'segmentation/'  # all else is a share
PACKAGES = ('usdrl-mmaction', 'mmaction2', 'mmengine', 'torch')
COLUMNS = ('benchmark', 'measure', 'published', 'ours', 'seed', 'minutes: pretrain + adapt + test', 'versions',
           'command')  # fmt: skip


def main(argv):
    args = parse_args(argv)
    entries = load_entries()
    names = [name for asked in args.benchmarks for name in (synthetic(entries) if asked == ALL else [asked])]
    for name in names:
        check(name, entries)
    results = args.out / 'results.jsonl'
    for number, name in enumerate(names, start=1):
        console.print(f'\n[bold]{number}/{len(names)} {name}[/bold]')
        benchmark = Benchmark(name, entries, args)
        if args.dry_run:
            for title, command in benchmark.steps().items():
                console.print(f'{title:>10}: {shlex.join(command)}', markup=False)
            continue
        result = benchmark.run() | {'command': shlex.join(usdrl('reproduce', *argv))}
        # A line for each folder, the newest.
        lines = [*(line for line in read(results) if line['folder'] != result['folder']), result]
        write(results, ''.join(json.dumps(line) + '\n' for line in lines))
        write(args.out / 'results.md', table(lines))
    if not args.dry_run:
        print('\n' + table(lines))
        print(f'Written: {args.out}/results.md')


def parse_args(argv):
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('benchmarks', nargs='+', metavar='BENCHMARK', help=f'a config, e.g. linear_ntu60, or {ALL}')
    parser.add_argument('--dry-run', action='store_true', help='print the steps')
    parser.add_argument('--load-from', metavar='CHECKPOINT', help='checkpoint or usdrl://NAME instead of pretraining')
    parser.add_argument('--seed', type=int, default=0)
    parser.add_argument('--processes', type=int, default=1, help='to train in')
    out = Path('work_dirs/reproduce')
    parser.add_argument('--out', type=Path, default=out, help='folder of results and runs; trains nothing there again')
    parser.add_argument('--cfg-options', nargs='+', default=[], metavar='KEY=VALUE', help='for every step but the data')
    return parser.parse_args(argv)


def load_entries() -> dict[str, dict]:
    """The models of the metafile by name."""
    metafile = yaml.safe_load((CONFIGS / 'metafile.yml').read_text())
    return {entry['Name']: entry for entry in metafile['Models']}


def synthetic(entries: dict) -> list[str]:
    return [name for name, entry in entries.items() if '_synthetic' in name and task_of(name) in MEASURES]


def task_of(name: str) -> str:
    return name.split('_')[0]


def check(name: str, entries: dict):
    known = [entry for entry in entries if task_of(entry) in MEASURES]
    if name not in known:
        near = difflib.get_close_matches(name, [*known, ALL], 3, 0.5)
        guess = f' Did you mean {" or ".join(near)}?' if near else ''
        raise UsageError(f"'{name}' is no benchmark.{guess} configs/usdrl/README.md lists them.")


@dataclass
class Benchmark:
    name: str
    entries: dict
    args: argparse.Namespace

    def __post_init__(self):
        self.config = Config.fromfile(find_config(self.name))
        sources = (name for name, entry in self.entries.items() if self.name in entry.get('Downstream', ()))
        self.pretraining = next(sources)
        source = [f'from_{Path(self.args.load_from).stem}'] if self.args.load_from else []
        self.folder = self.run_folder(self.name, *source)
        self.encoder = self.args.load_from or self.checkpoint_of(self.pretraining, self.pretrain_folder)

    @property
    def pretrain_folder(self) -> Path:
        return self.run_folder(self.pretraining)

    def run_folder(self, name: str, *details: str) -> Path:
        """One for each seed and set of options: what is there is not trained again."""
        options = [re.sub(r'[^\w.=-]', '', option) for option in self.args.cfg_options]
        return self.args.out / '_'.join([name, *details, *options, f'seed{self.args.seed}'])

    @property
    def trained(self):
        return self.checkpoint_of(self.name, self.folder) if self.config.get('train_cfg') else self.encoder

    def checkpoint_of(self, name: str, folder: Path) -> Path:
        epochs = Config.fromfile(find_config(name)).train_cfg.get('max_epochs', 1)  # a fit in closed form has one
        return folder / f'epoch_{epochs}.pth'

    def steps(self) -> dict[str, list[str]]:
        """The command lines that are still to be run."""
        steps = {}
        data = self.config.test_dataloader.dataset.ann_file
        if '/synthetic/' in data and not Path(data).exists():
            steps['data'] = usdrl('synthetic')
        if not self.args.load_from and not self.encoder.exists():
            steps['pretrain'] = self.train(self.pretraining, self.pretrain_folder)
        if self.config.get('train_cfg') and not self.trained.exists():
            steps['adapt'] = self.train(self.name, self.folder, f'load_from={self.encoder}')
        steps['test'] = usdrl('test', self.name, self.trained, '--work-dir', self.folder, *self.cfg_options())
        return steps

    def train(self, name: str, folder: Path, *options: str) -> list[str]:
        """``--resume``: one that was killed goes on."""
        flags = ['--work-dir', folder, '--seed', self.args.seed, '--resume', *self.cfg_options(*options)]
        return train(name, self.args.processes, *flags)

    def cfg_options(self, *options: str) -> list[str]:
        options = [*options, *self.args.cfg_options]
        return ['--cfg-options', *options] if options else []

    def run(self) -> dict:
        """A line of the results."""
        minutes = {}
        for title, command in self.steps().items():
            started = time.time()
            run_step(f'{self.name}: {title}', command)
            minutes[title] = round((time.time() - started) / 60, 1)
        measured = Run(self.folder, self.name).metrics
        published = self.entries[self.name]['Metadata'].get('Published', {})
        return {
            'benchmark': self.name,
            'folder': str(self.folder),
            'measures': {name: percent(name, measured[name]) for name in MEASURES[task_of(self.name)]},
            'published': published,
            'seed': self.args.seed,
            'minutes': minutes,
            'versions': {package: version(package) for package in PACKAGES},
        }


def percent(measure: str, value: float) -> float:
    return round(value if measure.startswith(IN_PERCENT) else 100 * value, 1)


def read(path: Path) -> list[dict]:
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


def write(path: Path, text: str):
    with replacing(path) as draft:
        draft.write_text(text)


def table(lines: list[dict]) -> str:
    rows = [COLUMNS, ['---'] * len(COLUMNS)]
    for line in lines:
        minutes = ' + '.join(str(line['minutes'].get(step, '–')) for step in ('pretrain', 'adapt', 'test'))
        versions = ', '.join(f'{name} {number}' for name, number in line['versions'].items())
        for measure, ours in line['measures'].items():
            published = line['published'].get(measure, '')
            rows.append(
                (line['benchmark'], measure, published, ours, line['seed'], minutes, versions, f'`{line["command"]}`')
            )
    return ''.join(f'| {" | ".join(map(str, row))} |\n' for row in rows)
