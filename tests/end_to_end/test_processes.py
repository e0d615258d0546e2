"""Two processes give what one gives at the same batch: losses and weights of pretraining, and every number of tests."""

import os
import pickle
from copy import deepcopy
from pathlib import Path

import numpy as np
import pytest
import torch
import torch.distributed as dist
import torch.multiprocessing as mp
from conftest import shrunk
from mmaction.registry import MODELS
from mmengine.config import Config
from mmengine.hooks import Hook

from usdrl_mmaction.commands.common import find_config
from usdrl_mmaction.datasets.synthetic import make_trimmed, make_untrimmed
from usdrl_mmaction.engine import UsdrlRunner
from usdrl_mmaction.evaluation.functional import load_tracks
from usdrl_mmaction.evaluation.predictions import read_predictions
from usdrl_mmaction.models import MPCT

BATCH, STEPS = 8, 20
TRAIN, GALLERY, TEST = 16, 15, 7  # two processes cannot share an odd number of clips without repeating one
LOADERS = ('train_dataloader', 'val_dataloader', 'test_dataloader')
# Nothing is drawn at random; the modalities make the views differ. In double precision, for the first steps of training
# multiply a difference a thousandfold: in float32, another order of the clips of a batch is enough to be 1 % off.
PRETRAIN = {
    'model.type': 'DoubleMPCT',
    'model.data_preprocessor.augmentations': [],
    'model.data_preprocessor.crop.ratio': (1.0, 1.0),
    'model.backbone.drop_path': 0.0,
    'optim_wrapper.type': 'OptimWrapper',
    'train_cfg.max_epochs': STEPS * BATCH // TRAIN,
    'default_hooks.checkpoint.interval': -1,
    'default_hooks.checkpoint.save_last': False,
}
DESCENT = {'optim_wrapper.optimizer.type': 'SGD', 'optim_wrapper.optimizer.lr': 0.01}
CONFIGS = {
    'gathered': ('pretrain_synthetic_multimodal', {**PRETRAIN, 'model.head.gather': True}),
    # Adam does not see a gradient that is too large by a factor.
    'descent': ('pretrain_synthetic_multimodal', {**PRETRAIN, 'model.head.gather': True, **DESCENT}),
    'apart': ('pretrain_synthetic_multimodal', {**PRETRAIN, 'train_cfg.max_epochs': 1}),
    'linear': ('linear_ntu60', {'load_from': None}),
    'retrieval': ('knn_synthetic', {'test_cfg.gallery.dataset.split': 'gallery'}),
    'detection': ('detect_synthetic', {}),
}


@MODELS.register_module()
class DoubleMPCT(MPCT):
    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.double()

    def encode_as(self, clip, modality):
        return super().encode_as(clip.double(), modality)


class Record(Hook):
    """The loss of every step, to full precision."""

    def __init__(self):
        self.losses = []

    def after_train_iter(self, runner, batch_idx, data_batch=None, outputs=None):
        self.losses.append(outputs['loss'].item())


def carry_out(cfg: Config, name: str, out: Path) -> dict:
    """Train with a config, or test, or both."""
    if name in ('linear', 'retrieval'):
        dump = dict(type='DumpPredictions', out_file_path=str(out / f'{name}.pkl'))
        cfg.test_evaluator = [cfg.test_evaluator, dump]
    if name == 'detection':
        cfg.test_evaluator.outfile_prefix = str(out / name)
    runner, record = UsdrlRunner.from_cfg(cfg), Record()
    if name not in ('retrieval', 'detection'):
        runner.register_hook(record)
        runner.train()
    metrics = runner.test() if name in ('linear', 'retrieval', 'detection') else {}
    model = getattr(runner.model, 'module', runner.model)
    return dict(losses=torch.tensor(record.losses), weights=model.state_dict(), metrics=metrics)


def one_of_two(rank: int, folder: Path):
    """A process as ``torchrun`` starts it, but that the two meet at a file."""
    os.environ.update(RANK=str(rank), LOCAL_RANK=str(rank), WORLD_SIZE='2', GLOO_SOCKET_IFNAME='lo')
    os.environ.update(MASTER_ADDR='127.0.0.1', MASTER_PORT='29500')  # they name the run; nobody listens there
    results = {}
    for name in CONFIGS:
        cfg = Config.fromfile(folder / f'{name}.py')
        cfg.launcher = 'pytorch'
        cfg.env_cfg.dist_cfg = dict(backend='gloo', init_method=f'file://{folder}/store', rank=rank, world_size=2)
        for loader in LOADERS:
            if cfg.get(loader):
                cfg[loader].batch_size = BATCH // 2
        results[name] = carry_out(cfg, name, folder / 'two')
    torch.save(results, folder / f'results{rank}.pth')
    dist.destroy_process_group()


@pytest.fixture(scope='module')
def folder(tmp_path_factory) -> Path:
    """Synthetic clips and videos."""
    folder = tmp_path_factory.mktemp('processes')
    clips = make_trimmed(TRAIN + TEST)
    for number, annotation in enumerate(clips['annotations']):
        annotation['label'] = number % 3
    names = [annotation['frame_dir'] for annotation in clips['annotations']]
    clips['split'] = dict(xsub_train=names[:TRAIN], xsub_val=names[TRAIN:], gallery=names[:GALLERY])
    (folder / 'clips.pkl').write_bytes(pickle.dumps(clips))
    (folder / 'videos.pkl').write_bytes(pickle.dumps(make_untrimmed(2)))
    return folder


@pytest.fixture(scope='module')
def runs(folder) -> dict[str, list[dict]]:
    """What one process and each of two have of every config."""
    results = {}
    for name, (config, options) in CONFIGS.items():
        cfg = Config.fromfile(find_config(config))
        cfg.work_dir, cfg.randomness, cfg.log_level = str(folder / name), dict(seed=0), 'WARNING'
        ann_file = folder / ('videos.pkl' if name == 'detection' else 'clips.pkl')
        cfg.merge_from_dict({**shrunk(cfg, ann_file), **deepcopy(options)})
        cfg.dump(folder / f'{name}.py')
        results[name] = carry_out(Config.fromfile(folder / f'{name}.py'), name, folder / 'one')
    mp.spawn(one_of_two, (folder,), nprocs=2)
    of_two = [torch.load(folder / f'results{rank}.pth', weights_only=False) for rank in range(2)]
    return {name: [results[name], *(of_one[name] for of_one in of_two)] for name in CONFIGS}


@pytest.mark.parametrize('name, steps', [('gathered', STEPS), ('descent', STEPS), ('linear', 4)])
def test_losses_and_weights_are_those_of_one_process(runs, name, steps):
    one, *both = runs[name]
    assert len(one['losses']) == steps
    mean = (both[0]['losses'] + both[1]['losses']) / 2
    torch.testing.assert_close(mean, one['losses'], rtol=1e-4, atol=0)
    for process in both:
        torch.testing.assert_close(process['weights'], one['weights'], rtol=1e-4, atol=1e-6)


def test_each_process_computes_the_loss_of_all_clips(runs):
    _, first, second = (run['losses'] for run in runs['gathered'])
    torch.testing.assert_close(first, second)


def test_without_gathering_each_process_has_the_loss_of_its_own_clips(runs):
    one, *both = (run['losses'] for run in runs['apart'])
    assert all(abs(process[0] / one[0] - 1) > 1e-2 for process in both)


@pytest.mark.parametrize('name', ['linear', 'retrieval', 'detection'])
def test_numbers_are_those_of_one_process(runs, name):
    one, *both = (run['metrics'] for run in runs[name])
    assert both == [one, one]


@pytest.mark.parametrize('name', ['linear', 'retrieval'])
def test_every_clip_is_scored_once(runs, folder, name):
    one, two = (read_predictions(folder / processes / f'{name}.pkl') for processes in ('one', 'two'))
    assert one.names == two.names and len(set(one.names)) == TEST
    np.testing.assert_allclose(two.scores, one.scores, rtol=1e-4, atol=1e-6)


def test_tracks_are_those_of_one_process(runs, folder):
    one, two = (load_tracks(folder / processes / 'detection_tracks.npz') for processes in ('one', 'two'))
    assert one.scores.keys() == two.scores.keys()
    for video, scores in one.scores.items():
        np.testing.assert_allclose(two.scores[video], scores, rtol=1e-4)
