"""Repairs of faults in released versions of the stack, one module for each package.

``apply()`` has every repair made as soon as what it repairs is imported. Each checks for its fault first and does
nothing where it is absent or already fixed.
"""

from . import mmaction, mmcv, mmengine
from .imports import after_import

REPAIRS = {  # by the module after whose import they are made
    'mmengine': (
        mmengine.allow_checkpoint_types,
        mmengine.locate_packages,
        mmengine.inherit_configs_of_this_package,
    ),
    'mmengine.runner.checkpoint': (mmengine.keep_loading_weights_only, mmengine.ignore_configs_in_checkpoints),
    'mmengine.model.wrappers': (mmengine.start_processes_without_gpus,),
    'mmengine._strategy': (mmengine.resume_sharded_optimizers,),
    'mmaction': (mmaction.restore_numpy_names,),
    'mmaction.registry': (mmaction.stand_in_for_drn,),
    'mmaction.utils.dependency': (mmaction.leave_out_broken_multimodal,),
}


def apply():
    """Make all repairs, now or later."""
    mmcv.require()
    mmcv.expect_lite()
    for module, repairs in REPAIRS.items():
        for repair in repairs:
            after_import(module, repair)
