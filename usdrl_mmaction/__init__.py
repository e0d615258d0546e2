"""USDRL for MMAction2. Importing this package repairs faults of the stack and registers its components."""

__version__ = '0.2.0.dev0'

from . import compat

compat.apply()

from . import datasets, engine, evaluation, models  # noqa: E402
from .checkpoints import zoo  # noqa: E402
