"""The runner, its hooks, loops and optimizer wrapper, registered in MMAction2."""

from . import hooks
from .runner import UsdrlRunner
