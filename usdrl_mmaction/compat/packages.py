"""Where packages lie, and whose configs may be inherited: MMEngine 0.10 asks setuptools and a closed list."""

import sys
from importlib import metadata
from importlib.util import find_spec
from pathlib import Path

PACKAGE = 'usdrl_mmaction'


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
        return Path(locate(PACKAGE)).resolve() == Path(__file__).resolve().parents[1]
    except Exception:  # whatever pkg_resources raises
        return False


def is_installed(package):
    """Whether ``package``, the name of a distribution or of a module, is installed."""
    try:
        metadata.version(package)
    except metadata.PackageNotFoundError:
        return origin(package) is not None
    return True


def get_installed_path(package):
    """The folder of ``package``, the name of a distribution (``mmaction2``) or of a module (``mmaction``)."""
    for module in (package, *_top_level(package)):
        if file := origin(module):
            return str(Path(file).parent)
    raise metadata.PackageNotFoundError(package)


def origin(module):
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
