"""Runs a tool as the command line does, in this process."""

import importlib.util
import sys
from pathlib import Path

import pytest

from usdrl_mmaction.cli import one_line_errors

TOOLS = Path(__file__).resolve().parent.parent.parent / 'tools'


@pytest.fixture
def run_tool(monkeypatch):
    """``run_tool('data/convert_custom.py', 'recordings', '--layout', 'coco')``"""

    def run(name: str, *arguments):
        module_name = name.removesuffix('.py').replace('/', '_')
        spec = importlib.util.spec_from_file_location(module_name, TOOLS / name)
        module = importlib.util.module_from_spec(spec)
        monkeypatch.setitem(sys.modules, module_name, module)  # where other processes look up its functions
        spec.loader.exec_module(module)
        monkeypatch.setattr(sys, 'argv', [name, *map(str, arguments)])
        with one_line_errors():
            module.main()

    return run
