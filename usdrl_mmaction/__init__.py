"""USDRL for MMAction2. Importing this package repairs faults of the stack and registers its components."""

__version__ = '0.2.0.dev0'

from . import compat

compat.apply()

from . import datasets, engine, evaluation, models  # noqa: E402
from .checkpoints import zoo  # noqa: E402

PUBLIC = ('load', 'ActionClassifier', 'ActionDetector', 'BodyEncoder', 'SkeletonInferencer', 'StreamingDetector')


def __getattr__(name: str):
    """The public names, imported when they are first asked for."""
    if name not in PUBLIC:
        raise AttributeError(f"module '{__name__}' has no attribute '{name}'")
    from . import apis

    return getattr(apis, name)
