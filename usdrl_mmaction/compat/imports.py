"""Repairs that wait until the module they are for is imported, so that ``import usdrl_mmaction`` imports nothing."""

import sys
from collections.abc import Callable
from importlib.abc import MetaPathFinder
from importlib.util import find_spec


def after_import(name: str, repair: Callable[[], object]):
    """Calls ``repair`` as soon as the module ``name`` is imported: now, if it is already."""
    spec = getattr(sys.modules.get(name), '__spec__', None)
    if name in sys.modules and not getattr(spec, '_initializing', False):
        repair()
    else:
        WAITING.repairs.setdefault(name, []).append(repair)


class Waiting(MetaPathFinder):
    """Finds no module itself; those that repairs wait for run them when they have been executed."""

    def __init__(self):
        self.repairs = {}  # module → what to call

    def find_spec(self, name, path=None, target=None):
        if name not in self.repairs:
            return None
        repairs = self.repairs.pop(name)  # the others find it now
        spec = find_spec(name)
        if spec is None or spec.loader is None:
            return None
        execute = spec.loader.exec_module

        def exec_module(module):
            execute(module)
            for repair in repairs:
                repair()

        spec.loader.exec_module = exec_module
        return spec


WAITING = Waiting()
sys.meta_path.insert(0, WAITING)
