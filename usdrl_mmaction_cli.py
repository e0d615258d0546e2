"""The ``usdrl`` command. Help and wrong options are answered before anything is imported, and ``usdrl doctor`` works
even where ``import usdrl_mmaction`` fails, and reports why."""

import sys
from importlib.util import find_spec, module_from_spec


def main():
    spec = find_spec('usdrl_mmaction')
    package = sys.modules[spec.name] = module_from_spec(spec)  # not run yet
    from usdrl_mmaction.commands import choose, execute, parse

    name, arguments = choose(sys.argv[1:])
    args = parse(name, arguments)
    if name != 'doctor':
        spec.loader.exec_module(package)
    execute(name, args)


if __name__ == '__main__':
    main()
