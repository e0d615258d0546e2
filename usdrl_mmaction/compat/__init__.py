"""Repairs of faults in released versions of the stack, one module for each package.

``apply()`` makes every repair. Each checks for its fault first and does nothing where it is absent or already fixed.
"""

from . import mmaction, mmcv, mmengine


def apply():
    """Make all repairs; call it before anything is imported from ``mmaction.models``."""
    mmcv.require()
    mmcv.expect_lite()
    mmengine.allow_checkpoint_types()
    mmengine.keep_loading_weights_only()
    mmengine.ignore_configs_in_checkpoints()
    mmengine.locate_packages()
    mmengine.inherit_configs_of_this_package()
    mmengine.start_processes_without_gpus()
    mmengine.resume_sharded_optimizers()
    mmaction.restore_numpy_names()
    mmaction.stand_in_for_drn()
    mmaction.leave_out_broken_multimodal()
