"""A linear evaluation on synthetic clips: in closed form, and by 150 epochs of SGD with stored features and without."""

import contextlib
import copy
import io
import tempfile
import time
from pathlib import Path

from rich.console import Console

from usdrl_mmaction.commands.common import build_runner, number_table, read_config
from usdrl_mmaction.datasets.annotations import save_annotations
from usdrl_mmaction.datasets.synthetic import make_trimmed

SGD = dict(
    train_cfg=dict(_delete_=True, type='ResumableTrainLoop', max_epochs=150, val_interval=150),
    optim_wrapper=dict(optimizer=dict(lr=0.3, momentum=0.9)),
    param_scheduler=[dict(type='MultiStepLR', milestones=[120, 140], gamma=0.1)],
)
KINDS = {
    'closed form': {},
    '150 epochs, stored features': SGD | dict(custom_hooks=[dict(type='FeatureCacheHook')]),
    '150 epochs, encoder in each': SGD,
}


def measure() -> dict[str, dict]:
    """Seconds from the start of the runner to the end of training, and the accuracy on the test split. Each is measured
    once, after a run that makes the late imports."""
    with tempfile.TemporaryDirectory() as folder:
        save_annotations(make_trimmed(), Path(folder, 'synthetic.pkl'))
        run(Path(folder), {})
        return {kind: run(Path(folder), changes) for kind, changes in KINDS.items()}


def run(folder: Path, changes: dict) -> dict:
    cfg = read_config('linear_synthetic', {})
    cfg.merge_from_dict(copy.deepcopy(changes))
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
    with contextlib.redirect_stdout(io.StringIO()):
        runner = build_runner(cfg)
        start = time.perf_counter()
        runner.train()
        seconds = time.perf_counter() - start
        accuracy = float(runner.test()['acc/top1'])
    return {'seconds': seconds, 'accuracy': accuracy}


def show(runs: dict[str, dict], console: Console):
    table = number_table('A linear evaluation, from start to end', 'what', 'seconds', 'accuracy', 'faster')
    slowest = max(found['seconds'] for found in runs.values())
    for kind, found in runs.items():
        faster = f'{slowest / found["seconds"]:.1f}×'
        table.add_row(kind, f'{found["seconds"]:.1f}', f'{found["accuracy"]:.1%}', faster)
    console.print(table)
