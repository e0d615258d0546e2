"""Every config trains a step and is evaluated, on a few random clips of its data set's shape, and has its place in the
tables."""

import pickle
import re
from pathlib import Path

import numpy as np
import pytest
import yaml
from conftest import ROOT
from mmengine.config import Config
from mmengine.hooks import Hook

from usdrl_mmaction.checkpoints.zoo import models
from usdrl_mmaction.engine import UsdrlRunner

CONFIGS = ROOT / 'configs/usdrl'
FILES = {path.stem: path for path in sorted(CONFIGS.rglob('*.py'))}
MODELS = {model['Name']: model for model in yaml.safe_load((CONFIGS / 'metafile.yml').read_text())['Models']}
BENCHMARKS = [name for name in FILES if not name.startswith('pretrain') and 'custom' not in name]
# Joints, coordinates and classes as the data sets are described, not as the configs say.
SHAPES = {
    'ntu60_3d': (25, 3, 60),
    'ntu120_3d': (25, 3, 120),
    'ntu60_2d': (17, 2, 60),
    'ntu120_2d': (17, 2, 120),
    'pkummd2': (25, 3, 51),
    'pkummd1_untrimmed': (25, 3, 52),  # 0 is the background
    'pkummd2_untrimmed': (25, 3, 52),
    'uav_human': (17, 3, 155),
    'synthetic': (25, 3, 18),
    'synthetic_other': (25, 3, 18),
    'synthetic_2d': (17, 2, 18),
    'synthetic_untrimmed': (25, 3, 19),
    'my': (20, 3, 10),
    'my_untrimmed': (20, 3, 10),
    'corpus': (19, 3, 10),
}
SPLITS = {
    'ntu60': ('xsub', 'xview'),
    'ntu120': ('xsub', 'xset'),
    'pkummd2': ('xsub', 'xview'),
    'pkummd1': ('xsub', 'xview'),
    'uav': ('v1', 'v2'),
    'synthetic': ('xsub', 'xview'),
}


@pytest.fixture(scope='session')
def data(tmp_path_factory):
    """A file of each data set's name: 8 clips or videos to train on and 8 to test on in every split."""
    folder = tmp_path_factory.mktemp('data')
    for name, shape in SHAPES.items():
        rng = np.random.default_rng(0)
        items = [item(f'clip{number}', number, rng, *shape, untrimmed='untrimmed' in name) for number in range(16)]
        names = [each['frame_dir'] for each in items]
        splits = SPLITS.get(name.split('_')[0])
        parts = [(f'{split}_train', f'{split}_val') for split in splits] if splits else [('train', 'val')]
        split = {name: members for pair in parts for name, members in zip(pair, (names[:8], names[8:]), strict=True)}
        meta = dict(layout='kinect_v1') if name.startswith('my') else {}
        (folder / f'{name}.pkl').write_bytes(pickle.dumps(dict(split=split, annotations=items, meta=meta)))
    return folder


def item(name, number, rng, joints, coordinates, classes, untrimmed):
    """The highest label is among them."""
    frames, label = int(rng.integers(70, 100)), (classes - 1) * (1 + number % 3) // 3
    made = dict(frame_dir=name, total_frames=frames)
    made['keypoint'] = rng.normal(size=(2, frames, joints, coordinates)).astype(np.float32)
    if coordinates == 2:
        made |= dict(keypoint_score=np.ones((2, frames, joints), np.float32), img_shape=(1080, 1920))
    return made | (dict(segments=np.array([[max(label, 1), 10, 50]])) if untrimmed else dict(label=label))


class OneEpoch(Hook):
    """The schedule stays as long as it is."""

    def after_train_epoch(self, runner):
        runner.train_loop.stop_training = True


def small(path: Path, data: Path, work_dir: Path) -> Config:
    """Narrow, of one step and one evaluation, on the file of ``data`` that is named as the config's."""
    cfg = Config.fromfile(path)
    cfg.work_dir, cfg.load_from, cfg.log_level, cfg.randomness = str(work_dir), None, 'ERROR', dict(seed=0)
    cfg.model.backbone.embed_dims = 16
    for head in {'head', 'cls_head'} & set(cfg.model):
        cfg.model[head].in_channels = 16
    for loader in (cfg.get('train_dataloader'), cfg.get('val_dataloader'), cfg.get('test_dataloader'),
                   cfg.get('test_cfg', {}) and cfg.test_cfg.get('gallery')):  # fmt: skip
        if loader:
            loader.update(batch_size=64, drop_last=False, num_workers=0, persistent_workers=False)
            if 'custom' not in path.stem:
                loader.dataset.ann_file = str(data / Path(loader.dataset.ann_file).name)
    if 'custom' in path.stem:
        videos = path.stem.startswith(('detect', 'segment'))
        cfg.ann_file = str(data / ('my_untrimmed.pkl' if videos else cfg.ann_file))
    if cfg.get('train_cfg'):
        cfg.default_hooks.checkpoint.interval = 1
        if 'max_epochs' in cfg.train_cfg:  # a fit in closed form has none
            cfg.train_cfg.val_interval = 1
    if 'health' in cfg.default_hooks:
        cfg.default_hooks.health.update(interval=1, min_rank=0.0)
    return cfg


@pytest.mark.parametrize('name', [name for name in FILES if not name.endswith('_fsdp')])  # which takes two processes
def test_it_trains_and_is_evaluated(name, data, tmp_path):
    cfg = small(FILES[name], data, tmp_path)
    runner = UsdrlRunner.from_cfg(cfg)
    if not cfg.get('train_cfg'):
        measured = runner.test()
    else:
        runner.register_hook(OneEpoch())
        runner.train()
        assert runner.iter == ('max_epochs' in cfg.train_cfg) and (tmp_path / 'epoch_1.pth').exists()
        measured = runner.test() if cfg.get('test_cfg') else runner.message_hub.get_info('health')[-1]
    assert measured and all(np.isfinite(value) for value in measured.values())


@pytest.mark.parametrize('name', FILES)
def test_it_begins_from_the_pretraining_that_points_to_it(name):
    """And from its last checkpoint, of a run that has the same encoder and, but for transfer, the same clips."""
    sources = [source for source, model in MODELS.items() if name in model.get('Downstream', ())]
    if name not in BENCHMARKS:
        assert not sources
        return
    (source,) = sources
    cfg, pretrain = Config.fromfile(FILES[name]), Config.fromfile(FILES[source])
    if 'synthetic' not in name:
        assert cfg.load_from == f'work_dirs/{source}/epoch_{pretrain.train_cfg.max_epochs}.pth'
    ours = {key: value for key, value in cfg.model.backbone.items() if key != 'causal'}
    assert ours == pretrain.model.backbone
    if name.split('_')[0] not in ('transfer', 'detect', 'segment'):
        trained = cfg.test_cfg.gallery if name.startswith('knn') else cfg.train_dataloader
        wanted = pretrain.train_dataloader.dataset
        assert (trained.dataset.ann_file, trained.dataset.split) == (wanted.ann_file, wanted.split)


def rows() -> list[list[str]]:
    """The tables of the page that have a config in their first column."""
    page = (CONFIGS / 'README.md').read_text()
    return [
        [cell.strip() for cell in line.strip('|').split('|')]
        for line in page.splitlines()
        if re.match(r'\| \[`\w+`\]\([\w/]+\.py\) \|', line)
    ]


def test_every_config_has_a_row_and_every_row_its_config():
    linked = [re.match(r'\[`(\w+)`\]\(([\w/]+\.py)\)', row[0]).groups() for row in rows()]
    assert all(CONFIGS / target == FILES.get(shown) for shown, target in linked)
    assert {shown for shown, _ in linked} == set(FILES)


def test_the_rows_say_what_the_metafile_says():
    results = [row for row in rows() if len(row) == 6]
    assert {row[0].split('`')[1] for row in results} == set(BENCHMARKS)
    for link, _, training_data, measure, published, _ in results:
        entry = MODELS[link.split('`')[1]]['Metadata']
        assert training_data == entry['Training Data']
        assert published == str(entry.get('Published', {}).get(measure, ''))
    shown = {(row[0].split('`')[1], row[3]) for row in results if row[4]}
    told = {(name, measure) for name, model in MODELS.items() for measure in model['Metadata'].get('Published', ())}
    assert shown == told


def test_the_metafile_lists_every_config():
    assert {name for name in FILES if 'custom' not in name} == set(MODELS) - set(models())
    for name, model in MODELS.items():
        assert (ROOT / model['Config']).is_file()
        assert name in models() or ROOT / model['Config'] == FILES[name]


def test_all_28_benchmarks_are_there():
    count = dict.fromkeys(('linear', 'knn', 'semi', 'finetune', 'early', 'detect', 'segment', 'transfer'), 0)
    for name in BENCHMARKS:
        if not name.endswith(('_sttr', '_multimodal', '_boundaries')) and 'synthetic' not in name:
            count[name.split('_')[0]] += 1
    # Poses in pictures are recognised linearly, UAV-Human by fine-tuning.
    assert count == dict(linear=5 + 4, knn=5, semi=4, finetune=2 + 2, early=1, detect=2, segment=1, transfer=2)
    assert sum(count.values()) == 28


@pytest.mark.parametrize('path', sorted((ROOT / 'configs').rglob('*.py')), ids=lambda path: path.stem)
def test_a_file_is_a_table_of_values(path):
    text = path.read_text()
    assert len([line for line in text.splitlines() if line.strip() and not line.strip().startswith('#')]) <= 25
    assert '{{$' not in text and 'import ' not in text
