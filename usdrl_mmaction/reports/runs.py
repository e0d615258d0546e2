"""The runs in a work dir: settings, logs, predictions and checkpoints."""

import json
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from itertools import takewhile
from pathlib import Path

from mmengine.config import Config

from usdrl_mmaction.checkpoints.saving import LAST

FIT = 'fit/strength'  # logged where a classifier is fitted in closed form
NOT_MEASURED = ('epoch', 'iter', 'step', 'time', 'data_time')


@dataclass(frozen=True)
class Run:
    """The folder of a run. MMEngine makes a folder in it for each start, named by the time."""

    folder: Path
    name: str

    @cached_property
    def starts(self) -> list[Path]:
        return sorted(path.parents[1] for path in self.folder.glob('*/vis_data/config.py'))

    @cached_property
    def config(self) -> Config | None:
        """The config of the last start."""
        return read_config(self.starts[-1]) if self.starts else None

    @cached_property
    def trained_config(self) -> Config | None:
        """The config of the last training, if there was one: a test has its own config."""
        trained = [start for start in self.starts if any('iter' in line or FIT in line for line in scalars_of(start))]
        return read_config(trained[-1]) if trained else self.config

    @cached_property
    def scalars(self) -> list[dict]:
        """The logged lines in order. Those of a start replace earlier ones from its first iteration on."""
        lines = []
        for start in self.starts:
            more = scalars_of(start)
            first = min((line['iter'] for line in more if 'iter' in line), default=None)
            if first is not None:
                lines = list(takewhile(lambda line, first=first: line.get('iter', 0) < first, lines))
            lines += more
        return lines

    @cached_property
    def fit(self) -> dict[str, float]:
        """What the last fit of a classifier in closed form logged."""
        return next((line for line in reversed(self.scalars) if FIT in line), {})

    @cached_property
    def metrics(self) -> dict[str, float]:
        """The metrics of the last test, or else of the last validation."""
        tests = [line for start in self.starts for line in read_lines(start / f'{start.name}.json')]
        validations = [line for line in self.scalars if 'epoch' not in line and 'iter' not in line]
        for line in (*reversed(tests), *reversed(validations)):
            logged = {name: value for name, value in line.items() if isinstance(value, int | float)}
            names = [name for name in logged if name not in NOT_MEASURED and not name.startswith('health/')]
            if names:
                return {name: logged[name] for name in names}
        return {}

    @property
    def dumps(self) -> list[Path]:
        return sorted([*self.folder.glob('*.pkl'), *self.folder.glob('*.pickle')])

    @property
    def detections(self) -> list[str]:
        """The prefixes of the files of ``DetectionMetric``."""
        ends = '_ground_truth.json', '_results.json'
        prefixes = [str(path).removesuffix(ends[0]) for path in sorted(self.folder.glob(f'*{ends[0]}'))]
        return [prefix for prefix in prefixes if Path(prefix + ends[1]).is_file()]

    @property
    def checkpoint(self) -> Path | None:
        """The last checkpoint, even if the folder was moved."""
        last = self.folder / LAST
        path = self.folder / Path(last.read_text().strip()).name if last.is_file() else None
        return path if path and path.is_file() else None


def find_runs(work_dir: Path) -> list[Run]:
    """The runs in a folder and its subfolders, the earliest first."""
    folders = {path.parents[2] for path in work_dir.rglob('vis_data/config.py')}
    for pattern in ('*.pkl', '*.pickle', '*_ground_truth.json'):
        folders |= {path.parent for path in work_dir.rglob(pattern)}
    folders = {folder for folder in folders if folder.is_relative_to(work_dir)}
    names = {folder: str(folder.relative_to(work_dir)) for folder in folders}
    runs = [Run(folder, work_dir.resolve().name if folder == work_dir else name) for folder, name in names.items()]
    return sorted(runs, key=lambda run: (run.starts[0].name if run.starts else '~', run.name))


def settings(run: Run) -> dict[str, str]:
    """Settings by name, without those that the run does not have."""
    config = run.trained_config
    if config is None:
        return {}
    model, train = config.get('model', {}), config.get('train_dataloader') or {}
    test = run.config.get('test_dataloader') or run.config.get('val_dataloader') or {}
    loop, schedule = config.get('train_cfg') or {}, config.get('param_scheduler') or []
    rows = {
        'started': start_time(run),
        'model': model.get('type'),
        'encoder': formatted(model.get('backbone')),
        'head': formatted(model.get('head') or model.get('cls_head')),
        'classifier': classifier(run),
        'trained on': data(train),
        'tested on': data(test),
        'batch size': train.get('batch_size') or test.get('batch_size'),
        'epochs': loop.get('max_epochs'),
        'iterations': loop.get('max_iters'),
        'optimizer': formatted((config.get('optim_wrapper') or {}).get('optimizer')) if not run.fit else '',
        'schedule': '; '.join(map(formatted, schedule if isinstance(schedule, list) else [schedule])),
        'seed': (config.get('randomness') or {}).get('seed'),
        'initialized from': config.get('load_from'),
        'checkpoint': run.checkpoint,
    }
    return {name: str(value) for name, value in rows.items() if value not in (None, '')}


def classifier(run: Run) -> str:
    """How the classifier of a frozen encoder was trained, and whether that converged."""
    if run.trained_config.get('model', {}).get('type') != 'FrozenRecognizer':
        return ''
    if run.fit:
        return (
            f'ridge regression on standardised features, in closed form; strength {run.fit[FIT]:.3g} by '
            f'leave-one-out, accuracy of the clips left out {run.fit["fit/left_out_accuracy"]:.1%}'
        )
    losses = [line['loss'] for line in run.scalars if 'loss' in line]
    if not losses:
        return ''
    tenth = max(len(losses) // 10, 1)
    first, last = (sum(part) / tenth for part in (losses[:tenth], losses[-tenth:]))
    if last >= first:
        return f'by steps, not converged: the training loss rose from {first:.3g} to {last:.3g}'
    return f'by steps; the training loss fell from {first:.3g} to {last:.3g}'


def start_time(run: Run) -> str:
    """The time of the first start, from the name of its folder."""
    name = run.starts[0].name
    with suppress(ValueError):  # a folder that somebody renamed
        name = f'{datetime.strptime(name, "%Y%m%d_%H%M%S"):%Y-%m-%d %H:%M}'
    return name if len(run.starts) == 1 else f'{name} ({len(run.starts)} starts)'


def formatted(part: dict | None) -> str:
    """'SGD, lr=0.3, momentum=0.9'."""
    if not part:
        return ''
    values = [f'{key}={value}' for key, value in part.items() if key != 'type']
    return ', '.join([str(part.get('type', '')), *values]).strip(', ')


def data(loader: dict) -> str:
    dataset = loader.get('dataset') or {}
    return ', '.join(str(dataset[key]) for key in ('ann_file', 'split') if dataset.get(key))


def read_config(start: Path) -> Config:
    return Config.fromfile(start / 'vis_data/config.py', import_custom_modules=False)


def scalars_of(start: Path) -> list[dict]:
    return read_lines(start / 'vis_data/scalars.json')


def read_lines(path: Path) -> list[dict]:
    """One JSON object on each line. The last line may be incomplete, if a run was killed or has not ended."""
    lines = []
    for text in path.read_text().splitlines() if path.is_file() else ():
        try:
            lines.append(json.loads(text))
        except ValueError:
            break
    return lines
