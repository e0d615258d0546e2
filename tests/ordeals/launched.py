"""A training run as torchrun starts each of its processes: ``launched.py FOLDER WORK_DIR``. The first process adds a
line for every step to the file ``events`` of the work dir, from which it shows whether two runs ever wrote there."""

import os
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from mmengine.hooks import Hook

from ordeals.training import run


class Events(Hook):
    def __init__(self, work_dir: Path):
        self.work_dir = work_dir

    def after_train_iter(self, runner, batch_idx, data_batch=None, outputs=None):
        if os.environ['RANK'] == '0':
            with (self.work_dir / 'events').open('a') as file:
                file.write(f'{os.getpid()}\n')
        time.sleep(0.1)  # else most of the run would be imports


if __name__ == '__main__':
    folder, work_dir = map(Path, sys.argv[1:])
    options = {
        'launcher': 'pytorch',
        'env_cfg.dist_cfg.backend': 'gloo',
        'train_dataloader.num_workers': 1,
        'train_dataloader.persistent_workers': True,
        'train_cfg.max_epochs': 12,
    }
    run(folder, work_dir, hooks=[Events(work_dir)], **options)
