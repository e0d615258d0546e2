"""Whole runs through the tools: ours, and MMAction2's own as its wheel installs them."""

import json
import os
import pickle
import re
import signal
import subprocess
import sys
import time
from functools import partial
from pathlib import Path
from unittest import mock

import mmaction
import numpy as np
import pytest
import torch
from conftest import ROOT, losses
from mmengine.config import Config
from mmengine.runner import Runner

from usdrl_mmaction import commands
from usdrl_mmaction.apis import SkeletonInferencer

STOCK = Path(mmaction.__file__).parent / '.mim'
STGCNPP = STOCK / 'configs/skeleton/stgcnpp/stgcnpp_8xb16-joint-u100-80e_ntu60-xsub-keypoint-3d.py'
IMPORTED = (
    'import sys, runpy, usdrl_mmaction; sys.argv = sys.argv[1:]; runpy.run_path(sys.argv[0], run_name="__main__")'
)
FILES = ROOT / 'configs/usdrl'
NARROW = 'model.backbone.embed_dims=16'
BRIEF = ['train_dataloader.num_workers=0', 'train_dataloader.persistent_workers=False',
         'default_hooks.checkpoint.interval=1']  # fmt: skip
PRETRAIN_HEAD, LINEAR_HEAD = 'model.head.in_channels=16', 'model.cls_head.in_channels=16'
LOADERS = ('train_dataloader', 'val_dataloader', 'test_dataloader')


def command(tool, *args):
    return [sys.executable, str(tool), *map(str, args)]


def run(tool, *args, cwd=ROOT):
    done = subprocess.run(command(tool, *args), capture_output=True, text=True, cwd=cwd, timeout=250)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    return done.stdout + done.stderr


@pytest.fixture
def config(tiny, tmp_path):
    """A shrunk config, written to a file."""

    def write(name, options=None):
        path = tmp_path / f'{name}.py'
        tiny(name, {'log_level': 'INFO', 'default_hooks.logger.interval': 1, **(options or {})}).dump(path)
        return path

    return write


@pytest.fixture
def stock_config(tmp_path, ann_file):
    """The stock STGCN++ config, inherited with ours in custom_imports, on the clips of ``ann_file``."""

    def write(model=''):
        loaders = '\n'.join(
            f'{name} = dict(batch_size=4, num_workers=0, persistent_workers=False, '
            f'dataset=dict({"dataset=dict(" if name[:5] == "train" else ""}ann_file={str(ann_file)!r}'
            f'{")" if name[:5] == "train" else ""}))'
            for name in ('train_dataloader', 'val_dataloader', 'test_dataloader')
        )
        path = tmp_path / 'stgcnpp.py'
        path.write_text(
            f'_base_ = {str(STGCNPP)!r}\n'
            "custom_imports = dict(imports=['usdrl_mmaction'])\n"
            f'{loaders}\n'
            "train_dataloader['dataset']['times'] = 1\n"
            'train_cfg = dict(max_epochs=1)\n'
            f'{model or "model = dict(backbone=dict(num_stages=2, base_channels=8), cls_head=dict(in_channels=8))"}\n'
        )
        return path

    return write


def test_a_killed_run_resumes_on_the_curve_of_an_uninterrupted_one(config, tmp_path):
    path = config('pretrain_synthetic', {'train_cfg.max_epochs': 6})
    run('tools/train.py', path, '--work-dir', tmp_path / 'whole', '--seed', 3)
    killed = tmp_path / 'killed'
    process = subprocess.Popen(
        command('tools/train.py', path, '--work-dir', killed, '--seed', 3), cwd=ROOT, stdout=subprocess.DEVNULL
    )
    while not (killed / 'epoch_2.pth').exists():
        assert process.poll() is None
        time.sleep(0.02)
    process.send_signal(signal.SIGKILL)
    process.wait()
    said = run('tools/train.py', path, '--work-dir', killed, '--seed', 3, '--resume')
    assert 'resumed epoch' in said
    assert losses(killed) == losses(tmp_path / 'whole')
    assert len(losses(killed)) == 12


def test_pretrain_then_linear_then_retrieval(config, tmp_path):
    run('tools/train.py', config('pretrain_synthetic'), '--work-dir', tmp_path / 'pretrain')
    checkpoint = (tmp_path / 'pretrain/last_checkpoint').read_text()
    linear = config('linear_synthetic')
    said = run('tools/train.py', linear, '--work-dir', tmp_path / 'linear', '--cfg-options', f'load_from={checkpoint}')
    assert 'unexpected key in source state_dict: head.projectors' in said
    assert 'missing keys in source state_dict: cls_head.fc.weight, cls_head.fc.bias' in said
    checkpoint = (tmp_path / 'linear/last_checkpoint').read_text()
    dump = tmp_path / 'scores.pkl'
    said = run('tools/test.py', linear, checkpoint, '--work-dir', tmp_path / 'test', '--dump', dump)
    assert 'acc/top1' in said
    assert [len(sample['pred_score']) for sample in pickle.loads(dump.read_bytes())] == [18] * 8
    said = run('tools/test.py', config('knn_synthetic'), checkpoint, '--work-dir', tmp_path / 'knn')
    assert 'acc/top1' in said


def test_one_model_of_three_modalities_serves_each_and_their_fusion(config, tmp_path):
    run('tools/train.py', config('pretrain_synthetic_multimodal'), '--work-dir', tmp_path / 'pretrain')
    checkpoint = (tmp_path / 'pretrain/last_checkpoint').read_text()
    linear, dumps = config('linear_synthetic'), []
    for modality in ('fused', 'bone'):
        options = [
            '--work-dir', tmp_path / modality, '--cfg-options', 'model.backbone.modalities=(joint,bone,motion)',
            f'model.backbone.modality={modality}',
        ]  # fmt: skip
        said = run('tools/train.py', linear, *options, f'load_from={checkpoint}')
        assert 'missing keys in source state_dict: cls_head.fc.weight, cls_head.fc.bias' in said
        trained = (tmp_path / modality / 'last_checkpoint').read_text()
        dumps.append(tmp_path / f'{modality}.pkl')
        run('tools/test.py', linear, trained, '--dump', dumps[-1], *options)
    said = run('tools/analysis_tools/ensemble.py', *dumps, '--weights', 2, 1)
    assert 'fused.pkl' in said and 'bone.pkl' in said and 'all, fused' in said


def test_mmactions_own_tools_run_our_config_and_resume_it(config, tmp_path):
    path = config('pretrain_synthetic')
    run(STOCK / 'tools/train.py', path, '--cfg-options', 'train_cfg.max_epochs=1', cwd=tmp_path)
    said = run(STOCK / 'tools/train.py', path, '--resume', cwd=tmp_path)
    assert 'resumed epoch: 1' in said
    assert (tmp_path / 'work/epoch_2.pth').exists()


def test_mmactions_own_tools_run_a_stock_config(stock_config, tmp_path):
    path = stock_config()
    run(STOCK / 'tools/train.py', path, '--work-dir', tmp_path / 'stock', cwd=tmp_path)
    said = run(
        STOCK / 'tools/train.py', path, '--work-dir', tmp_path / 'stock', '--resume',
        '--cfg-options', 'train_cfg.max_epochs=2', 'param_scheduler.0.T_max=2', cwd=tmp_path,
    )  # fmt: skip
    assert 'resumed epoch: 1' in said
    said = run(STOCK / 'tools/test.py', path, tmp_path / 'stock/epoch_2.pth', '--work-dir', tmp_path, cwd=tmp_path)
    assert 'acc/top1' in said


def test_dste_in_a_stock_config(stock_config, tmp_path):
    path = stock_config(
        "model = dict(backbone=dict(_delete_=True, type='DSTE', num_frames=100, embed_dims=16, output='gcn'), "
        'cls_head=dict(in_channels=32))'
    )
    said = run(STOCK / 'tools/train.py', path, '--work-dir', tmp_path / 'swap', cwd=tmp_path)
    assert 'acc/top1' in said


@pytest.mark.parametrize('backbone', ['STGCN', 'AAGCN'])
def test_graph_networks_pretrain_in_the_place_of_dste(tiny, backbone):
    graph = dict(layout='nturgb+d', mode='stgcn_spatial')
    small = dict(num_stages=2, base_channels=16)
    cfg = tiny('pretrain_synthetic', {'model.backbone': dict(_delete_=True, type=backbone, graph_cfg=graph, **small)})
    cfg.model.backbone = dict(type=backbone, graph_cfg=graph, **small)
    runner = Runner.from_cfg(cfg)
    before = [parameter.clone() for parameter in runner.model.backbone.parameters()]
    runner.train()
    assert not any(a.equal(b) for a, b in zip(before, runner.model.backbone.parameters(), strict=True) if b.ndim > 1)


def test_pretraining_on_ones_own_data(tmp_path):
    """Another skeleton from a JSON file, and other splits."""
    layout = tmp_path / 'snake.json'
    layout.write_text(json.dumps(dict(parents=[None, 0, 1, 2, 3, 4])))
    path = write_clips(tmp_path / 'my.pkl', (1, 30, 6, 3), ('a', 'b'))
    options = [f'ann_file={path}', f'layout={layout}', 'split=a', 'held_out=b', NARROW]
    brief = ['--cfg-options', *options, *BRIEF]
    pretrain, linear, knn = (tmp_path / task for task in ('pretrain', 'linear', 'knn'))
    said = run(
        'tools/train.py', 'configs/usdrl/pretrain_custom.py', '--work-dir', pretrain, *brief,
        'train_cfg.max_epochs=1', PRETRAIN_HEAD,
    )  # fmt: skip
    assert 'Health: effective_rank' in said
    start = f'load_from={pretrain}/epoch_1.pth'
    said = run('tools/train.py', 'linear_custom', '--work-dir', linear, *brief, LINEAR_HEAD, start)
    assert 'acc/top1' in said
    test = [linear / 'epoch_1.pth', '--work-dir', knn, '--cfg-options', *options, LINEAR_HEAD]
    assert 'acc/top1' in run('tools/test.py', 'knn_custom', *test)


def write_clips(path: Path, shape: tuple[int, ...], splits: tuple[str, str], **meta) -> Path:
    """80 random clips of three classes."""
    rng = np.random.default_rng(0)
    annotations = [
        dict(frame_dir=f'{i}', label=i % 3, total_frames=shape[1], keypoint=rng.normal(size=shape).astype(np.float32))
        for i in range(80)
    ]
    names = [annotation['frame_dir'] for annotation in annotations]
    split = dict(zip(splits, (names[:64], names[64:]), strict=True))
    path.write_bytes(pickle.dumps(dict(split=split, annotations=annotations, meta=meta)))
    return path


def stock_train(*arguments):
    run(STOCK / 'tools/train.py', *arguments)


def ours(name: str, *arguments):
    """A command of ours, in this process."""
    with mock.patch('sys.argv'):
        commands.run(name, [*map(str, arguments)])


@pytest.mark.parametrize(
    'shape, layout, flags', [((1, 30, 17, 2), 'coco', []), ((2, 30, 20, 3), 'kinect_v1', ['--amp'])]
)
def test_mmactions_own_tools_do_the_same_on_ones_own_data(shape, layout, flags, tmp_path, capfd):
    path = write_clips(tmp_path / 'my.pkl', shape, ('train', 'val'), layout=layout, classes=['a', 'b', 'c'])
    options = ['--cfg-options', f'ann_file={path}', f'experiment_name={layout}', 'randomness.seed=0', NARROW]
    pretrain = [*flags, *options, *BRIEF, 'train_cfg.max_epochs=1', 'default_hooks.logger.interval=1', PRETRAIN_HEAD]
    linear = [*options, *BRIEF, LINEAR_HEAD]
    weights = {}
    for folder, train in ((tmp_path / 'ours', partial(ours, 'train')), (tmp_path / 'stock', stock_train)):
        train(FILES / 'pretrain_custom.py', '--work-dir', folder / 'pretrain', *pretrain)
        start = f'load_from={folder}/pretrain/epoch_1.pth'
        train(FILES / 'benchmarks/linear_custom.py', '--work-dir', folder / 'linear', *linear, start)
        weights[folder.name] = torch.load(folder / 'linear/epoch_1.pth')
    steps = losses(tmp_path / 'ours/pretrain')
    assert steps and steps == losses(tmp_path / 'stock/pretrain')
    torch.testing.assert_close(weights['stock']['state_dict'], weights['ours']['state_dict'], rtol=0, atol=0)
    assert weights['stock']['meta']['dataset_meta']['classes'] == ['a', 'b', 'c']

    written = Config.fromfile(folder / 'linear/linear_custom.py')
    assert "'$" not in written.pretty_text
    assert (written.model.backbone.in_channels, written.model.backbone.num_person) == (shape[-1], shape[0])
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
    result = SkeletonInferencer(linear, checkpoint, device='cpu')(np.random.rand(2, 30, 25, 3).astype(np.float32))
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
