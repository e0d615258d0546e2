"""Training that is killed or lacks disk space or processes; a server that stalls."""

import json
import os
import random
import resource
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from functools import partial
from itertools import groupby
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
LAUNCHED = Path(__file__).with_name('launched.py')


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


def run(folder: Path, work_dir: Path, hooks=(), **options):
    with one_line_errors():
        runner = build_runner(training(folder, work_dir, **options))
        for hook in hooks:
            runner.register_hook(hook)
        runner.train()


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


def launchers(rng: random.Random, number: int, folder: Path) -> Iterator[Result]:
    """Of a run of one or two processes, the launcher, a worker, a process that reads data, or all of them are killed,
    and the run is started again at once, beside what is left. Two may never train in one folder."""
    begun, wholes = time.monotonic(), {}
    for processes in (1, 2):
        wholes[processes] = folder / f'whole_{processes}'
        launch(folder, wholes[processes], processes).wait(2 * LIMIT)
    duration = (time.monotonic() - begun) / 2
    tried, runs, processes, launcher = 0, 0, 1, None
    while launcher or tried < number:
        work_dir = folder / f'launched_{runs}'
        launcher = launcher or launch(folder, work_dir, processes)
        with suppress(subprocess.TimeoutExpired):
            launcher.wait(rng.uniform(0.3, 1.0) * duration if tried < number else 2 * LIMIT)
        if launcher.poll() is None and tried < number:
            tried += 1
            what = rng.choice(['the launcher', 'a worker', 'a reader', 'all'])
            kill(what, launcher, below(launcher.pid), rng)
            second = launch(folder, work_dir, processes)  # at once
            yield outlived(work_dir, second)._replace(case=f'{what} is killed, {processes} processes')
            launcher.wait(2 * LIMIT)
            launcher = second
        elif launcher.poll() == 0:
            if losses(work_dir) != losses(wholes[processes]):
                yield Result(LOST, f'{processes} processes, resumed', f'another curve: {losses(work_dir)}')
            runs, processes, launcher = runs + 1, rng.choice((1, 2)), None
        else:
            launcher = launch(folder, work_dir, processes)  # it was refused, or its reader had been killed


def launch(folder: Path, work_dir: Path, processes: int) -> subprocess.Popen:
    with socket.socket() as free:
        free.bind(('127.0.0.1', 0))
        port = free.getsockname()[1]
    program = ['-m', 'torch.distributed.run', f'--nproc_per_node={processes}', '--master_addr=127.0.0.1']
    command = [sys.executable, *program, f'--master_port={port}', str(LAUNCHED), str(folder), str(work_dir)]
    with (folder / 'said').open('a') as said:
        return subprocess.Popen(command, stdout=said, stderr=said, env={**os.environ, 'OMP_NUM_THREADS': '1'})


def below(process: int) -> list[int]:
    """The processes that a process has started, and those that these have."""
    try:
        children = Path(f'/proc/{process}/task/{process}/children').read_text().split()
    except OSError:
        return []
    return [number for child in map(int, children) for number in (child, *below(child))]


def kill(what: str, launcher: subprocess.Popen, family: list[int], rng: random.Random):
    workers = [number for number in family if str(LAUNCHED).encode() in command_of(number)]
    readers = [number for worker in workers for number in below(worker)]
    chosen = {'the launcher': [launcher.pid], 'a worker': workers, 'a reader': readers}.get(what)
    chosen = [launcher.pid, *family] if chosen is None else chosen and [rng.choice(chosen)]
    for number in chosen:
        with suppress(ProcessLookupError):
            os.kill(number, signal.SIGKILL)


def trainers(work_dir: Path) -> set[int]:
    """The processes that train in a folder, without their launchers."""
    found = set()
    for number in (int(entry) for entry in os.listdir('/proc') if entry.isdigit()):
        words = command_of(number).decode(errors='replace').split('\0')
        if {str(LAUNCHED), str(work_dir)} <= {*words} and '-m' not in words:
            found.add(number)
    return found


def command_of(process: int) -> bytes:
    try:
        return Path(f'/proc/{process}/cmdline').read_bytes()
    except OSError:
        return b''


def outlived(work_dir: Path, second: subprocess.Popen) -> Result:
    """Waits for the processes to end that train in a folder and are not of the second run."""
    end = time.monotonic() + LIMIT
    while left := trainers(work_dir) - {*below(second.pid)}:
        if time.monotonic() > end:
            for number in left:
                os.kill(number, signal.SIGKILL)
            return Result(LOST, '', f'{len(left)} processes went on for {LIMIT} s')
        time.sleep(0.1)
    events = work_dir / 'events'
    writers = [key for key, _ in groupby(events.read_text().split())] if events.exists() else []
    if len(writers) != len(set(writers)):
        return Result(LOST, '', f'two runs wrote at the same time: {writers}')
    return Result(SURVIVED, '')


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
