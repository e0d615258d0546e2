"""Mixed precision on whatever device there is."""

import torch
from mmaction.registry import OPTIM_WRAPPERS
from mmengine.device import get_device
from mmengine.optim import AmpOptimWrapper, OptimWrapper


@OPTIM_WRAPPERS.register_module()
class MixedPrecisionOptimWrapper(AmpOptimWrapper):
    """bfloat16 on CPUs and on GPUs that compute in it, float16 with loss scaling on the others."""

    def __init__(self, **kwargs):
        OptimWrapper.__init__(self, **kwargs)  # AmpOptimWrapper's own refuses the CPU
        device = get_device()
        bf16 = device != 'cuda' or torch.cuda.is_bf16_supported(including_emulation=False)
        self.cast_dtype = torch.bfloat16 if bf16 else torch.float16
        self.loss_scaler = torch.amp.GradScaler(device, enabled=not bf16)
        self._scale_update_param = None
