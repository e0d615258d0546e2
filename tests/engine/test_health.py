"""Numbers that tell a healthy embedding from a collapsed one, and the hook that watches them."""

import json
import math
from pathlib import Path

import pytest
import torch
import torch.nn.functional as F
from mmengine.runner import Runner
from scipy.spatial.distance import cdist

from usdrl_mmaction.engine.health import alignment, effective_rank, neighbour_accuracy, spread, uniformity
from usdrl_mmaction.errors import TrainingError


@pytest.fixture(autouse=True)
def seeded():
    torch.manual_seed(0)


@pytest.mark.parametrize('directions', [1, 3, 20])
def test_effective_rank_counts_equal_directions(directions):
    centre, *basis = torch.linalg.qr(torch.randn(40, 40)).Q[: 1 + directions]
    samples = torch.cat([torch.eye(directions), -torch.eye(directions)]) @ torch.stack(basis)
    assert effective_rank(3 * samples) == pytest.approx(directions, rel=1e-4)
    assert effective_rank(5 * centre + 3 * samples) == pytest.approx(directions, rel=1e-4)


def test_effective_rank_of_a_point_and_of_opposite_ones_is_one():
    assert effective_rank(torch.ones(30, 8)) == pytest.approx(1)
    assert effective_rank(torch.linspace(-1, 1, 30)[:, None] * torch.randn(8)) == pytest.approx(1, abs=1e-4)


def test_one_long_clip_does_not_pass_for_a_collapse():
    samples = torch.randn(100, 20)
    longer = samples.clone()
    longer[0] *= 100  # as graph networks, whose last layer is not normalised, embed a clip of lost joints
    assert effective_rank(samples) > 15
    assert effective_rank(longer) == pytest.approx(effective_rank(samples), rel=1e-4)


def test_spread_is_1_on_the_whole_sphere_and_0_in_a_point():
    assert spread(torch.randn(4000, 50)) == pytest.approx(1, abs=0.02)
    assert spread(torch.full((20, 50), 3.0)) == pytest.approx(0, abs=1e-6)


def test_alignment_is_the_mean_over_pairs_of_views():
    a, b = torch.tensor([[1.0, 0.0]]), torch.tensor([[0.0, 2.0]])
    assert alignment(torch.stack([a, 5 * a])) == pytest.approx(0)
    assert alignment(torch.stack([a, b])) == pytest.approx(2)  # at right angles
    assert alignment(torch.stack([a, a, b])) == pytest.approx((0 + 2 + 2) / 3)


def test_uniformity_of_a_point_and_of_opposite_points():
    assert uniformity(torch.ones(10, 4)) == pytest.approx(0, abs=1e-5)
    assert uniformity(torch.tensor([[1.0, 0.0], [-1.0, 0.0]])) == pytest.approx(math.log(math.exp(-8)))


def test_neighbour_accuracy_leaves_the_sample_itself_out():
    features, labels = torch.randn(60, 5), torch.randint(0, 3, (60,))
    distance = cdist(features, features, 'cosine')
    hits = [labels[min((j for j in range(60) if j != i), key=lambda j: distance[i, j])] == labels[i] for i in range(60)]
    assert neighbour_accuracy(features, labels) == pytest.approx(sum(hits).item() / 60)


def looks(runner):
    return runner.message_hub.runtime_info['health']


def test_the_hook_measures_whole_clips_and_their_views(tiny):
    runner = Runner.from_cfg(tiny('pretrain_synthetic', {'default_hooks.health.interval': 1}))
    runner.train()
    first, second = looks(runner)
    assert (first['epoch'], second['epoch']) == (1, 2)

    clips = [
        runner.train_dataloader.dataset.__class__(**{**arguments(runner), 'split': 'xsub_val'})[i] for i in range(8)
    ]
    runner.model.eval()
    whole = [
        F.interpolate(clip['inputs'][0].flatten(2).mT, 64, mode='linear').mT.unflatten(2, (25, 3)) for clip in clips
    ]
    with torch.no_grad():
        features = runner.model.backbone(torch.stack(whole)).pooled()
    assert second['effective_rank'] == pytest.approx(effective_rank(features), rel=1e-4)
    assert second['spread'] == pytest.approx(spread(features), rel=1e-4)
    assert second['uniformity'] == pytest.approx(uniformity(features), rel=1e-3)
    labels = torch.cat([clip['data_samples'].gt_label for clip in clips])
    assert second['neighbour'] == pytest.approx(neighbour_accuracy(features, labels))
    assert 0 < second['alignment'] < 2
    assert Path(runner.work_dir, 'health.png').stat().st_size > 10_000
    logged = [json.loads(line) for line in Path(runner._log_dir, 'vis_data/scalars.json').read_text().splitlines()]
    assert [entry['health/spread'] for entry in logged if 'health/spread' in entry] == [
        first['spread'],
        second['spread'],
    ]


def arguments(runner):
    return {key: value for key, value in runner.cfg.train_dataloader.dataset.items() if key != 'type'}


def test_measuring_changes_nothing_and_history_survives_resuming(tiny):
    def weights(options):
        runner = Runner.from_cfg(tiny('pretrain_synthetic', options))
        runner.train()
        return runner, runner.model.state_dict()

    _, plain = weights({'default_hooks.health.interval': 100})
    _, watched = weights({'default_hooks.health.interval': 1})
    assert all(value.equal(watched[name]) for name, value in plain.items())
    resumed, _ = weights({'default_hooks.health.interval': 1, 'resume': True, 'train_cfg.max_epochs': 3})
    assert [look['epoch'] for look in looks(resumed)] == [1, 2, 3]


def test_a_collapsed_run_is_stopped_with_what_to_try(tiny):
    cfg = tiny('pretrain_synthetic', {'default_hooks.health': dict(interval=1, min_rank=1000.0)})
    with pytest.raises(TrainingError, match=r'collapsed: in epoch 1 .* min_rank=1000.0.* variance_weight'):
        Runner.from_cfg(cfg).train()
    assert Path(cfg.work_dir, 'health.png').exists()
