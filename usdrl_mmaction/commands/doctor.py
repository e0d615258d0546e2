"""Check the environment. Only the standard library is imported: this has to run where nothing else does."""

import sys

from usdrl_mmaction.compat import doctor


def main(argv=None):
    sys.exit(doctor.main())
