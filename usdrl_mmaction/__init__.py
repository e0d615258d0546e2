"""USDRL for MMAction2. Importing this package repairs faults of the stack and registers its components, both as soon as
the stack is imported: MMAction2's registries import the modules of this package when they are first asked for one."""

__version__ = '0.2.0'

from importlib import import_module
from importlib.util import find_spec

from . import checkpoints, compat
from .compat.imports import after_import

ROOMS = {  # by the registry of MMAction2
    'MODELS': 'models',
    'DATASETS': 'datasets',
    'TRANSFORMS': 'datasets',
    'HOOKS': 'engine',
    'LOOPS': 'engine',
    'RUNNERS': 'engine',
    'OPTIM_WRAPPERS': 'engine',
    'METRICS': 'evaluation',
}
PUBLIC = ('load', 'ActionClassifier', 'ActionDetector', 'BodyEncoder', 'SkeletonInferencer', 'StreamingDetector')


def __getattr__(name: str):
    """The public names and the modules, imported when they are first asked for."""
    if name in PUBLIC:
        return getattr(import_module('.apis', __name__), name)
    if not name.startswith('_') and find_spec(f'.{name}', __name__):
        return import_module(f'.{name}', __name__)
    raise AttributeError(f"module '{__name__}' has no attribute '{name}'")


def register():
    """Has MMAction2's registries import this package's modules, as they do those of MMAction2."""
    from mmaction import registry

    for name, room in ROOMS.items():
        locate(getattr(registry, name), room)


def register_runner():
    """The same for the registry of runners of MMEngine, from which its own tools build them."""
    from mmengine.registry import RUNNERS

    locate(RUNNERS, 'engine')


def locate(registry, room: str):
    registry._locations = [*registry._locations, f'{__name__}.{room}']
    registry._imported = False  # else one that has been asked before imports nothing more


compat.apply()
after_import('mmengine.registry', register_runner)
after_import('mmaction.registry', register)
after_import('mmengine.runner.checkpoint', checkpoints.register)
