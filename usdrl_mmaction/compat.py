"""What released versions of the stack get wrong on today's torch, and nothing else.

``apply()`` runs every repair. Each looks for its fault first and does nothing where it is absent or already mended.
"""

import io
import pickle
import sys
import warnings
from functools import partial
from importlib import import_module, metadata
from importlib.machinery import PathFinder
from importlib.util import find_spec
from inspect import getsource
from pathlib import Path
from types import ModuleType

PACKAGE = 'usdrl_mmaction'
HISTORY_STATISTICS = ('min', 'max', 'current', 'mean')
ONE_CYCLE_CURVES = ('_annealing_cos', '_annealing_linear')
NUMPY_NAMES = {'Inf': 'inf', 'NAN': 'nan', 'in1d': 'isin', 'trapz': 'trapezoid'}
VINDLU_IMPORTS = (
    ('timm.models.layers', 'DropPath'),
    ('transformers.modeling_utils', 'apply_chunking_to_forward'),
    ('transformers.modeling_utils', 'find_pruneable_heads_and_indices'),
    ('transformers.models.beit.modeling_beit', 'BeitDropPath'),
)


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


def require_mmcv():
    """MMAction2 imports mmcv without declaring it: ``ModuleNotFoundError: No module named 'mmcv'``."""
    if _origin('mmcv') is None:
        raise ImportError(
            'usdrl_mmaction needs mmcv, and this environment has none.\nInstall one of the two, never both:\n'
            "    pip install 'usdrl-mmaction[lite]'    mmcv-lite: all that skeletons need, nothing to compile\n"
            "    pip install 'usdrl-mmaction[full]'    mmcv with compiled operators, and mmdet"
        )


def expect_mmcv_lite():
    """mmcv-lite warns at every import about the operators that it leaves out on purpose."""
    warnings.filterwarnings('ignore', message='Fail to import ``MultiScaleDeformableAttention``')


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


def locate_packages():
    """MMEngine 0.10 asks ``pkg_resources``, which setuptools 82 dropped, where a package lies.

    ``ModuleNotFoundError: No module named 'pkg_resources'``, from any ``_base_ = 'mmaction::...'``; where
    ``pkg_resources`` is still there, the answer for an editable install is a folder that does not exist.
    """
    from mmengine.utils import package_utils

    if _finds_this_package(package_utils.get_installed_path):
        return
    for repaired in (is_installed, get_installed_path):
        stock = getattr(package_utils, repaired.__name__)
        for name, module in list(sys.modules.items()):
            if name.split('.')[0] == 'mmengine' and vars(module).get(repaired.__name__) is stock:
                setattr(module, repaired.__name__, repaired)


def _finds_this_package(locate):
    try:
        return Path(locate(PACKAGE)).resolve() == Path(__file__).resolve().parent
    except Exception:  # whatever pkg_resources raises
        return False


def is_installed(package):
    """Whether ``package``, the name of a distribution or of a module, is installed."""
    try:
        metadata.version(package)
    except metadata.PackageNotFoundError:
        return _origin(package) is not None
    return True


def get_installed_path(package):
    """The folder of ``package``, the name of a distribution (``mmaction2``) or of a module (``mmaction``)."""
    for module in (package, *_top_level(package)):
        if origin := _origin(module):
            return str(Path(origin).parent)
    raise metadata.PackageNotFoundError(package)


def _origin(module):
    """The file of ``module``; none where it is absent, or a folder that an uninstallation left behind."""
    spec = find_spec(module)
    return None if spec is None else spec.origin


def _top_level(package):
    try:
        return (metadata.distribution(package).read_text('top_level.txt') or '').split()
    except metadata.PackageNotFoundError:
        return []


def name_this_package():
    """MMEngine keeps a closed list of packages whose configs may be inherited.

    ``AssertionError: mmengine does not support to load usdrl_mmaction config.``
    """
    from mmengine.config.utils import MODULE2PACKAGE

    MODULE2PACKAGE.setdefault(PACKAGE, PACKAGE)


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


def restore_numpy_names():
    """MMAction2 1.2.0 uses names that NumPy 2 dropped; ``PoseCompact`` is the one that skeletons meet.

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
    """Look for the folder without importing ``mmaction``."""
    localizers = Path(_origin('mmaction')).parent / 'models' / 'localizers'
    return PathFinder.find_spec('drn', [str(localizers)]) is None


class DRN:
    """Stands where MMAction2's dense regression network would."""

    def __init__(self, *args, **kwargs):
        raise NotImplementedError(
            'DRN is not in the wheel of mmaction2 1.2.0: its folder mmaction/models/localizers/drn was left out. '
            'To use DRN, install MMAction2 from its source repository.'
        )


def leave_out_broken_multimodal():
    """MMAction2 1.2.0 imports VindLU wherever transformers is installed, and needs more than that.

    ``No module named 'timm'``, then ``cannot import name 'apply_chunking_to_forward' from
    'transformers.modeling_utils'`` with transformers 5. MMAction2's own placeholders take VindLU's place.
    """
    from mmaction.utils import dependency

    if not dependency.WITH_MULTIMODAL or 'mmaction.models.multimodal' in sys.modules:
        return
    try:
        for module, name in VINDLU_IMPORTS:
            getattr(import_module(module), name)
    except Exception:  # timm also fails with RuntimeError, when torchvision does not fit torch
        dependency.WITH_MULTIMODAL = False
