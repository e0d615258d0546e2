"""Runs a command as the command line does, in this process."""

import pytest

from usdrl_mmaction.commands import choose, run


@pytest.fixture
def run_command(monkeypatch):
    """``run_command('convert', 'recordings', '--layout', 'coco')``"""

    def run_here(*arguments):
        monkeypatch.setattr('sys.argv', ['usdrl', *map(str, arguments)])
        run(*choose([str(argument) for argument in arguments]))

    return run_here
