"""The memory of a pretraining step, found by running it on tensors that have a shape and no content."""

import sys
import weakref
from contextlib import contextmanager
from typing import NamedTuple

import torch
import torch.distributed as dist
from mmaction.registry import MODELS
from mmengine.config import Config, ConfigDict
from mmengine.optim import build_optim_wrapper
from torch import Tensor
from torch._subclasses.fake_tensor import FakeTensorMode
from torch.testing._internal.distributed.fake_pg import FakeStore
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

from usdrl_mmaction.models.layers import PRODUCT


class StepMemory(NamedTuple):
    """Bytes in each process."""

    weights: int  # and buffers
    gradients: int
    buckets: int  # in which DistributedDataParallel sends the gradients
    optimizer: int
    activations: int  # all that the forward pass keeps for the backward pass, and the views
    peak: int  # of all tensors together, at any moment of the step


class Held(TorchDispatchMode):
    """Counts the bytes of the tensors that are made in its context, as long as they exist."""

    def __init__(self):
        super().__init__()
        self.now = self.peak = 0
        self.known = weakref.WeakSet()

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        out = func(*args, **(kwargs or {}))
        for tensor in tree_leaves(out):
            if isinstance(tensor, Tensor) and (storage := tensor.untyped_storage()) not in self.known:
                self.known.add(storage)
                weakref.finalize(storage, self.release, storage.nbytes())
                self.now += storage.nbytes()
        self.peak = max(self.peak, self.now)
        return out

    def release(self, size: int):
        self.now -= size


def step_memory(cfg: Config, batch_size: int, processes: int = 1, precision: torch.dtype | None = None) -> StepMemory:
    """The memory of the second step with a pretraining config, whose backbone is ``DSTE`` or ``STTR``, with the kernels
    for CPUs. All views of a modality are encoded at once, as on a GPU, unless the config sets ``clips_per_call``.

    Args:
        batch_size (int): Clips in each process.
        processes (int): With several, ``gather=True`` of the head is followed, and gradients are sent.
        precision (torch.dtype | None): By default bfloat16 if the config's ``optim_wrapper`` is one of mixed precision.
    """
    if precision is None:
        mixed = cfg.optim_wrapper.type in ('AmpOptimWrapper', 'MixedPrecisionOptimWrapper')
        precision = torch.bfloat16 if mixed else torch.float32
    # Before the tensors lose their content: without, neither can weights be drawn nor products be measured.
    PRODUCT.name()
    model = MODELS.build(cfg.model, default_args=dict(clips_per_call=sys.maxsize)).train()
    with among(processes), FakeTensorMode(allow_non_fake_inputs=True), Held() as held:
        model.to_empty(device='cpu')
        optimizer = build_optim_wrapper(model, ConfigDict(optimizer=cfg.optim_wrapper.optimizer)).optimizer
        views = torch.empty(len(model.views), batch_size, *model.backbone.clip_shape)
        for _ in range(2):
            held.peak, before = held.now, held.now - views.nbytes
            with torch.autocast('cpu', precision, enabled=precision != torch.float32):
                loss = model(views, mode='loss')['loss']
            activations = held.now - before
            loss.backward()
            del loss
            optimizer.step()
            optimizer.zero_grad()
        weights, gradients = size_of([*model.parameters(), *model.buffers()]), size_of(model.parameters())
        states = size_of(value for state in optimizer.state.values() for value in state.values())
    buckets = gradients if processes > 1 else 0
    return StepMemory(weights, gradients, buckets, states, activations, held.peak + buckets)


def size_of(tensors) -> int:
    return sum(tensor.nbytes for tensor in tensors)


@contextmanager
def among(processes: int):
    """This process as one of several, without the others. What it gathers has the right shape."""
    if processes == 1:
        yield
        return
    dist.init_process_group('fake', rank=0, world_size=processes, store=FakeStore())
    try:
        yield
    finally:
        dist.destroy_process_group()
