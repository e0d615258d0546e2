"""The memory computed for a step of pretraining is the memory that such a step takes."""

import pytest
import torch
from conftest import ROOT
from mmaction.registry import MODELS
from mmengine.config import Config

from usdrl_mmaction.engine.memory import step_memory


def config(width: int, with_cp: bool, gather=False) -> Config:
    cfg = Config.fromfile(ROOT / 'configs/usdrl/pretrain_ntu60.py')
    cfg.model.backbone.update(embed_dims=width, with_cp=with_cp)
    cfg.model.head.update(in_channels=width, gather=gather)
    return cfg


def measured(cfg: Config, batch_size: int, precision: torch.dtype) -> int:
    """The most bytes of tensors at any moment of a second step, by torch's own account."""
    model = MODELS.build(cfg.model).train()
    optimizer = torch.optim.Adam(model.parameters(), lr=5e-4, weight_decay=1e-5, fused=True)
    views = torch.randn(4, batch_size, *model.backbone.clip_shape)

    def step():
        with torch.autocast('cpu', precision, enabled=precision != torch.float32):
            loss = model(views, mode='loss')['loss']
        loss.backward()
        del loss
        optimizer.step()
        optimizer.zero_grad()

    step()
    with torch.profiler.profile(profile_memory=True) as profile:
        step()
    states = [value for state in optimizer.state.values() for value in state.values()]
    held = peak = sum(value.nbytes for value in [*model.parameters(), *model.buffers(), *states, views])
    for event in sorted(profile.profiler.kineto_results.events(), key=lambda event: event.start_ns()):
        if event.name() == '[memory]':
            held += event.nbytes()
            peak = max(peak, held)
    return peak


@pytest.mark.parametrize('width, batch_size, clips_per_call', [(64, 24, 40), (128, 8, 32)])
@pytest.mark.parametrize('with_cp', [False, True])
@pytest.mark.parametrize('precision', [torch.float32, torch.bfloat16])
def test_the_peak_is_that_of_a_real_step(width, batch_size, clips_per_call, with_cp, precision):
    cfg = config(width, with_cp)
    cfg.model.clips_per_call = clips_per_call
    computed = step_memory(cfg, batch_size, precision=precision)
    peak = measured(cfg, batch_size, precision)
    assert computed.peak == pytest.approx(peak, rel=0.01)


def test_parts_by_hand():
    cfg = config(64, False)
    model = MODELS.build(cfg.model)
    parameters = 4 * sum(value.numel() for value in model.parameters())
    memory = step_memory(cfg, 2)
    assert memory.weights == parameters + sum(value.nbytes for value in model.buffers())
    assert memory.gradients == parameters
    assert memory.buckets == 0
    assert memory.optimizer == 2 * parameters + 4 * len(list(model.parameters()))  # two moments and a count of steps
    cfg.optim_wrapper.optimizer = dict(type='SGD', lr=0.1)
    assert step_memory(cfg, 2).optimizer == 0


def test_precision_is_the_configs():
    cfg = config(64, False)
    assert step_memory(cfg, 2) == step_memory(cfg, 2, precision=torch.bfloat16)
    cfg.optim_wrapper.type = 'OptimWrapper'
    assert step_memory(cfg, 2) == step_memory(cfg, 2, precision=torch.float32)


def test_gathering_takes_the_projections_of_all_clips():
    alone, gathered = (step_memory(config(64, True, gather), 4, processes=8) for gather in (False, True))
    assert gathered.activations > alone.activations
    assert alone.buckets == alone.gradients
