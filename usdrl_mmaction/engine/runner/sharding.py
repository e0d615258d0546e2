"""Weights, gradients and the optimizer's state divided among processes, by MMEngine's ``FSDPStrategy``."""

from mmengine.registry import FUNCTIONS
from torch import nn

from usdrl_mmaction.models.backbones.dste import DenseLayer
from usdrl_mmaction.models.heads.decorrelation_head import Projector


@FUNCTIONS.register_module()
def dste_layers(module: nn.Module, recurse: bool, nonwrapped_numel: int) -> bool:
    """The modules that are gathered and freed as one. No part of a layer is: a layer reads the weights of its parts."""
    return recurse or isinstance(module, DenseLayer | Projector)
