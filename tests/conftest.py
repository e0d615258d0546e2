"""What the tests share: where things are, small annotation files, and configs shrunk to run in seconds."""

import gc
import json
import pickle
from copy import deepcopy
from itertools import count
from pathlib import Path
from unittest import mock

import numpy as np
import pytest
from mmengine.config import Config

from usdrl_mmaction.commands.common import find_config
from usdrl_mmaction.engine.runner.settings import complete

ROOT = Path(__file__).resolve().parent.parent
EXPERIMENTS = count()


@pytest.fixture(scope='session', autouse=True)
def in_half_the_time():
    """MMEngine searches all objects for garbage whenever a data set is loaded, and lays out a config whenever one is
    written: half of the time of a short run."""
    gc.freeze()  # what has been imported is not searched
    with mock.patch('mmengine.config.config.FormatCode', lambda text, **_: (text, False)):
        yield


@pytest.fixture(scope='session')
def golden() -> Path:
    """Numbers computed with the authors' code, beside the checkout where they are kept."""
    folder = ROOT.parent / 'shared' / 'golden'
    if not folder.is_dir():
        pytest.skip('no golden numbers beside this checkout')
    return folder


@pytest.fixture(scope='session')
def ann_file(tmp_path_factory) -> Path:
    """24 random clips of 3 classes with 25 joints, 20 to 90 frames long; half of them have two persons."""
    rng = np.random.default_rng(0)
    annotations = []
    for i in range(24):
        frames = int(rng.integers(20, 90))
        keypoint = rng.normal(size=(1 + i % 2, frames, 25, 3)).astype(np.float32)
        annotations.append(dict(frame_dir=f'clip{i}', label=i % 3, total_frames=frames, keypoint=keypoint))
    names = [annotation['frame_dir'] for annotation in annotations]
    path = tmp_path_factory.mktemp('data') / 'clips.pkl'
    path.write_bytes(
        pickle.dumps(dict(split=dict(xsub_train=names[:16], xsub_val=names[16:]), annotations=annotations))
    )
    return path


@pytest.fixture
def content():
    """Six sound clips of two classes, and a video."""
    rng = np.random.default_rng(0)

    def clip(name, **fields):
        keypoint = rng.normal(size=(1, 8, 17, 2)).astype(np.float32)
        return dict(frame_dir=name, label=0, total_frames=8, keypoint=keypoint) | fields

    clips = [clip(f'c{number}', label=number % 2) for number in range(6)]
    video = clip('video', label=-1, segments=np.array([[1, 0, 3], [2, 3, 8]]))
    split = dict(xsub_train=['c0', 'c1', 'c2', 'video'], xsub_val=['c3', 'c4', 'c5'], xview_train=['c0', 'c1', 'c3'])
    return dict(split=split, annotations=[*clips, video], meta=dict(layout='coco', classes=['sit', 'stand']))


@pytest.fixture
def tiny(ann_file, tmp_path):
    """A config of configs/usdrl, made small enough to run in a second on the clips of ``ann_file``, and complete: any
    runner can be built from it."""

    def load(name: str, options: dict | None = None) -> Config:
        cfg = Config.fromfile(find_config(name))
        cfg.work_dir = str(tmp_path / 'work')
        # else two runs that begin in one second share a logger, and the folder it writes to
        cfg.experiment_name = f'{name}_{next(EXPERIMENTS)}'
        cfg.randomness = dict(seed=0)
        cfg.log_level, cfg.load_from = 'WARNING', None
        cfg.merge_from_dict(shrunk(cfg, ann_file))
        cfg.merge_from_dict(deepcopy(options or {}))
        return complete(cfg)

    return load


def shrunk(cfg: Config, ann_file: Path) -> dict:
    """The settings that make a config small: data, width, epochs."""
    options = {'model.backbone.embed_dims': 16}
    for loader in ('train_dataloader', 'val_dataloader', 'test_dataloader', 'test_cfg.gallery'):
        node = cfg
        for part in loader.split('.'):
            node = node.get(part) if node else None
        if node:
            sizes = dict(batch_size=8, num_workers=0, persistent_workers=False)
            options |= {f'{loader}.{key}': value for key, value in sizes.items()}
            options[f'{loader}.dataset.ann_file'] = str(ann_file)
    for part in ('head', 'cls_head'):
        if part in cfg.model:
            options[f'model.{part}.in_channels'] = 16
    if 'health' in cfg.default_hooks:
        options['default_hooks.health.min_rank'] = 0.0  # a few steps on noise are no measure
    if cfg.get('train_cfg'):
        options['default_hooks.checkpoint.interval'] = 1
    if 'max_epochs' in (cfg.get('train_cfg') or {}):  # a fit in closed form has none
        options['train_cfg.max_epochs'] = 2
    return options


def losses(work_dir) -> dict[int, float]:
    """The loss of every step that any run in a work dir logged, by step; later runs overrule."""
    steps = {}
    for log in sorted(Path(work_dir).glob('*/vis_data/scalars.json'), key=lambda path: path.stat().st_mtime_ns):
        steps |= {entry['step']: entry['loss'] for entry in map(json.loads, log.open()) if 'loss' in entry}
    return steps
