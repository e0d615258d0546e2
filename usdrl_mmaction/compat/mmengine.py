"""Repairs of MMEngine 0.10 and its fork onedl-mmengine: checkpoints under torch 2.6 and later, which reads weights
only; the paths of packages; training without GPUs and sharded training."""

import io
import pickle
import sys
from contextlib import suppress
from functools import partial
from importlib import import_module, metadata
from importlib.util import find_spec
from inspect import getsource
from pathlib import Path

PACKAGE = 'usdrl_mmaction'
HISTORY_STATISTICS = ('min', 'max', 'current', 'mean')
ONE_CYCLE_CURVES = ('_annealing_cos', '_annealing_linear')


# --- Checkpoints ------------------------------------------------------------------------------------------------------
def allow_checkpoint_types():
    """MMEngine 0.10 cannot resume its own checkpoints under torch 2.6 or later.

    ``Weights only load failed ... Unsupported global: GLOBAL mmengine.logging.history_buffer.HistoryBuffer was not an
    allowed global by default``. The types that a runner saves are allowed by name; all others are still refused.
    """
    import numpy as np
    import torch
    from mmengine.config import ConfigDict
    from mmengine.logging import HistoryBuffer

    if loads_weights_only([HistoryBuffer([1], [1]), ConfigDict(mean=np.float32(1))]):
        return
    reconstruct, scalar = np.zeros(1).__reduce__()[0], np.float64(1).__reduce__()[0]
    dtypes = (np.bool_, np.uint8, np.int32, np.int64, np.float16, np.float32, np.float64)
    torch.serialization.add_safe_globals(
        [HistoryBuffer, ConfigDict, np.ndarray, np.dtype]
        + [type(np.dtype(dtype)) for dtype in dtypes]
        # numpy 1 and numpy 2 write different names for the same two functions.
        + [(reconstruct, f'numpy.{core}.multiarray._reconstruct') for core in ('core', '_core')]
        + [(scalar, f'numpy.{core}.multiarray.scalar') for core in ('core', '_core')]
        # Pickle spells a method as getattr(class, name).
        + [(named_method, 'builtins.getattr'), (OneCycle, f'{OneCycle.module}.OneCycleParamScheduler')]
    )


class OneCycle:
    """MMEngine's ``OneCycleParamScheduler`` in a checkpoint, which is imported only where one names it."""

    module = 'mmengine.optim.scheduler.param_scheduler'


def named_method(owner, name):
    """``getattr`` for only the methods that MMEngine stores in a checkpoint."""
    from mmengine.logging import HistoryBuffer

    methods = {HistoryBuffer: HISTORY_STATISTICS, OneCycle: ONE_CYCLE_CURVES}
    if not isinstance(owner, type) or name not in methods.get(owner, ()):
        raise pickle.UnpicklingError(
            f'The checkpoint asks for the attribute {name!r} of {owner!r}. Only statistics of HistoryBuffer '
            f'{HISTORY_STATISTICS} and curves of OneCycleParamScheduler {ONE_CYCLE_CURVES} are read from a checkpoint.'
        )
    return getattr(import_module(owner.module).OneCycleParamScheduler if owner is OneCycle else owner, name)


def loads_weights_only(value) -> bool:
    """Whether torch can save a value and read it with ``weights_only``."""
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
    """onedl-mmengine unpickles files that torch has refused, MMEngine any file from a server.

    ``Could not safely load weights: ... Falling back to weights_only=False``.
    """
    checkpoint = import_module('mmengine.runner.checkpoint')
    if not isinstance(checkpoint.load_url, partial):
        checkpoint.load_url = partial(checkpoint.load_url, weights_only=True)
    if getattr(checkpoint, '_safe_torch_load', load_weights_only) is not load_weights_only:
        checkpoint._safe_torch_load = load_weights_only


def load_weights_only(file, map_location=None, weights_only=True):
    import torch

    return torch.load(file, map_location=map_location, weights_only=weights_only is not False)


def ignore_configs_in_checkpoints():
    """MMEngine's ``Runner.resume`` runs ``meta['config']`` of a checkpoint as a config, which is code.

    Older versions of MMEngine wrote this key. Today it writes ``cfg``, which it never reads.
    """
    from mmengine.runner.checkpoint import CheckpointLoader

    stock = CheckpointLoader.load_checkpoint
    if stock.__name__ == 'load_without_config':
        return

    def load_without_config(cls, filename, map_location=None, logger='current'):
        checkpoint = stock(filename, map_location, logger)
        if isinstance(checkpoint, dict) and isinstance(checkpoint.get('meta'), dict):
            checkpoint['meta'].pop('config', None)
        return checkpoint

    CheckpointLoader.load_checkpoint = classmethod(load_without_config)


# --- Packages ---------------------------------------------------------------------------------------------------------
def locate_packages():
    """MMEngine 0.10 locates packages with ``pkg_resources``, which setuptools 82 dropped.

    ``ModuleNotFoundError: No module named 'pkg_resources'``, from any ``_base_ = 'mmaction::...'``. Older versions of
    ``pkg_resources`` give a folder that does not exist for an editable install.
    """
    from mmengine.utils import package_utils

    with suppress(Exception):  # whatever pkg_resources raises
        if Path(package_utils.get_installed_path(PACKAGE)).resolve() == Path(__file__).resolve().parents[1]:
            return
    for repaired in (is_installed, get_installed_path):
        stock = getattr(package_utils, repaired.__name__)
        for name, module in list(sys.modules.items()):
            if name.split('.')[0] == 'mmengine' and vars(module).get(repaired.__name__) is stock:
                setattr(module, repaired.__name__, repaired)


def is_installed(package: str) -> bool:
    """Whether ``package``, the name of a distribution or of a module, is installed."""
    try:
        metadata.version(package)
    except metadata.PackageNotFoundError:
        return origin(package) is not None
    return True


def get_installed_path(package: str) -> str:
    """The folder of ``package``, the name of a distribution (``mmaction2``) or of a module (``mmaction``)."""
    try:
        modules = (metadata.distribution(package).read_text('top_level.txt') or '').split()
    except metadata.PackageNotFoundError:
        modules = []
    for module in (package, *modules):
        if file := origin(module):
            return str(Path(file).parent)
    raise metadata.PackageNotFoundError(package)


def origin(module: str) -> str | None:
    """The file of ``module``; None if it is absent or an empty folder that an uninstallation left behind."""
    spec = find_spec(module)
    return None if spec is None else spec.origin


def inherit_configs_of_this_package():
    """MMEngine has a fixed list of packages whose configs can be inherited, and takes the scope from the package.

    ``AssertionError: mmengine does not support to load usdrl_mmaction config.``, then ``KeyError: 'ActionVisualizer is
    not in the mmengine::visualizer registry.``: the scope of this package is MMAction2's.
    """
    from mmengine.config import Config
    from mmengine.config.utils import MODULE2PACKAGE

    MODULE2PACKAGE.setdefault(PACKAGE, PACKAGE)
    if Config._get_cfg_path is not get_cfg_path:
        Config._stock_get_cfg_path = Config._get_cfg_path
        Config._get_cfg_path = staticmethod(get_cfg_path)


def get_cfg_path(cfg_path, filename):
    """The file and the scope of a base. A config of this package is also found by its name alone, in any folder."""
    from mmengine.config import Config

    from usdrl_mmaction.files import missing

    package, _, name = cfg_path.partition('::')
    if package != PACKAGE or not name:
        return Config._stock_get_cfg_path(cfg_path, filename)
    configs = Path(__file__).resolve().parents[1] / '.mim/configs'
    named = [configs / name, *sorted(configs.rglob(Path(name).name))]
    found = next((path for path in named if path.is_file()), None)
    if found is None:
        raise missing(configs / name, 'config', 'configs/usdrl/README.md lists those of this package.')
    return str(found), 'mmaction'


# --- Processes --------------------------------------------------------------------------------------------------------
def start_processes_without_gpus():
    """MMEngine assigns a GPU to each process even where there is none.

    ``AttributeError: module 'torch._C' has no attribute '_cuda_setDevice'``, then ``DistributedDataParallel device_ids
    and output_device arguments only work with single-device/multiple-device GPU modules or CPU modules``, or ``Cannot
    access accelerator device when none is available`` from FullyShardedDataParallel.
    """
    import torch
    from mmengine.device import get_device
    from mmengine.model.wrappers import MMDistributedDataParallel, MMFullyShardedDataParallel

    if get_device() != 'cpu' or MMDistributedDataParallel.__init__.__module__ == __name__:
        return

    def init_processes(backend, init_backend='torch', **kwargs):
        torch.distributed.init_process_group(backend, **kwargs)

    import_module('mmengine.dist.utils')._init_dist_pytorch = init_processes
    wrap_on_cpu(MMDistributedDataParallel)
    wrap_on_cpu(MMFullyShardedDataParallel, device_id=torch.device('cpu'))


def wrap_on_cpu(wrapper, **given):
    stock = wrapper.__init__

    def init(self, module, *args, device_ids=None, device_id=None, **kwargs):
        stock(self, module, *args, **given, **kwargs)

    wrapper.__init__ = init


def resume_sharded_optimizers():
    """MMEngine 0.10 passes the arguments of ``optim_state_dict_to_load`` in the order of torch 2.0.

    ``TypeError: unhashable type: 'dict'`` when a run with ``FSDPStrategy`` is resumed.
    """
    from mmengine._strategy import FSDPStrategy

    if 'state_dict, self.model' in getsource(FSDPStrategy.load_optim_state_dict):
        FSDPStrategy.load_optim_state_dict = load_sharded_optimizer


def load_sharded_optimizer(self, state_dict):
    from torch.distributed.fsdp import FullyShardedDataParallel

    optimizer = self.optim_wrapper.optimizer
    part = FullyShardedDataParallel.optim_state_dict_to_load(self.model, optimizer, state_dict)
    self.optim_wrapper.load_state_dict(part)
