"""Whole runs through the tools: ours, and MMAction2's own as its wheel installs them."""

import json
import pickle
import signal
import subprocess
import time

import pytest
from conftest import ROOT, losses
from end_to_end.tools import (
    BRIEF,
    LINEAR_HEAD,
    NARROW,
    PRETRAIN_HEAD,
    STGCNPP,
    STOCK,
    command,
    ours,
    run,
    write_clips,
)
from mmengine.runner import Runner


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


@pytest.fixture
def told(capfd):
    """What a command of ours prints, in this process."""

    def tell(name, *arguments):
        capfd.readouterr()
        ours(name, *arguments, *(['--verbose'] if name == 'train' else []))
        return ''.join(capfd.readouterr())

    return tell


def test_pretrain_then_linear_then_retrieval(config, told, tmp_path):
    run('tools/train.py', config('pretrain_synthetic'), '--work-dir', tmp_path / 'pretrain')
    checkpoint = (tmp_path / 'pretrain/last_checkpoint').read_text()
    linear = config('linear_synthetic')
    said = told('train', linear, '--work-dir', tmp_path / 'linear', '--cfg-options', f'load_from={checkpoint}')
    assert 'unexpected key in source state_dict: head.projectors' in said
    assert 'missing keys in source state_dict: cls_head.fc.weight, cls_head.fc.bias' in said
    checkpoint = (tmp_path / 'linear/last_checkpoint').read_text()
    dump = tmp_path / 'scores.pkl'
    said = run('tools/test.py', linear, checkpoint, '--work-dir', tmp_path / 'test', '--dump', dump)
    assert 'acc/top1' in said
    assert [len(sample['pred_score']) for sample in pickle.loads(dump.read_bytes())] == [18] * 8
    assert 'acc/top1' in told('test', config('knn_synthetic'), checkpoint, '--work-dir', tmp_path / 'knn')


def test_one_model_of_three_modalities_serves_each_and_their_fusion(config, told, tmp_path):
    told('train', config('pretrain_synthetic_multimodal'), '--work-dir', tmp_path / 'pretrain')
    checkpoint = (tmp_path / 'pretrain/last_checkpoint').read_text()
    linear, dumps = config('linear_synthetic'), []
    for modality in ('fused', 'bone'):
        options = [
            '--work-dir', tmp_path / modality, '--cfg-options', 'model.backbone.modalities=(joint,bone,motion)',
            f'model.backbone.modality={modality}', f'experiment_name={modality}',
        ]  # fmt: skip
        said = told('train', linear, *options, f'load_from={checkpoint}')
        assert 'missing keys in source state_dict: cls_head.fc.weight, cls_head.fc.bias' in said
        trained = (tmp_path / modality / 'last_checkpoint').read_text()
        dumps.append(tmp_path / f'{modality}.pkl')
        told('test', linear, trained, '--dump', dumps[-1], *options)
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


def test_pretraining_on_ones_own_data(told, tmp_path):
    """Another skeleton from a JSON file, and other splits."""
    layout = tmp_path / 'snake.json'
    layout.write_text(json.dumps(dict(parents=[None, 0, 1, 2, 3, 4])))
    path = write_clips(tmp_path / 'my.pkl', (1, 30, 6, 3), ('a', 'b'))
    options = [f'ann_file={path}', f'layout={layout}', 'split=a', 'held_out=b', 'body=False', NARROW]
    brief = ['--cfg-options', *options, *BRIEF]
    pretrain, linear, knn = (tmp_path / task for task in ('pretrain', 'linear', 'knn'))
    said = run(
        'tools/train.py', 'configs/usdrl/pretrain_custom.py', '--work-dir', pretrain, *brief,
        'train_cfg.max_epochs=1', 'load_from=None', PRETRAIN_HEAD,
    )  # fmt: skip
    assert 'Health: effective_rank' in said
    start = f'load_from={pretrain}/epoch_1.pth'
    said = told('train', 'linear_custom', '--work-dir', linear, *brief, LINEAR_HEAD, start)
    assert 'acc/top1' in said
    test = [linear / 'epoch_1.pth', '--work-dir', knn, '--cfg-options', *options, LINEAR_HEAD]
    assert 'acc/top1' in told('test', 'knn_custom', *test)
