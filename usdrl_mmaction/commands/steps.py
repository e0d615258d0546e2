"""Commands that ``usdrl demo`` and ``usdrl reproduce`` run one after another, each in a separate process."""

import os
import re
import shlex
import subprocess
import sys

from rich.console import Console

PROGRESS = re.compile(r'Epoch\(|^epoch |Encoding|clips|videos|task')
console = Console(highlight=False, soft_wrap=True)


def usdrl(name: str, *arguments) -> list[str]:
    """The command line of ``usdrl NAME``."""
    return ['usdrl', name, *map(str, arguments)]


def run_step(title: str, command: list[str]):
    """Run a command line; print it and the progress in its output. A failure ends this process."""
    console.print(f'\n[bold]{title}[/bold]')
    console.print(f'$ {shlex.join(command)}', markup=False)
    program = [sys.executable, '-m', 'usdrl_mmaction_cli'] if command[0] == 'usdrl' else command[:1]
    environment = {**os.environ, 'PYTHONUNBUFFERED': '1', 'PYTHONWARNINGS': 'ignore', 'COLUMNS': '100'}
    pipe = dict(stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    process = subprocess.Popen([*program, *command[1:]], env=environment, **pipe)
    output = []
    for line in process.stdout:
        output.append(line)
        if PROGRESS.search(line):
            console.print('  ' + re.sub(r'.* - INFO - ', '', line).strip(), markup=False)
    if process.wait():
        sys.exit(''.join(output[-30:]) + f'error: this step ended with code {process.returncode}.')
