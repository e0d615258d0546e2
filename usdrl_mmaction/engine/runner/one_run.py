"""One run a folder: a file in the work dir says which process writes there, and a second run is refused."""

import atexit
import json
import os
import signal
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from filelock import FileLock

from usdrl_mmaction.errors import UsageError
from usdrl_mmaction.files import replacing

OWNER = 'running.json'  # in the work dir, while a run writes there
RANKS = {'pytorch': 'RANK', 'slurm': 'SLURM_PROCID', 'mpi': 'OMPI_COMM_WORLD_RANK'}  # by launcher
WATCH, GRACE = 1, 10  # seconds between two looks at the launcher, and from SIGTERM to SIGKILL


def take(folder: str | Path, launcher: str = 'none', force: bool = False):
    """Makes this process the one that writes to a folder, until ``leave``. Refused while another process does.

    The owner of a run of several processes is the first of them. An owner that has ended is replaced if that can be
    known, which it can on its machine; ``force`` replaces an owner of which it cannot.
    """
    path, me = Path(folder, OWNER), identity()
    first = os.environ.get(RANKS.get(launcher, ''), '0') == '0'
    with FileLock(path.with_name(f'.{OWNER}.lock')):
        owner = read(path)
        other = owner and (owner['host'], owner['process'], owner['started']) != tuple(me.values())[:3]
        if other and not (owner['run'] and owner['run'] == me['run']):
            refuse_beside(owner, Path(folder), force)
        if first:
            with replacing(path, sync=True) as draft:
                draft.write_text(json.dumps(me) + '\n')
            atexit.register(leave, folder)


def leave(folder: str | Path):
    """Ends what ``take`` began, if this process is the owner."""
    path, me = Path(folder, OWNER), identity()
    if not path.exists():
        return
    with suppress(OSError), FileLock(path.with_name(f'.{OWNER}.lock')):
        owner = read(path)
        if owner and (owner['process'], owner['started'], owner['host']) == (me['process'], me['started'], me['host']):
            path.unlink()


@contextmanager
def one_run(folder: str | Path, launcher: str = 'none') -> Iterator[None]:
    """``take`` and ``leave``."""
    take(folder, launcher)
    try:
        yield
    finally:
        leave(folder)


def identity() -> dict:
    """This process, as it stands in the file."""
    address = os.environ.get('MASTER_ADDR') and f'{os.environ["MASTER_ADDR"]}:{os.environ.get("MASTER_PORT")}'
    return {
        'host': socket.gethostname(),
        'process': os.getpid(),
        'started': started(os.getpid()),
        'boot': text('/proc/sys/kernel/random/boot_id'),
        'namespace': link('/proc/self/ns/pid'),  # of the numbers of processes; a container has its own
        'run': address or os.environ.get('SLURM_JOB_ID'),  # the same in all processes of a run
        'since': time.strftime('%Y-%m-%d %H:%M:%S'),
    }


def started(process: int) -> str | None:
    """When a process was started, in ticks since the machine was; None if there is none. Numbers of processes are given
    again."""
    fields = (text(f'/proc/{process}/stat') or '').rpartition(')')[2].split()  # from the third field on
    return fields[19] if fields and fields[0] not in 'ZX' else None


def text(path: str) -> str | None:
    try:
        return Path(path).read_text().strip()
    except OSError:
        return None


def link(path: str) -> str | None:
    try:
        return os.readlink(path)
    except OSError:
        return None


def read(path: Path) -> dict | None:
    """The owner that a file names. A file that names none was not written by ``take``."""
    with suppress(OSError, ValueError):
        owner = json.loads(path.read_text())
        if isinstance(owner, dict) and set(owner) == set(identity()):
            return owner
    return None


def refuse_beside(owner: dict, folder: Path, force: bool):
    """Raises unless the owner has ended, or ``force`` says so where it cannot be known."""
    me = identity()
    here = owner['host'] == me['host'] and me['boot'] is not None
    if here and owner['boot'] != me['boot']:
        return  # the machine was started again
    who = f'{folder} is being written by process {owner["process"]} on {owner["host"]}, since {owner["since"]}'
    if here and owner['namespace'] == me['namespace']:
        if started(owner['process']) == owner['started']:
            raise UsageError(f'{who}. Wait for that run, end it, or choose another --work-dir.')
        return
    if not force:
        raise UsageError(f'{who}. Wait for that run, or choose another --work-dir. If it has crashed, use --force.')


def end_with_launcher():
    """Ends this process soon after the process that launched it: at first as SIGTERM does, which saves a checkpoint."""
    launcher = os.getppid()

    def watch():
        while os.getppid() == launcher and not already_gone(launcher):
            time.sleep(WATCH)
        os.kill(os.getpid(), signal.SIGTERM)
        time.sleep(GRACE)
        os.kill(os.getpid(), signal.SIGKILL)

    threading.Thread(target=watch, daemon=True, name='launcher').start()


def already_gone(launcher: int) -> bool:
    """Whether a process is not the launcher but the one that takes over orphans: it ended before anybody watched it. In
    a container, the launcher may itself be the first process."""
    return launcher == 1 and 'torch' not in (text('/proc/1/cmdline') or 'torch')
