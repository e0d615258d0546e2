"""The ``usdrl`` command. ``usdrl doctor`` works even where ``import usdrl_mmaction`` fails, and reports why."""

import sys
from importlib.util import find_spec, module_from_spec


def main():
    spec = find_spec('usdrl_mmaction')
    package = sys.modules[spec.name] = module_from_spec(spec)  # not run yet
    from usdrl_mmaction.commands import choose, run

    name, arguments = choose(sys.argv[1:])
    if name != 'doctor':
        spec.loader.exec_module(package)
    run(name, arguments)


if __name__ == '__main__':
    main()
