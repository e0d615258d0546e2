"""Commands that ``usdrl demo`` and ``usdrl reproduce`` run one after another, each in a separate process."""

import os
import re
import shlex
import subprocess
import sys
import time
import warnings
from multiprocessing import get_all_start_methods, get_context
from multiprocessing.connection import Connection

from rich.console import Console

PROGRESS = re.compile(r'Epoch\(|^epoch |Encoding|clips|videos|task')
RESULT = re.compile(r'accuracy|written|mAP')  # what stays to be seen of the output
IMPORTED = ['usdrl_mmaction.commands.common', 'usdrl_mmaction.apis']  # once for all steps
console = Console(highlight=False, soft_wrap=True)
CONTEXT = get_context('forkserver' if 'forkserver' in get_all_start_methods() else 'spawn')


def usdrl(name: str, *arguments) -> list[str]:
    """The command line of ``usdrl NAME``."""
    return ['usdrl', name, *map(str, arguments)]


def run_step(title: str, command: list[str], left: str = '') -> float:
    """Runs a command line and returns its seconds. While it runs, its last line of progress is shown, after ``left``. A
    failure ends this process with the end of its output."""
    console.print(f'\n[bold]{title}[/bold]')
    console.print(f'$ {shlex.join(command)}', markup=False)
    begun, output = time.monotonic(), []
    process, lines = (start if command[0] == 'usdrl' else start_program)(command)
    with lines, console.status(left) as status:
        for line in lines:
            output.append(line)
            shown = re.sub(r'.* - INFO - ', '', line).strip()
            if RESULT.search(line):
                console.print(f'  {shown}', markup=False)
            elif PROGRESS.search(line):
                status.update(f'{left}{shown[:90]}'.replace('[', r'\['))
    code = process.wait() if isinstance(process, subprocess.Popen) else process.join() or process.exitcode
    if code:
        sys.exit(''.join(output[-30:]) + f'error: this step ended with code {code}.')
    return time.monotonic() - begun


def start_program(command: list[str]):
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    return process, process.stdout


def start(command: list[str]):
    """Starts a command of ours in a process that has the imports done."""
    CONTEXT.set_forkserver_preload(IMPORTED)
    reader, writer = CONTEXT.Pipe(duplex=False)
    process = CONTEXT.Process(target=carry_out, args=(command[1:], writer, os.getcwd()))
    process.start()
    writer.close()
    return process, open(os.dup(reader.fileno()), errors='replace')


def carry_out(arguments: list[str], output: Connection, folder: str):
    from usdrl_mmaction.commands import choose, run

    os.chdir(folder)
    os.environ['COLUMNS'] = '100'
    for stream in (sys.stdout, sys.stderr):
        os.dup2(output.fileno(), stream.fileno())
        stream.reconfigure(line_buffering=True)
    warnings.simplefilter('ignore')
    run(*choose(arguments))
