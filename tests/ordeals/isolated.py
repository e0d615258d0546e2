"""A case in a separate process, and the verdict on it."""

import json
import os
import random
import signal
import sys
import tempfile
import time
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import usdrl_mmaction
from usdrl_mmaction.errors import UsdrlError

PACKAGE = os.path.dirname(usdrl_mmaction.__file__)
LIMIT = 60  # seconds
SOUND = 'sound'  # starts the name of a case that must survive, to check that others are refused for their damage
SURVIVED, CLEAR, LOST = 'survived', 'clear error', 'lost'
Case = tuple[str, Callable[[], str | None]]  # a name, and what raises or returns what is wrong


class Result(NamedTuple):
    verdict: str
    case: str
    reason: str = ''


def isolated(name: str, case: Callable[[], str | None]) -> Result:
    process, result = fork(lambda: judge(case))
    code = wait(process, LIMIT)
    output = result.read_text() if result.exists() else ''
    result.unlink(missing_ok=True)
    if code is None:
        return Result(LOST, name, f'nothing happened for {LIMIT} s')
    if not output:
        return Result(LOST, name, f'the process ended with {code}')
    return Result(*json.loads(output)[:1], name, json.loads(output)[1])


def judge(case: Callable[[], str | None]) -> tuple[str, str]:
    try:
        wrong = case()
    except UsdrlError as error:
        return CLEAR, str(error)
    except SystemExit as end:
        return (CLEAR, end.code) if isinstance(end.code, str) else (SURVIVED, '')
    except Exception:
        return LOST, traceback.format_exc(limit=-4)
    return (LOST, wrong) if wrong else (SURVIVED, '')


def fork(work: Callable[[], tuple]) -> tuple[int, Path]:
    """A process that writes what ``work`` returns to a file; its output is discarded."""
    result = Path(tempfile.gettempdir(), f'torture_{os.getpid()}_{time.monotonic_ns()}')
    sys.stdout.flush()
    process = os.fork()
    if process:
        return process, result
    with open(os.devnull, 'w') as nowhere:
        os.dup2(nowhere.fileno(), 1)
        os.dup2(nowhere.fileno(), 2)
    code = 1
    try:
        result.write_text(json.dumps(work()))
        code = 0
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else 1
    except KeyboardInterrupt:  # before a run handles the signal
        code = 128 + signal.SIGINT
    finally:
        os._exit(code)


def wait(process: int, seconds: float) -> int | None:
    """The exit code; None if the process was still running and was killed."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        done, status = os.waitpid(process, os.WNOHANG)
        if done:
            return os.waitstatus_to_exitcode(status)
        time.sleep(0.002)
    os.kill(process, signal.SIGKILL)
    os.waitpid(process, 0)
    return None


def each(make: Callable[..., Iterator[Case]]):
    """A group from a generator of cases."""

    def run(rng: random.Random, number: int, folder: Path) -> Iterator[Result]:
        for name, case in make(rng, number, folder):
            result = isolated(name, case)
            refused = name.startswith(SOUND) and result.verdict == CLEAR
            yield result._replace(verdict=LOST) if refused else result

    return run
