"""Mixed precision on whatever device there is."""

from contextlib import contextmanager

import torch
from mmaction.registry import OPTIM_WRAPPERS
from mmengine.device import get_device
from mmengine.optim import AmpOptimWrapper, OptimWrapper


@OPTIM_WRAPPERS.register_module()
class MixedPrecisionOptimWrapper(AmpOptimWrapper):
    """bfloat16 where the hardware computes in it, float16 with loss scaling on other GPUs, float32 on other CPUs.

    ``UsdrlRunner`` builds it for ``AmpOptimWrapper``, the type that MMAction2's ``--amp`` sets.
    """

    def __init__(self, loss_scale='dynamic', **kwargs):
        OptimWrapper.__init__(self, **kwargs)  # AmpOptimWrapper's own refuses the CPU
        self.device = get_device()
        self.cast_dtype = half_precision(self.device)
        self.loss_scaler = torch.amp.GradScaler(self.device, enabled=self.cast_dtype == torch.float16)
        self._scale_update_param = None

    @contextmanager
    def optim_context(self, model):
        enabled = self.cast_dtype is not None
        with OptimWrapper.optim_context(self, model), torch.autocast(self.device, self.cast_dtype, enabled=enabled):
            yield


if get_device() == 'cpu':  # where MMEngine's own refuses to run, for its plain Runner as well
    OPTIM_WRAPPERS.register_module(name='AmpOptimWrapper', module=MixedPrecisionOptimWrapper)


def half_precision(device: str) -> torch.dtype | None:
    """The 16-bit type that a device computes fast in, if there is one."""
    if device == 'cuda':
        return torch.bfloat16 if torch.cuda.is_bf16_supported(including_emulation=False) else torch.float16
    if device == 'cpu':
        tests = ('_is_avx512_bf16_supported', '_is_amx_tile_supported')
        return torch.bfloat16 if any(getattr(torch.cpu, test, bool)() for test in tests) else None
    return None
