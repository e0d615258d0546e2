"""Repairs of MMAction2 1.2.0."""

import sys
from importlib import import_module
from importlib.machinery import PathFinder
from pathlib import Path
from types import ModuleType

from .mmengine import origin

NUMPY_NAMES = {'Inf': 'inf', 'NAN': 'nan', 'in1d': 'isin', 'trapz': 'trapezoid'}
VINDLU_IMPORTS = (
    ('timm.models.layers', 'DropPath'),
    ('transformers.modeling_utils', 'apply_chunking_to_forward'),
    ('transformers.modeling_utils', 'find_pruneable_heads_and_indices'),
    ('transformers.models.beit.modeling_beit', 'BeitDropPath'),
)


def restore_numpy_names():
    """MMAction2 1.2.0 uses names that NumPy 2 dropped; for skeletons, ``PoseCompact`` does.

    ``AttributeError: `np.Inf` was removed in the NumPy 2.0 release. Use `np.inf` instead.``
    """
    import numpy as np

    for dropped, kept in NUMPY_NAMES.items():
        if not hasattr(np, dropped):
            setattr(np, dropped, getattr(np, kept))


def stand_in_for_drn():
    """The wheel of MMAction2 1.2.0 lacks a folder that its own ``mmaction.models`` imports.

    ``ModuleNotFoundError: No module named 'mmaction.models.localizers.drn'``.
    """
    name = 'mmaction.models.localizers.drn'
    from mmaction.registry import MODELS

    if name in sys.modules or not drn_is_missing():
        return
    package, module = ModuleType(name), ModuleType(f'{name}.drn')
    package.__path__, package.drn, module.DRN = [], module, MODELS.register_module(module=DRN)
    sys.modules |= {package.__name__: package, module.__name__: module}


def drn_is_missing():
    """Whether the folder is absent, without an import of ``mmaction``."""
    localizers = Path(origin('mmaction')).parent / 'models' / 'localizers'
    return PathFinder.find_spec('drn', [str(localizers)]) is None


class DRN:
    """A placeholder for MMAction2's dense regression network."""

    def __init__(self, *args, **kwargs):
        raise NotImplementedError(
            'DRN is not in the wheel of mmaction2 1.2.0: its folder mmaction/models/localizers/drn was left out. '
            'To use DRN, install MMAction2 from its source repository.'
        )


def leave_out_broken_multimodal():
    """MMAction2 1.2.0 imports VindLU wherever transformers is installed, but VindLU needs more than that.

    ``No module named 'timm'``, then ``cannot import name 'apply_chunking_to_forward' from
    'transformers.modeling_utils'`` with transformers 5. MMAction2's own placeholders replace VindLU.
    """
    from mmaction.utils import dependency

    if not dependency.WITH_MULTIMODAL or 'mmaction.models.multimodal' in sys.modules:
        return
    try:
        for module, name in VINDLU_IMPORTS:
            getattr(import_module(module), name)
    except Exception:  # timm also fails with RuntimeError, when torchvision does not fit torch
        dependency.WITH_MULTIMODAL = False
