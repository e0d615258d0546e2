"""Trained classifiers know what is unlike all of their training, and how sure they may be."""

import pickle

import numpy as np
import pytest
from mmengine.runner import Runner

from usdrl_mmaction.apis import SkeletonInferencer
from usdrl_mmaction.commands.common import read_config
from usdrl_mmaction.datasets.synthetic import make_trimmed
from usdrl_mmaction.engine.novelty import FARTHEST, Novelty, choose, distances, unit
from usdrl_mmaction.engine.runner.settings import complete

KNOWN = ('wave left hand', 'sit down', 'jump', 'kick with left leg')


@pytest.fixture(scope='module')
def actions():
    data = make_trimmed(18 * 16, seed=9)
    names = data['meta']['classes']
    return [(item, names[item['label']]) for item in data['annotations']]


@pytest.fixture(scope='module')
def files(actions, tmp_path_factory):
    """An annotation file of four actions: ten clips of each to train on, three to validate."""
    folder = tmp_path_factory.mktemp('novelty')
    items = [dict(item, label=KNOWN.index(name)) for item, name in actions if name in KNOWN]
    split = dict(train=[], val=[], rest=[])
    for label in range(len(KNOWN)):
        own = [item['frame_dir'] for item in items if item['label'] == label]
        split = {key: split[key] + part for key, part in zip(split, (own[:8], own[8:13], own[13:]), strict=True)}
    meta = dict(layout='nturgb+d', classes=list(KNOWN), fps=30)
    (folder / 'clips.pkl').write_bytes(pickle.dumps(dict(split=split, annotations=items, meta=meta)))
    return folder


@pytest.fixture(scope='module', params=['linear_custom', 'finetune_custom'])
def work_dir(request, files):
    cfg = read_config(request.param, dict(ann_file=str(files / 'clips.pkl')))
    cfg.work_dir, cfg.log_level, cfg.randomness = str(files / request.param), 'WARNING', dict(seed=0)
    for part in ('train', 'val', 'test'):
        cfg[f'{part}_dataloader'].num_workers = 0
    if request.param == 'finetune_custom':
        cfg.train_cfg.max_epochs, cfg.train_cfg.val_interval, cfg.param_scheduler = 12, 12, None
        cfg.default_hooks.checkpoint.interval = 12
    cfg.experiment_name = request.param
    Runner.from_cfg(complete(cfg)).train()
    return files / request.param


def test_what_was_not_taught_is_unknown_unless_switched_off(work_dir, actions):
    model = SkeletonInferencer(work_dir, device='cpu')
    known = [item['keypoint'] for item, name in actions if name in KNOWN][-12:]
    others = [item['keypoint'] for item, name in actions if name in ('clap', 'shake hands', 'pick up', 'drink')][:16]
    noise = [np.random.default_rng(0).random((60, 25, 3)) for _ in range(3)]
    assert (model.predict(noise) == 'unknown').all()
    assert (model.predict(known) == 'unknown').mean() <= 0.3
    assert (model.predict(others) == 'unknown').mean() >= 0.5
    assert [result['unknown'] for result in model(noise)] == [True] * 3
    always = SkeletonInferencer(work_dir, device='cpu', unknown=False)
    assert set(always.predict([*noise, *others])) <= set(KNOWN) and 'unknown' not in always(noise[0])[0]


def test_probabilities_are_those_of_held_out_clips(work_dir, actions):
    """Sure, where it is right; never quite sure, after so few clips."""
    model = SkeletonInferencer(work_dir, device='cpu')
    clips, names = zip(*[(item['keypoint'], name) for item, name in actions if name in KNOWN][-20:], strict=True)
    probability = model.predict_proba(clips)
    right = (np.array(KNOWN)[probability.argmax(1)] == names).mean()
    assert right >= 0.85 and 0.6 < probability.max(1).mean() < 0.9995


def test_distances_are_those_to_the_nearest_of_each_class():
    rng = np.random.default_rng(0)
    features, known, labels = (
        unit(rng.normal(size=(4, 6))),
        unit(rng.normal(size=(7, 6))),
        np.array([0, 0, 1, 1, 1, 3, 3]),
    )
    found = distances(features, known, labels, 4)
    assert (found[:, 2] == FARTHEST).all()  # nobody of that class is known
    for label in (0, 1, 3):
        np.testing.assert_allclose(found[:, label], (1 - features @ known[labels == label].T).min(1))
    own = distances(known, known, labels, 4, left_out=True)[np.arange(7), labels]
    assert (own > 1e-6).all()


def test_as_many_clips_of_each_class_are_kept():
    labels = np.repeat([0, 1, 2], [1000, 30, 2])
    kept = choose(labels, 60)
    assert np.bincount(labels[kept]).tolist() == [20, 20, 2] and len(set(kept)) == len(kept)


def test_what_was_trained_on_is_not_new():
    rng = np.random.default_rng(1)
    labels = np.arange(60) % 3
    features = np.eye(3, 8)[labels] + 0.1 * rng.normal(size=(60, 8))
    scores = 4.0 * np.eye(3)[labels] + 0.3 * rng.normal(size=(60, 3))
    novelty = Novelty.left_out(features, labels, scores, 1.0)
    assert (novelty(features, scores) > novelty.known.threshold).mean() < 0.1
    strange = -features, np.zeros((60, 3))
    assert (novelty(*strange) > novelty.known.threshold).all()
