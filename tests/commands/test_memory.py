"""The table of the memory of pretraining."""

import re

import pytest
from conftest import ROOT

CONFIG = ROOT / 'configs/usdrl/pretrain_ntu60.py'
NARROW = ['--cfg-options', 'model.backbone.embed_dims=32', 'model.head.in_channels=32']


def test_a_column_for_each_batch_size(run_command, capsys):
    run_command('memory', CONFIG, '--batch-size', 64, 8, '--processes', 1, 8, *NARROW)
    output = capsys.readouterr().out
    assert '1 × 64 clips' in output and '8 × 8 clips' in output
    numbers = {line.split('│')[1].strip(): re.findall(r'\d+\.\d+', line) for line in output.splitlines() if '│' in line}
    assert len(numbers) == 6
    one, eight = map(float, numbers['peak'])
    assert one > eight > 0


def test_as_many_processes_as_batch_sizes_are_needed(run_command):
    with pytest.raises(SystemExit, match='give as many --processes as --batch-size'):
        run_command('memory', CONFIG, '--batch-size', 64, 8, *NARROW)
