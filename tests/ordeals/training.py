"""Training that is killed or lacks disk space or processes; a server that stalls."""

import json
import os
import random
import resource
import signal
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from conftest import shrunk
from file_server import serving
from mmengine.config import Config

from usdrl_mmaction.checkpoints.download import download
from usdrl_mmaction.checkpoints.saving import newest_checkpoint, progress_of
from usdrl_mmaction.commands.common import build_runner, one_line_errors

from .files import ROOT, annotation_file
from .isolated import LIMIT, LOST, SURVIVED, Result, each, fork, wait

READERS = 2  # data loading processes


def training(folder: Path, work_dir: Path, **options) -> Config:
    cfg = Config.fromfile(ROOT / 'configs/usdrl/pretrain_synthetic.py')
    cfg.merge_from_dict(shrunk(cfg, annotation_file(folder)))
    cfg.work_dir, cfg.log_level, cfg.randomness, cfg.resume = str(work_dir), 'ERROR', dict(seed=0), True
    cfg.merge_from_dict(
        {
            'train_cfg.max_epochs': 6,
            'train_dataloader.batch_size': 4,
            'default_hooks.logger.interval': 1,
            'default_hooks.health.interval': 100,
            **options,
        }
    )
    return cfg


def run(folder: Path, work_dir: Path, **options):
    with one_line_errors():
        build_runner(training(folder, work_dir, **options)).train()


def losses(work_dir: Path) -> dict[int, float]:
    """Losses by step; later runs replace earlier ones."""
    steps = {}
    for log in sorted(work_dir.glob('*/vis_data/scalars.json'), key=lambda path: path.stat().st_mtime_ns):
        entries = (line for line in log.read_text().splitlines() if line.endswith('}'))
        steps |= {entry['step']: entry['loss'] for entry in map(json.loads, entries) if 'loss' in entry}
    return steps


def kills(rng: random.Random, number: int, folder: Path) -> Iterator[Result]:
    """A run that is killed at random moments and resumed must give the curve of an uninterrupted run."""
    begun = time.monotonic()
    wait(fork(partial(run, folder, folder / 'whole'))[0], LIMIT)
    duration, tried, work_dir, reached = time.monotonic() - begun, 0, folder / 'killed_0', -1
    while tried < number:
        tried += 1
        process, _ = fork(partial(run, folder, work_dir))
        time.sleep(rng.uniform(0, duration / 2))
        kind = rng.choice([signal.SIGKILL, signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
        os.kill(process, kind)
        code = wait(process, LIMIT)
        path, skipped = newest_checkpoint(work_dir)
        now = progress_of(path)[1] if path else 0
        name = f'{kind.name} after {now} steps'
        if code not in (0, -kind, 128 + kind) or skipped or now < reached:
            yield Result(LOST, name, f'exit code {code}; from step {reached} back to {now}; {skipped}')
        elif code != 0:
            yield Result(SURVIVED, name)
        else:
            same = losses(work_dir) == losses(folder / 'whole')
            yield Result(SURVIVED if same else LOST, name, f'another curve: {losses(work_dir)}')
            now, work_dir = -1, folder / f'killed_{tried}'
        reached = now


@each
def full_disk(rng, number, folder):
    def case(size):
        work_dir = folder / f'disk_{size}'
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        _, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
        try:
            run(folder, work_dir)
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))
            newest_checkpoint(work_dir)

    for _ in range(number):
        size = rng.choice([rng.randrange(2_000), rng.randrange(2_000_000)])
        yield f'no file larger than {size} bytes', partial(case, size)


@each
def dead_workers(rng, number, folder):
    def case(seed):
        work_dir, moment = folder / f'workers_{seed}', random.Random(seed).uniform(0, 2)
        options = {'train_dataloader.num_workers': READERS, 'train_dataloader.persistent_workers': True}
        watch(os.getpid(), moment)
        run(folder, work_dir, **options, **{'train_cfg.max_epochs': 1000})

    for _ in range(number):
        yield 'a process that reads data is killed', partial(case, rng.randrange(10**6))


def watch(parent: int, moment: float):
    """Start a process, not a child of this one, that kills a data loading process of ``parent``."""
    between = os.fork()
    if between:
        os.waitpid(between, 0)
        return
    if os.fork():
        os._exit(0)
    try:
        end = time.monotonic() + LIMIT
        # A single one may be about to start another program.
        while time.monotonic() < end and len(readers(parent)) < READERS:
            time.sleep(0.01)
        time.sleep(moment)
        os.kill(readers(parent)[-1], signal.SIGKILL)
    finally:
        os._exit(0)


def readers(parent: int) -> list[int]:
    """Forked children that have not started another program."""
    children = Path(f'/proc/{parent}/task/{parent}/children').read_text().split()
    program = Path(f'/proc/{parent}/cmdline').read_bytes()
    return [int(child) for child in children if Path(f'/proc/{child}/cmdline').read_bytes() == program]


@each
def stalled_server(rng, number, folder):
    def case(at):
        with serving() as server:
            server.files['file'] = bytes(10_000)
            server.stalls = [at] * 3
            download(f'{server.url}/file', folder / f'file_{at}', 10_000, timeout=0.5)

    for _ in range(number):
        at = rng.randrange(9_999)
        yield f'silent after {at} bytes', partial(case, at)
