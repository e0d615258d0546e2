"""Shows what is in an annotation file, problems first."""

import importlib
import os
import sys

# A script's folder comes first on Python's path: there this file would hide the standard module 'inspect' from every
# tool beside it, and from this one.
path = list(sys.path)
sys.path[:] = [entry for entry in path if os.path.abspath(entry) != os.path.dirname(os.path.abspath(__file__))]
if __name__ == '__main__':
    importlib.import_module('usdrl_mmaction.datasets.inspection').main()
else:
    del sys.modules[__name__]
    importlib.import_module(__name__)  # the standard one, now in this one's place
    sys.path[:] = path
