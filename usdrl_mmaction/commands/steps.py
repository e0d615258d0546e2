"""The tools run one after another, as the demo and ``usdrl reproduce`` run them."""

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

from rich.console import Console

from .common import find_config

# The same in a checkout, where it is a link, and in an installed wheel.
HERE = Path(__file__).resolve().parents[1] / '.mim'
TELLING = re.compile(r'Epoch\(|Encoding|clips|videos|task')
console = Console(highlight=False, soft_wrap=True)


def config_path(file_name: str) -> Path:
    return shortest(find_config(file_name))


def tool_command(tool: str, *arguments) -> list[str]:
    """``tools/<tool>`` with its arguments, as one may type it."""
    run_by = 'bash' if tool.endswith('.sh') else 'python'
    return [run_by, str(shortest(HERE / 'tools' / tool)), *map(str, arguments)]


def shortest(path: Path) -> Path:
    path, here = path.resolve(), Path.cwd()
    return path.relative_to(here) if path.is_relative_to(here) else path


def run_step(title: str, command: list[str]):
    """Run a command, say what it is and, of what it says, what moves. A failed one ends this process."""
    console.print(f'\n[bold]{title}[/bold]')
    console.print(f'$ {shlex.join(command)}', markup=False)
    started = [sys.executable if part == 'python' else part for part in command]
    process = subprocess.Popen(started, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=environment())
    said = []
    for line in process.stdout:
        said.append(line)
        if TELLING.search(line):
            console.print('  ' + re.sub(r'.* - INFO - ', '', line).strip(), markup=False)
    if process.wait():
        sys.exit(''.join(said[-30:]) + f'error: this step ended with code {process.returncode}.')


def environment() -> dict:
    """A step says things as they happen, in lines of one width."""
    return {**os.environ, 'PYTHONUNBUFFERED': '1', 'PYTHONWARNINGS': 'ignore', 'COLUMNS': '100'}
