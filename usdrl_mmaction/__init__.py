"""USDRL for MMAction2. Importing this package registers its components and mends what the stack gets wrong."""

import sys

__version__ = '0.1.0'

if 'usdrl_mmaction.doctor' not in sys.orig_argv:  # the doctor has to run where these imports fail
    from . import compat

    compat.apply()

    from . import datasets, engine, evaluation, models, zoo  # noqa: F401
