"""Variants of the method: each is the model it says, and their results become a table."""

import copy

import pytest
import torch
from mmaction.registry import MODELS

from usdrl_mmaction.commands import ablate
from usdrl_mmaction.commands.common import read_config


def build(name):
    cfg = read_config('pretrain_synthetic', {})
    changes = copy.deepcopy(ablate.variants('nturgb+d')[name])
    cfg.merge_from_dict(dict(model=changes))
    return MODELS.build(cfg.model)


@pytest.mark.parametrize('name', ablate.variants('nturgb+d'))
def test_every_variant_trains(name):
    model = build(name)
    data = dict(inputs=[torch.randn(1, 2, 40, 25, 3) for _ in range(3)])
    losses = model(model.data_preprocessor(data, True)['inputs'], mode='loss')
    losses['loss'].backward()
    assert torch.isfinite(losses['loss'])


def test_a_term_or_domain_left_out_has_no_part_in_the_loss():
    torch.manual_seed(0)
    data = dict(inputs=[torch.randn(1, 2, 40, 25, 3) for _ in range(3)])
    views = build('complete').data_preprocessor(data, True)['inputs']
    weights = dict(consistency=5.0, variance=1.0, cross=1e-3)
    domains = dict(instance=1.0, temporal=0.5, spatial=0.5)
    for name, without in (
        ('complete', ()), ('no variance', ('variance',)), ('no decorrelation', ('variance', 'cross')),
        ('no temporal domain', ('temporal',)),
    ):  # fmt: skip
        losses = build(name)(views, mode='loss')
        expected = sum(
            domains[domain] * weights[term] * losses[f'{domain}_{term}']
            for domain in domains
            for term in weights
            if not {domain, term} & set(without)
        )
        torch.testing.assert_close(losses['loss'], expected)


def test_the_table_has_means_spreads_and_how_many_were_stopped():
    stopped = {'stopped': 'The embedding has collapsed'}
    results = {
        'complete': [{'linear': 0.8, '1-NN': 0.7, 'rank': 6.0}, {'linear': 0.9, '1-NN': 0.7, 'rank': 8.0}],
        'no variance': [stopped, {'linear': 0.6, '1-NN': 0.5, 'rank': 3.0}],
        'no decorrelation': [stopped, stopped],
    }
    table = ablate.table(results)
    assert '| complete | 2 | 85.0% ± 7.1 | 70.0% ± 0.0 | 7.0 ± 1.4 |' in table
    assert '| no variance | 2, 1 stopped | 60.0% ± 0.0 | 50.0% ± 0.0 | 3.0 ± 0.0 |' in table
    assert '| no decorrelation | 2, 2 stopped |  |  |  |' in table


@pytest.mark.parametrize('name', [ablate.RANDOM, *ablate.SUPERVISED, ablate.FINETUNED])
def test_what_is_compared_with_runs_from_start_to_number(name, ann_file, tmp_path, monkeypatch):
    data = dict(ann_file=str(ann_file), layout='nturgb+d', split='xsub_train', held_out='xsub_val')
    loaded = ablate.load

    def small(task, *arguments):
        cfg = loaded(task, *arguments)
        if cfg.model.backbone.type == 'DSTE':
            cfg.model.backbone.embed_dims = 16
            cfg.model['head' if task == 'pretrain' else 'cls_head'].in_channels = 16
        if task == 'pretrain':
            cfg.default_hooks.health.min_rank = 0.0
        if cfg.get('train_cfg', {}).get('max_epochs'):
            cfg.train_cfg.max_epochs = 6  # one more than the warm-up has
        if cfg.get('train_dataloader'):
            cfg.train_dataloader.update(num_workers=0, persistent_workers=False, batch_size=8)
        return cfg

    monkeypatch.setattr(ablate, 'load', small)
    monkeypatch.setitem(ablate.STGCN_RECIPE, 'train_cfg', dict(max_epochs=1))
    result = ablate.measure(1, data, name, 0, tmp_path)
    assert 0 <= result['linear'] <= 1 and (result['1-NN'] is None) == (name != ablate.RANDOM)
