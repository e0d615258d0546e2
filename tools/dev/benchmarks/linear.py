"""A linear evaluation of 150 epochs on synthetic clips, with stored features and with the encoder in every epoch."""

import contextlib
import io
import tempfile
import time
from pathlib import Path

from rich.console import Console

from usdrl_mmaction.commands.common import build_runner, number_table, read_config
from usdrl_mmaction.datasets.annotations import save_annotations
from usdrl_mmaction.datasets.synthetic import make_trimmed

KINDS = {'stored features': True, 'encoder in every epoch': False}


def measure() -> dict[str, dict]:
    """Seconds from the start of the runner to the end of the last epoch, and the accuracy on the test split. Each is
    measured once, after a run of one epoch, which makes the late imports."""
    with tempfile.TemporaryDirectory() as folder:
        save_annotations(make_trimmed(), Path(folder, 'synthetic.pkl'))
        run(Path(folder), True, max_epochs=1)
        return {kind: run(Path(folder), cached) for kind, cached in KINDS.items()}


def run(folder: Path, cached: bool, **train_cfg) -> dict:
    cfg = read_config('linear_synthetic', {})
    cfg.train_cfg.update(train_cfg)
    cfg.merge_from_dict(
        dict(
            load_from='usdrl://dste_synthetic',
            work_dir=str(folder / 'work'),
            experiment_name=f'bench_{time.time_ns()}',  # MMEngine keeps loggers by name
            randomness=dict(seed=0),
            log_level='ERROR',
        )
    )
    for loader in (cfg.train_dataloader, cfg.val_dataloader, cfg.test_dataloader):
        loader.dataset.ann_file = str(folder / 'synthetic.pkl')
    if not cached:
        cfg.custom_hooks = []
    with contextlib.redirect_stdout(io.StringIO()):
        runner = build_runner(cfg)
        start = time.perf_counter()
        runner.train()
        seconds = time.perf_counter() - start
        accuracy = float(runner.test()['acc/top1'])
    return {'seconds': seconds, 'epochs': cfg.train_cfg.max_epochs, 'accuracy': accuracy}


def show(runs: dict[str, dict], console: Console):
    table = number_table('A linear evaluation, from start to end', 'what', 'epochs', 'seconds', 'accuracy', 'faster')
    slowest = max(found['seconds'] for found in runs.values())
    for kind, found in runs.items():
        faster = f'{slowest / found["seconds"]:.1f}×'
        table.add_row(kind, str(found['epochs']), f'{found["seconds"]:.1f}', f'{found["accuracy"]:.1%}', faster)
    console.print(table)
