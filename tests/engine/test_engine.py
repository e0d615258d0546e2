"""Caching features changes the time and not the result; neighbours are nearest; epochs draw by their number."""

import json
from pathlib import Path

import pytest
import torch
from mmengine.runner import Runner

import usdrl_mmaction  # noqa: F401
from usdrl_mmaction.engine.features import encode_all
from usdrl_mmaction.engine.runner.retrieval_loop import class_scores


def curve(work_dir: str, key: str = 'loss') -> list[float]:
    """What the last run in a work dir logged at every step."""
    (*_, log) = sorted(Path(work_dir).glob('*/vis_data/scalars.json'))
    return [entry[key] for entry in map(json.loads, log.read_text().splitlines()) if key in entry]


def test_cached_features_train_the_same_classifier(tiny, tmp_path):
    runs = {}
    for name, hooks in (('cached', [dict(type='FeatureCacheHook')]), ('encoded', [])):
        options = {'custom_hooks': hooks, 'work_dir': str(tmp_path / name), 'default_hooks.logger.interval': 1}
        runner = Runner.from_cfg(tiny('linear_ntu60', {**options, 'train_cfg.val_interval': 1}))
        before = {key: value.clone() for key, value in runner.model.backbone.state_dict().items()}
        runner.train()
        assert all(value.equal(before[key]) for key, value in runner.model.backbone.state_dict().items())
        runs[name] = runner.model.cls_head.state_dict(), curve(runner.work_dir), curve(runner.work_dir, 'acc/top1')
    for key, value in runs['encoded'][0].items():
        torch.testing.assert_close(runs['cached'][0][key], value)
    assert len(runs['encoded'][1]) == 4 and len(runs['encoded'][2]) == 2
    assert runs['cached'][1] == pytest.approx(runs['encoded'][1], rel=1e-5)
    assert runs['cached'][2] == runs['encoded'][2]


def test_only_the_head_of_a_frozen_recognizer_learns(tiny):
    model = Runner.from_cfg(tiny('linear_ntu60')).model.train()
    assert not model.backbone.training and model.cls_head.training
    assert {name.split('.')[0] for name, p in model.named_parameters() if p.requires_grad} == {'cls_head'}


def test_class_scores_are_those_of_the_nearest_clip():
    similarity = torch.tensor([[0.1, 0.9, -0.5, 0.3], [-0.2, -0.9, -0.4, -0.3]])
    scores = class_scores(similarity, torch.tensor([0, 2, 0, 3]))
    assert scores.tolist() == [[pytest.approx(x) for x in row] for row in ([0.1, -1, 0.9, 0.3], [-0.2, -1, -0.9, -0.3])]


@pytest.mark.parametrize('centred', [False, True])
def test_retrieval_is_one_nearest_neighbour_in_cosine(tiny, centred):
    runner = Runner.from_cfg(tiny('knn_synthetic'))
    accuracy = runner.test()['acc/top1_centred' if centred else 'acc/top1']
    queries, samples = encode_all(runner.model, runner.test_dataloader)
    gallery, known = encode_all(runner.model, runner.test_loop.gallery)
    offset = gallery.mean(0) if centred else 0
    right = 0
    for query, sample in zip(queries - offset, samples, strict=True):
        similarity = [torch.cosine_similarity(query, clip, dim=0).item() for clip in gallery - offset]
        right += int(known[similarity.index(max(similarity))].gt_label == sample.gt_label)
    assert accuracy == pytest.approx(right / len(samples))


def test_a_gallery_finds_itself(tiny):
    cfg = tiny('knn_synthetic', {'test_dataloader.dataset.split': 'xsub_train'})
    assert Runner.from_cfg(cfg).test()['acc/top1'] == 1


def test_without_a_seed_a_resumed_run_takes_the_order_of_its_checkpoint(tiny, tmp_path):
    cfg = tiny('pretrain_synthetic', {'train_cfg.max_epochs': 1, 'randomness': dict(seed=None)})
    first = Runner.from_cfg(cfg)
    first.train()
    cfg = tiny('pretrain_synthetic', {'train_cfg.max_epochs': 2, 'randomness': dict(seed=None), 'resume': True})
    second = Runner.from_cfg(cfg)
    second.train()
    assert second.train_dataloader.sampler.seed == first.train_dataloader.sampler.seed == first.seed
