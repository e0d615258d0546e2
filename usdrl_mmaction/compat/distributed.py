"""Several processes: MMEngine 0.10 without GPUs, and sharded."""

from importlib import import_module
from inspect import getsource


def start_processes_without_gpus():
    """MMEngine gives each process its GPU also where there is none.

    ``AttributeError: module 'torch._C' has no attribute '_cuda_setDevice'``, then ``DistributedDataParallel device_ids
    and output_device arguments only work with single-device/multiple-device GPU modules or CPU modules``, or ``Cannot
    access accelerator device when none is available`` from FullyShardedDataParallel.
    """
    from mmengine.device import get_device
    from mmengine.model import MMDistributedDataParallel
    from mmengine.model.wrappers import MMFullyShardedDataParallel

    if get_device() != 'cpu' or MMDistributedDataParallel.__init__ is _wrap_on_cpu:
        return
    import_module('mmengine.dist.utils')._init_dist_pytorch = _init_processes
    _wrap_on_cpu.stock = MMDistributedDataParallel.__init__
    MMDistributedDataParallel.__init__ = _wrap_on_cpu
    _shard_on_cpu.stock = MMFullyShardedDataParallel.__init__
    MMFullyShardedDataParallel.__init__ = _shard_on_cpu


def _init_processes(backend, init_backend='torch', **kwargs):
    import torch

    torch.distributed.init_process_group(backend, **kwargs)


def _wrap_on_cpu(self, module, *args, device_ids=None, **kwargs):
    _wrap_on_cpu.stock(self, module, *args, **kwargs)


def _shard_on_cpu(self, module, *args, device_id=None, **kwargs):
    import torch

    _shard_on_cpu.stock(self, module, *args, device_id=torch.device('cpu'), **kwargs)


def resume_sharded_optimizers():
    """MMEngine 0.10 hands torch the arguments of ``optim_state_dict_to_load`` in the order of torch 2.0.

    ``TypeError: unhashable type: 'dict'`` when a run with ``FSDPStrategy`` is resumed.
    """
    from mmengine._strategy import FSDPStrategy

    if 'state_dict, self.model' in getsource(FSDPStrategy.load_optim_state_dict):
        FSDPStrategy.load_optim_state_dict = _load_sharded_optimizer


def _load_sharded_optimizer(self, state_dict):
    from torch.distributed.fsdp import FullyShardedDataParallel

    optimizer = self.optim_wrapper.optimizer
    part = FullyShardedDataParallel.optim_state_dict_to_load(self.model, optimizer, state_dict)
    self.optim_wrapper.load_state_dict(part)
