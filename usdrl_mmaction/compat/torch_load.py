"""Checkpoints under torch 2.6 and later, which reads weights only."""

import io
import pickle
from functools import partial
from importlib import import_module

HISTORY_STATISTICS = ('min', 'max', 'current', 'mean')
ONE_CYCLE_CURVES = ('_annealing_cos', '_annealing_linear')


def allow_checkpoint_types():
    """MMEngine 0.10 cannot resume its own checkpoints under torch 2.6 or later.

    ``Weights only load failed ... Unsupported global: GLOBAL mmengine.logging.history_buffer.HistoryBuffer was not an
    allowed global by default``. The types that a runner saves are allowed by name; everything else stays refused.
    """
    import numpy as np
    import torch
    from mmengine.config import ConfigDict
    from mmengine.logging import HistoryBuffer
    from mmengine.optim.scheduler.param_scheduler import OneCycleParamScheduler

    if _loads_weights_only([HistoryBuffer([1], [1]), ConfigDict(mean=np.float32(1)), OneCycleParamScheduler]):
        return
    reconstruct, scalar = np.zeros(1).__reduce__()[0], np.float64(1).__reduce__()[0]
    dtypes = (np.bool_, np.uint8, np.int32, np.int64, np.float16, np.float32, np.float64)
    torch.serialization.add_safe_globals(
        [HistoryBuffer, ConfigDict, OneCycleParamScheduler, np.ndarray, np.dtype]
        + [type(np.dtype(dtype)) for dtype in dtypes]
        # numpy 1 and numpy 2 write different names for the same two functions.
        + [(reconstruct, f'numpy.{core}.multiarray._reconstruct') for core in ('core', '_core')]
        + [(scalar, f'numpy.{core}.multiarray.scalar') for core in ('core', '_core')]
        # Pickle spells a method as getattr(class, name).
        + [(_named_method, 'builtins.getattr')]
    )


def _named_method(owner, name):
    """``getattr`` for the methods that MMEngine stores in a checkpoint, and for nothing else."""
    from mmengine.logging import HistoryBuffer
    from mmengine.optim.scheduler.param_scheduler import OneCycleParamScheduler

    methods = {HistoryBuffer: HISTORY_STATISTICS, OneCycleParamScheduler: ONE_CYCLE_CURVES}
    if not isinstance(owner, type) or name not in methods.get(owner, ()):
        raise pickle.UnpicklingError(
            f'The checkpoint asks for the attribute {name!r} of {owner!r}. Only statistics of HistoryBuffer '
            f'{HISTORY_STATISTICS} and curves of OneCycleParamScheduler {ONE_CYCLE_CURVES} are read from a checkpoint.'
        )
    return getattr(owner, name)


def _loads_weights_only(value):
    import torch

    buffer = io.BytesIO()
    torch.save(value, buffer)
    buffer.seek(0)
    try:
        torch.load(buffer, weights_only=True)
    except pickle.UnpicklingError:
        return False
    return True


def keep_loading_weights_only():
    """onedl-mmengine runs the pickle of a file that torch has just refused, MMEngine that of any file from a server.

    ``Could not safely load weights: ... Falling back to weights_only=False``.
    """
    checkpoint = import_module('mmengine.runner.checkpoint')
    if not isinstance(checkpoint.load_url, partial):
        checkpoint.load_url = partial(checkpoint.load_url, weights_only=True)
    if getattr(checkpoint, '_safe_torch_load', _load_weights_only) is not _load_weights_only:
        checkpoint._safe_torch_load = _load_weights_only


def _load_weights_only(file, map_location=None, weights_only=True):
    import torch

    return torch.load(file, map_location=map_location, weights_only=weights_only is not False)


def leave_configs_in_checkpoints_alone():
    """MMEngine's ``Runner.resume`` runs what a checkpoint has under ``meta`` and ``config`` as a config, which is code.

    The key is of MMEngine's past; today it writes ``cfg``, and reads that nowhere.
    """
    from mmengine.runner import CheckpointLoader

    stock = CheckpointLoader.load_checkpoint
    if stock.__name__ == _load_without_config.__name__:
        return

    def load_checkpoint(cls, filename, map_location=None, logger='current'):
        return _load_without_config(stock, filename, map_location, logger)

    load_checkpoint.__name__ = _load_without_config.__name__
    CheckpointLoader.load_checkpoint = classmethod(load_checkpoint)


def _load_without_config(load, *args):
    checkpoint = load(*args)
    if isinstance(checkpoint, dict) and isinstance(checkpoint.get('meta'), dict):
        checkpoint['meta'].pop('config', None)
    return checkpoint
