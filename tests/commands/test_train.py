"""Training on the command line: one line an epoch, or MMEngine's whole log."""

import re

import pytest

from usdrl_mmaction.engine import UsdrlRunner


@pytest.fixture
def config(tiny, tmp_path):
    def write(name, options=None):
        path = tmp_path / f'{name}.py'
        tiny(name, {'log_level': 'INFO', **(options or {})}).dump(path)
        return path

    return write


def test_one_line_an_epoch(config, tmp_path, run_command, capfd):
    path = config('finetune_synthetic', {'train_cfg.val_interval': 2})
    run_command('train', path, '--work-dir', tmp_path / 'w', '--cfg-options', 'param_scheduler=None')
    printed = capfd.readouterr().out.splitlines()
    assert len(printed) <= 4, printed
    assert re.fullmatch(r'epoch 1/2  loss: [\d.]+  \d+ s', printed[0])
    assert re.fullmatch(r'epoch 2/2  loss: [\d.]+  acc/top1: [\d.]+  .*\d+ s', printed[1])
    assert str(tmp_path / 'w') in printed[2] and not UsdrlRunner.brief
    (log,) = (tmp_path / 'w').glob('*/*.log')
    assert 'Epoch(train) [2]' in log.read_text()  # the file has all


def test_the_whole_log(config, tmp_path, run_command, capfd):
    run_command('train', config('linear_synthetic'), '--work-dir', tmp_path / 'w', '--verbose')
    printed = capfd.readouterr().out
    assert 'Config:' in printed and 'epoch 1/1' not in printed


def test_a_frozen_encoder_that_is_random_is_named(config, tmp_path, run_command, capfd):
    run_command('train', config('linear_synthetic'), '--work-dir', tmp_path / 'w')
    assert 'The encoder is random' in capfd.readouterr().out
    options = ['model.backbone.embed_dims=128', 'model.cls_head.in_channels=128', 'load_from=usdrl://dste_synthetic']
    run_command('train', config('linear_synthetic'), '--work-dir', tmp_path / 'v', '--cfg-options', *options)
    printed = capfd.readouterr().out
    assert 'random:' not in printed.replace('at random:', '') and 'starts from usdrl://dste_synthetic' in printed
