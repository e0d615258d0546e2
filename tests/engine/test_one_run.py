"""One run a folder: a second one is refused, a dead owner is replaced, and no process outlives its launcher."""

import json
import os
import signal
import subprocess
import sys
import textwrap
import time

import pytest
from conftest import ROOT

from usdrl_mmaction.engine import UsdrlRunner
from usdrl_mmaction.engine.runner import one_run as one_run_module
from usdrl_mmaction.engine.runner.one_run import OWNER, already_gone, identity, leave, one_run, started, take
from usdrl_mmaction.errors import UsageError

MODULE = ROOT / 'usdrl_mmaction/engine/runner/one_run.py'


@pytest.fixture
def other():
    """A process that does nothing."""
    process = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)'])
    yield process
    process.kill()
    process.wait()


@pytest.fixture
def owned(tmp_path):
    """A folder with an owner."""

    def write(**changes):
        (tmp_path / OWNER).write_text(json.dumps({**identity(), 'run': None, **changes}))
        return tmp_path

    return write


def test_a_living_owner_is_left_alone_even_by_force(owned, other):
    folder = owned(process=other.pid, started=started(other.pid))
    for force in (False, True):
        with pytest.raises(UsageError, match=rf'is being written by process {other.pid} on .*Wait for that run, end'):
            take(folder, force=force)
    assert json.loads((folder / OWNER).read_text())['process'] == other.pid


def test_the_owner_is_named_before_anything_is_written(owned, other, tiny):
    cfg = tiny('pretrain_synthetic')
    folder = cfg.work_dir = str(owned(process=other.pid, started=started(other.pid)))
    with pytest.raises(UsageError, match='is being written'):
        UsdrlRunner.from_cfg(cfg)
    assert {name for name in os.listdir(folder) if OWNER not in name} <= {'work'}


@pytest.mark.parametrize('gone', ['ended', 'not yet waited for', 'its number is of another', 'the machine was started'])
def test_a_dead_owner_is_replaced(owned, other, gone):
    found = dict(process=other.pid, started=started(other.pid))
    if gone == 'the machine was started':
        found['boot'] = 'before'
    elif gone == 'its number is of another':
        found['started'] = '1'
    else:
        other.kill()
        os.waitid(os.P_PID, other.pid, os.WEXITED | os.WNOWAIT)
        if gone == 'ended':
            other.wait()
    folder = owned(**found)
    take(folder)
    assert json.loads((folder / OWNER).read_text())['process'] == os.getpid()
    leave(folder)
    assert not (folder / OWNER).exists()


@pytest.mark.parametrize('elsewhere', [dict(host='another'), dict(namespace='pid:[1]')])
def test_an_owner_that_cannot_be_looked_up_goes_by_force(owned, elsewhere):
    folder = owned(process=1, started='1', **elsewhere)
    with pytest.raises(UsageError, match=r'If it has crashed, use --force'):
        take(folder)
    take(folder, force=True)
    leave(folder)


def test_a_process_may_run_again_and_ends_only_what_is_its_own(owned, other, tmp_path):
    with one_run(tmp_path):
        take(tmp_path)
    assert not (tmp_path / OWNER).exists()
    leave(owned(process=other.pid, started=started(other.pid)))
    assert (tmp_path / OWNER).exists()


@pytest.mark.parametrize('content', ['', '{}', '[1]', '{"process": 3}', '\0'])
def test_a_file_that_names_no_owner(tmp_path, content):
    (tmp_path / OWNER).write_text(content)
    with one_run(tmp_path):
        assert json.loads((tmp_path / OWNER).read_text())['process'] == os.getpid()


def test_the_processes_of_a_run_share_its_folder_and_others_do_not(owned, other, monkeypatch):
    monkeypatch.setenv('RANK', '1')
    monkeypatch.setenv('MASTER_ADDR', '127.0.0.1')
    monkeypatch.setenv('MASTER_PORT', '29511')
    first = dict(process=other.pid, started=started(other.pid))
    take(owned(run='127.0.0.1:29511', **first), 'pytorch')
    with pytest.raises(UsageError, match='is being written'):
        take(owned(run='127.0.0.1:29512', **first), 'pytorch')


def test_of_many_that_take_over_at_once_one_does(owned):
    """Each of them finds the dead owner."""
    folder = owned(process=2**22 + 1, started='1')
    code = load('one.take(sys.argv[1])\nprint("mine", flush=True)\nsys.stdin.read()')
    rivals = [
        subprocess.Popen(
            [sys.executable, '-c', code, folder], stdin=-1, stdout=-1, stderr=subprocess.DEVNULL, text=True
        )
        for _ in range(4)
    ]
    time.sleep(0.2)
    done = [rival for rival in rivals if rival.stdout.readline() == 'mine\n']
    for rival in rivals:
        rival.communicate()
    assert len(done) == 1


def test_a_worker_ends_soon_after_its_launcher(tmp_path):
    worker = load('one.WATCH = 0.05\none.end_with_launcher()\nprint(os.getpid(), flush=True)\ntime.sleep(60)')
    launcher = f'import subprocess, sys, time\nsubprocess.Popen([sys.executable, "-c", {worker!r}])\ntime.sleep(60)'
    process = subprocess.Popen([sys.executable, '-c', launcher], stdout=subprocess.PIPE, text=True)
    number = int(process.stdout.readline())
    assert started(number)
    process.send_signal(signal.SIGKILL)
    process.wait()
    end = time.monotonic() + 10
    while started(number) and time.monotonic() < end:
        time.sleep(0.05)
    assert not started(number)


@pytest.mark.parametrize('first', ['/sbin/init', 'python -m torch.distributed.run'])
def test_a_worker_whose_launcher_ended_before_it_could_be_watched(monkeypatch, first):
    monkeypatch.setattr(one_run_module, 'text', {'/proc/1/cmdline': first}.get)
    assert already_gone(1) is (first == '/sbin/init')
    assert not already_gone(2)


def load(code: str) -> str:
    """A program that has the module as ``one``, without what the package imports."""
    head = f"""\
        import importlib.util, os, sys, time
        sys.path.insert(0, {str(ROOT)!r})
        spec = importlib.util.spec_from_file_location('one', {str(MODULE)!r})
        one = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(one)
    """
    return textwrap.dedent(head) + code
