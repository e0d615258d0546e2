"""How long a person waits before anything happens: imports and commands, each in a new process."""

import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from rich.console import Console

from usdrl_mmaction.commands.common import number_table
from usdrl_mmaction.skeletons import LAYOUTS

STACK = 'import torch, mmengine, mmaction.registry'
MODULES = f'{STACK}, usdrl_mmaction as usdrl; usdrl.models, usdrl.datasets, usdrl.engine, usdrl.evaluation'
PYTHON = [sys.executable, '-c']
USDRL = [sys.executable, '-m', 'usdrl_mmaction_cli']
CASES = {
    'import torch': [*PYTHON, 'import torch'],
    "import torch, mmengine and mmaction's registries": [*PYTHON, STACK],
    'the same and usdrl_mmaction': [*PYTHON, f'{STACK}, usdrl_mmaction'],
    'the same and every module that it registers': [
        *PYTHON,
        f'{STACK}, usdrl_mmaction as u; u.models, u.datasets, u.engine',
    ],
    'usdrl --help': [*USDRL, '--help'],
    'usdrl infer with a wrong option': [*USDRL, 'infer', 'x.csv', '--modle', 'a'],
    'usdrl infer x.csv, with the encoder of the package': [*USDRL, 'infer', 'x.csv', '--layout', 'coco'],
}
REPEATS = 5


def measure() -> dict[str, float]:
    """Seconds of each case, the least of several, taken in turn: other work on the machine slows all of them alike."""
    with tempfile.TemporaryDirectory() as folder:
        write_recording(Path(folder, 'x.csv'))
        seconds = {name: [] for name in CASES}
        for _ in range(1 + REPEATS):  # the first fills the system's cache
            for name, command in CASES.items():
                begun = time.perf_counter()
                subprocess.run(command, cwd=folder, capture_output=True)
                seconds[name].append(time.perf_counter() - begun)
    return {name: min(values[1:]) for name, values in seconds.items()}


def write_recording(path: Path):
    """One person of 60 frames, as a table."""
    rng, joints = np.random.default_rng(0), LAYOUTS['coco'].names
    heads = ['frame', *(f'{joint}_{axis}' for joint in joints for axis in 'xyz')]
    rows = np.column_stack([np.arange(60), rng.random((60, len(joints) * 3))])
    np.savetxt(path, rows, '%.4f', ',', header=','.join(heads), comments='')


def show(seconds: dict[str, float], console: Console):
    table = number_table(f'Start, least of {REPEATS}', 'what', 'seconds', 'over torch', 'over the registries')
    torch, stack, *_ = seconds.values()
    for name, value in seconds.items():
        table.add_row(name, f'{value:.2f}', *(f'{value - base:+.2f}' for base in (torch, stack)))
    console.print(table)
