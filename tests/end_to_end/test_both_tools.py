"""Whole runs on one's own data, on inherited configs and on NTU's, by our tools and by MMAction2's own."""

import os
import re
import subprocess
from functools import partial

import numpy as np
import pytest
import torch
from conftest import ROOT, losses
from end_to_end.tools import (
    BRIEF,
    FILES,
    IMPORTED,
    LINEAR_HEAD,
    LOADERS,
    NARROW,
    PRETRAIN_HEAD,
    STOCK,
    command,
    ours,
    run,
    write_clips,
)
from mmengine.config import Config
from mmengine.runner import Runner

from usdrl_mmaction.apis import SkeletonInferencer


def stock_train(*arguments):
    run(STOCK / 'tools/train.py', *arguments)


def test_mmactions_own_tools_do_the_same_on_ones_own_data(tmp_path, capfd):
    layout = 'kinect_v1'
    path = write_clips(tmp_path / 'my.pkl', (2, 30, 20, 3), ('train', 'val'), layout=layout, classes=['a', 'b', 'c'])
    options = ['--cfg-options', f'ann_file={path}', f'experiment_name={layout}', 'randomness.seed=0', NARROW, *BRIEF]
    brief = ['load_from=None', 'train_cfg.max_epochs=1', 'default_hooks.logger.interval=1']
    pretrain, linear = ['--amp', *options, *brief, PRETRAIN_HEAD], [*options, LINEAR_HEAD]
    weights = {}
    for folder, train in ((tmp_path / 'ours', partial(ours, 'train')), (tmp_path / 'stock', stock_train)):
        train(FILES / 'pretrain_custom.py', '--work-dir', folder / 'pretrain', *pretrain)
        start = f'load_from={folder}/pretrain/epoch_1.pth'
        train(FILES / 'benchmarks/linear_custom.py', '--work-dir', folder / 'linear', *linear, start)
        weights[folder.name] = torch.load(folder / 'linear/epoch_1.pth')
    # to rounding, which differs from process to process: where a gradient is zero, a step of Adam may go either way
    steps = losses(tmp_path / 'ours/pretrain')
    assert steps and steps == pytest.approx(losses(tmp_path / 'stock/pretrain'), rel=1e-3)
    torch.testing.assert_close(weights['stock']['state_dict'], weights['ours']['state_dict'], rtol=0, atol=5e-3)
    assert weights['stock']['meta']['dataset_meta']['classes'] == ['a', 'b', 'c']

    written = Config.fromfile(folder / 'linear/linear_custom.py')
    assert "'$" not in written.pretty_text
    assert (written.layout, written.model.backbone.layout) == (layout, 'body')
    test = [folder / 'linear/epoch_1.pth', '--work-dir', tmp_path / 'tested']
    capfd.readouterr()
    ours('test', 'linear_custom', *test, *linear)
    said = [capfd.readouterr().out, run(STOCK / 'tools/test.py', written.filename, *test)]
    accuracies = [re.search(r'acc/top1: ([\d.]+)', text)[1] for text in said]
    assert accuracies[0] == accuracies[1]


@pytest.mark.parametrize('option, message', [
    ('ann_file=other.pkl', 'Set train_dataloader.dataset.ann_file, val_dataloader.dataset.ann_file'),
    ('train_dataloder.batch_size=3', "Did you mean 'train_dataloader'?"),
])  # fmt: skip
def test_settings_without_effect_are_refused_by_both_tools(option, message, tmp_path):
    config = ROOT / 'configs/usdrl/benchmarks/linear_synthetic.py'
    arguments = [config, '--work-dir', tmp_path / 'w', '--cfg-options', option]
    with pytest.raises(SystemExit, match=re.escape(message)):
        ours('train', *arguments)
    done = subprocess.run(
        command(STOCK / 'tools/train.py', *arguments), capture_output=True, text=True, cwd=tmp_path, timeout=100
    )
    assert done.returncode == 1
    last = done.stderr.strip().splitlines()[-1]
    assert last.startswith('usdrl_mmaction.errors.ConfigError') and message in last


def test_our_configs_are_bases_for_others(tmp_path, ann_file, monkeypatch, capfd):
    """MMEngine asks a list for the packages of bases, which ours joins as it is imported."""
    small = 'default_hooks = dict(checkpoint=dict(interval=1))\n'
    loaders = [f'{name} = dict(batch_size=8, dataset=dict(ann_file={str(ann_file)!r}))\n' for name in LOADERS]
    pretrain, linear = tmp_path / 'pretrain.py', tmp_path / 'linear.py'
    pretrain.write_text(
        f"_base_ = 'usdrl_mmaction::usdrl/pretrain_synthetic.py'\n{small}{loaders[0]}train_cfg = dict(max_epochs=1)\n"
        'model = dict(backbone=dict(embed_dims=16), head=dict(in_channels=16))\n'
    )
    # found by its name, whatever its folder
    linear.write_text(
        f"_base_ = 'usdrl_mmaction::usdrl/linear_synthetic.py'\n{small}{''.join(loaders)}"
        'model = dict(backbone=dict(embed_dims=16), cls_head=dict(in_channels=16))\n'
    )
    monkeypatch.chdir(tmp_path)
    ours('train', pretrain)
    options = ['--cfg-options', 'load_from=work_dirs/pretrain/epoch_1.pth']
    run('-c', IMPORTED, STOCK / 'tools/train.py', linear, '--amp', *options, cwd=tmp_path)
    checkpoint = tmp_path / 'work_dirs/linear/epoch_1.pth'
    assert 'acc/top1' in run('-c', IMPORTED, STOCK / 'tools/test.py', linear, checkpoint, cwd=tmp_path)
    ours('test', linear, checkpoint)
    assert 'acc/top1' in capfd.readouterr().out
    result = SkeletonInferencer(linear, checkpoint, device='cpu')([np.random.rand(2, 30, 25, 3).astype(np.float32)])
    assert len(result[0]['actions']) == 5


def test_a_step_that_mmengine_compiles_has_the_losses_of_one_that_is_not(tiny, tmp_path):
    found = []
    for name, changes in (('plain', {}), ('compiled', {'compile': dict(backend='eager')})):
        options = {'work_dir': str(tmp_path / name), 'train_cfg.max_epochs': 1, 'default_hooks.logger.interval': 1}
        Runner.from_cfg(tiny('pretrain_synthetic', options | changes)).train()
        found.append((losses(tmp_path / name), set(torch.load(tmp_path / name / 'epoch_1.pth')['state_dict'])))
    assert found[1][0] == pytest.approx(found[0][0], rel=1e-4) and found[1][1] == found[0][1]


def test_ntu_pretraining_trains_as_soon_as_its_file_is_there(tmp_path, ann_file):
    """The whole recipe at its own width, for one step of two clips."""
    data = tmp_path / 'data/skeleton'
    data.mkdir(parents=True)
    done = subprocess.run(
        command(ROOT / 'tools/train.py', ROOT / 'configs/usdrl/pretrain_ntu60.py', '--work-dir', tmp_path / 'w'),
        capture_output=True, text=True, cwd=tmp_path, timeout=100,
    )  # fmt: skip
    assert done.returncode == 1
    assert done.stderr.strip().splitlines()[-1].endswith('Get it with `usdrl download ntu60_3d`.')
    os.symlink(ann_file, data / 'ntu60_3d.pkl')
    run(
        ROOT / 'tools/train.py', ROOT / 'configs/usdrl/pretrain_ntu60.py', '--work-dir', tmp_path / 'w',
        '--cfg-options', 'train_dataloader.batch_size=2', 'train_dataloader.num_workers=1',
        'train_dataloader.dataset.indices=2', 'train_cfg.max_epochs=1', 'default_hooks.checkpoint.interval=-1',
        'default_hooks.checkpoint.save_last=False', cwd=tmp_path,
    )  # fmt: skip
    assert len(losses(tmp_path / 'w')) == 1
