"""Whole runs through the tools: ours, and MMAction2's own as its wheel installs them."""

import json
import os
import pickle
import signal
import subprocess
import sys
import time
from pathlib import Path

import mmaction
import numpy as np
import pytest
from conftest import ROOT, losses
from mmengine.runner import Runner

import usdrl_mmaction  # noqa: F401

STOCK = Path(mmaction.__file__).parent / '.mim'
STGCNPP = STOCK / 'configs/skeleton/stgcnpp/stgcnpp_8xb16-joint-u100-80e_ntu60-xsub-keypoint-3d.py'


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
    """Another skeleton from a JSON file, other splits, and pixels."""
    rng = np.random.default_rng(0)
    layout = tmp_path / 'snake.json'
    layout.write_text(json.dumps(dict(parents=[None, 0, 1, 2, 3, 4])))
    annotations = [
        dict(frame_dir=f'{i}', label=i % 3, total_frames=30, keypoint=rng.normal(size=(1, 30, 6, 3)).astype(np.float32))
        for i in range(80)
    ]
    names = [annotation['frame_dir'] for annotation in annotations]
    path = tmp_path / 'my.pkl'
    path.write_bytes(pickle.dumps(dict(split=dict(a=names[:64], b=names[64:]), annotations=annotations)))
    options = [f'ann_file={path}', f'layout={layout}', 'split=a', 'held_out=b']
    said = run(
        'tools/train.py', 'configs/usdrl/pretrain_custom.py', '--work-dir', tmp_path / 'w', '--cfg-options', *options,
        'train_cfg.max_epochs=1', 'default_hooks.checkpoint.interval=1', 'model.backbone.embed_dims=16',
        'model.head.in_channels=16',
    )  # fmt: skip
    assert 'Health: effective_rank' in said
    for config in ('linear', 'knn'):
        tool = 'train' if config == 'linear' else 'test'
        checkpoint = [] if config == 'linear' else [tmp_path / 'linear/epoch_1.pth']
        start = [f'load_from={tmp_path}/w/epoch_1.pth', 'train_cfg.max_epochs=1', 'default_hooks.checkpoint.interval=1']
        said = run(
            f'tools/{tool}.py', f'configs/usdrl/{config}_custom.py', *checkpoint, '--work-dir', tmp_path / config,
            '--cfg-options', *options, 'num_classes=3', 'model.backbone.embed_dims=16', 'model.cls_head.in_channels=16',
            *(start if config == 'linear' else []),
        )  # fmt: skip
        assert 'acc/top1' in said


def test_our_configs_are_bases_for_others(tmp_path, tiny):
    path = tmp_path / 'mine.py'
    path.write_text("_base_ = 'usdrl_mmaction::usdrl/pretrain_ntu60.py'\ntrain_cfg = dict(max_epochs=7)\n")
    code = (
        'import usdrl_mmaction; from mmengine.config import Config; '
        f'cfg = Config.fromfile({str(path)!r}); print(cfg.train_cfg.max_epochs, cfg.model.backbone.embed_dims)'
    )
    done = subprocess.run([sys.executable, '-c', code], capture_output=True, text=True, cwd=tmp_path, timeout=100)
    assert done.stdout.split() == ['7', '1024'], done.stderr


def test_ntu_pretraining_trains_as_soon_as_its_file_is_there(tmp_path, ann_file):
    """The whole recipe at its own width, for one step of two clips."""
    data = tmp_path / 'data/skeleton'
    data.mkdir(parents=True)
    done = subprocess.run(
        command(ROOT / 'tools/train.py', ROOT / 'configs/usdrl/pretrain_ntu60.py', '--work-dir', tmp_path / 'w'),
        capture_output=True, text=True, cwd=tmp_path, timeout=100,
    )  # fmt: skip
    assert done.returncode == 1
    assert done.stderr.strip().splitlines()[-1].endswith('Get it with `python tools/data/download.py ntu60_3d`.')
    os.symlink(ann_file, data / 'ntu60_3d.pkl')
    run(
        ROOT / 'tools/train.py', ROOT / 'configs/usdrl/pretrain_ntu60.py', '--work-dir', tmp_path / 'w',
        '--cfg-options', 'train_dataloader.batch_size=2', 'train_dataloader.num_workers=1',
        'train_dataloader.dataset.indices=2', 'train_cfg.max_epochs=1', 'default_hooks.checkpoint.interval=-1',
        'default_hooks.checkpoint.save_last=False', cwd=tmp_path,
    )  # fmt: skip
    assert len(losses(tmp_path / 'w')) == 1
