"""Pretrain, adapt and test a benchmark, and compare the result with the published one."""

import argparse
import difflib
import json
import re
import shlex
import time
from importlib.metadata import version
from pathlib import Path

import yaml
from mmengine.config import Config

from usdrl_mmaction.errors import UsageError
from usdrl_mmaction.files import replacing
from usdrl_mmaction.reports.runs import Run

from .common import CONFIGS, find_config
from .steps import console, run_step, usdrl

ALL = 'all_synthetic'
ACCURACY = ('acc/top1',)
# The measures of each task.
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
TOOLS = Path(__file__).resolve().parents[1] / '.mim/tools'  # a link in a checkout, a folder in an installed wheel
PACKAGES = ('usdrl-mmaction', 'mmaction2', 'mmengine', 'torch')
HEADER = 'benchmark | measure | published | ours | seed | minutes: pretrain + adapt + test | versions | command'


def main(args):
    models = yaml.safe_load((CONFIGS / 'metafile.yml').read_text())['Models']
    entries = {entry['Name']: entry for entry in models}
    known = [name for name in entries if task_of(name) in MEASURES]
    synthetic = [name for name in known if '_synthetic' in name]
    names = [name for asked in args.benchmarks for name in (synthetic if asked == ALL else [asked])]
    for name in names:
        if name not in known:
            near = difflib.get_close_matches(name, [*known, ALL], 3, 0.5)
            guess = f' Did you mean {" or ".join(near)}?' if near else ''
            raise UsageError(f"'{name}' is not a benchmark.{guess} configs/usdrl/README.md lists them.")
    results = args.out / 'results.jsonl'
    for number, name in enumerate(names, start=1):
        console.print(f'\n[bold]{number}/{len(names)} {name}[/bold]')
        benchmark = Benchmark(name, entries, args)
        if args.dry_run:
            for title, command in benchmark.steps().items():
                console.print(f'{title:>10}: {shlex.join(command)}', markup=False)
            continue
        result = benchmark.run() | {'command': shlex.join(usdrl('reproduce', *args.argv))}
        # One line for each folder, the newest.
        old = [json.loads(line) for line in results.read_text().splitlines()] if results.exists() else []
        lines = [*(line for line in old if line['folder'] != result['folder']), result]
        texts = {results: ''.join(json.dumps(line) + '\n' for line in lines), args.out / 'results.md': table(lines)}
        for path, text in texts.items():
            with replacing(path) as draft:
                draft.write_text(text)
    if not args.dry_run:
        print('\n' + table(lines))
        print(f'Written: {args.out}/results.md')


def task_of(name: str) -> str:
    return name.split('_')[0]


class Benchmark:
    def __init__(self, name: str, entries: dict, args: argparse.Namespace):
        self.name, self.args = name, args
        self.published = entries[name]['Metadata'].get('Published', {})
        self.config = Config.fromfile(find_config(name))
        self.pretraining = next(model for model, entry in entries.items() if name in entry.get('Downstream', ()))
        self.pretrain_folder = self.run_folder(self.pretraining)
        source = [f'from_{Path(args.load_from).stem}'] if args.load_from else []
        self.folder = self.run_folder(name, *source)
        self.encoder = args.load_from or self.checkpoint_of(self.pretraining, self.pretrain_folder)
        self.trained = self.checkpoint_of(name, self.folder) if self.config.get('train_cfg') else self.encoder

    def run_folder(self, name: str, *details: str) -> Path:
        """One for each seed and set of options: what it contains is not trained again."""
        options = [re.sub(r'[^\w.=-]', '', option) for option in self.args.cfg_options]
        return self.args.out / '_'.join([name, *details, *options, f'seed{self.args.seed}'])

    def checkpoint_of(self, name: str, folder: Path) -> Path:
        epochs = Config.fromfile(find_config(name)).train_cfg.get('max_epochs', 1)  # a fit in closed form has one
        return folder / f'epoch_{epochs}.pth'

    def steps(self) -> dict[str, list[str]]:
        """The command lines that remain, by title."""
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
        """A command line that continues a training that was killed."""
        flags = ['--work-dir', folder, '--seed', self.args.seed, '--resume', *self.cfg_options(*options)]
        if self.args.processes == 1:
            return usdrl('train', name, *flags)
        script, here = (TOOLS / 'dist_train.sh').resolve(), Path.cwd()
        script = script.relative_to(here) if script.is_relative_to(here) else script
        return ['bash', *map(str, (script, name, self.args.processes, *flags))]

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
        measured, task = Run(self.folder, self.name).metrics, task_of(self.name)
        scale = 1 if task == 'segment' else 100  # its measures are percentages, the others shares
        return {
            'benchmark': self.name,
            'folder': str(self.folder),
            'measures': {name: round(measured[name] * scale, 1) for name in MEASURES[task]},
            'published': self.published,
            'seed': self.args.seed,
            'minutes': minutes,
            'versions': {package: version(package) for package in PACKAGES},
        }


def table(lines: list[dict]) -> str:
    columns = HEADER.split(' | ')
    rows = [columns, ['---'] * len(columns)]
    for line in lines:
        minutes = ' + '.join(str(line['minutes'].get(step, '–')) for step in ('pretrain', 'adapt', 'test'))
        versions = ', '.join(f'{name} {number}' for name, number in line['versions'].items())
        for measure, ours in line['measures'].items():
            compared = line['benchmark'], measure, line['published'].get(measure, ''), ours
            rows.append((*compared, line['seed'], minutes, versions, f'`{line["command"]}`'))
    return ''.join(f'| {" | ".join(map(str, row))} |\n' for row in rows)
