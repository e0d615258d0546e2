"""What released versions of the stack get wrong on today's torch, a module for each part of it.

``apply()`` runs every repair. Each looks for its fault first and does nothing where it is absent or already mended.
"""

from .distributed import resume_sharded_optimizers, start_processes_without_gpus
from .mmaction import leave_out_broken_multimodal, restore_numpy_names, stand_in_for_drn
from .mmcv import expect_mmcv_lite, require_mmcv
from .packages import locate_packages, name_this_package
from .torch_load import allow_checkpoint_types, keep_loading_weights_only, leave_configs_in_checkpoints_alone


def apply():
    """Run the repairs; call it before anything is imported from ``mmaction.models``."""
    require_mmcv()
    expect_mmcv_lite()
    allow_checkpoint_types()
    keep_loading_weights_only()
    leave_configs_in_checkpoints_alone()
    locate_packages()
    name_this_package()
    start_processes_without_gpus()
    resume_sharded_optimizers()
    restore_numpy_names()
    stand_in_for_drn()
    leave_out_broken_multimodal()
