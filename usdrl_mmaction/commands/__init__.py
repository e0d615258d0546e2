"""The commands, a module each: ``usdrl NAME`` and ``tools/…/NAME.py`` run the same ``main``. Their options are in
``arguments.py``."""

import argparse
import difflib
import sys
from importlib import import_module

from .arguments import parse

COMMANDS = {
    'train': 'pretrain an encoder, or train for a task, with a config',
    'test': 'test a checkpoint with a config',
    'infer': 'recognise or detect actions in recordings',
    'explain': 'show which joints and frames decided',
    'fit': 'fit a classifier or a detector to an annotation file, on the frozen foundation encoder',
    'enrol': 'teach a classifier an action from a few recordings',
    'stream': 'detect actions in live input',
    'convert': 'convert your recordings to an annotation file',
    'convert-pkummd': 'convert PKU-MMD',
    'convert-uav-human': 'convert UAV-Human',
    'convert-checkpoint': "convert the authors' checkpoints",
    'extract': 'extract skeletons from videos',
    'download': 'download the annotation files that OpenMMLab publishes',
    'synthetic': 'generate the synthetic data sets',
    'corpus': 'write the motion that the foundation encoder is pretrained on',
    'inspect': 'inspect an annotation file',
    'pack': 'pack an annotation file into a store',
    'report': 'write an HTML report of runs',
    'ensemble': 'fuse the predictions of several models',
    'postprocess': 'make proposals from saved scores',
    'reproduce': 'pretrain, adapt and test a benchmark, next to its published numbers',
    'baselines': 'classify clips without an encoder',
    'ablate': 'measure what each part of the method is worth',
    'memory': 'compute the memory of a pretraining step',
    'export': 'export a model to ONNX, TorchScript or torch.export',
    'publish': 'strip a checkpoint for publication',
    'demo': 'pretrain on synthetic motion and compare with a random encoder',
    'doctor': 'check the environment',
}


def choose(argv: list[str]) -> tuple[str, list[str]]:
    """The command of a command line and its arguments. ``--help`` ends the process."""
    listed = '\n'.join(f'  {name:<20}{help}' for name, help in COMMANDS.items())
    parser = argparse.ArgumentParser(
        prog='usdrl',
        usage='usdrl COMMAND …',
        description=f'USDRL for MMAction2.\n\ncommands:\n{listed}\n\nusdrl COMMAND --help lists its options.',
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument('command', metavar='COMMAND', help=argparse.SUPPRESS)
    if not argv:
        parser.print_help()
        sys.exit(2)
    given = parser.parse_args(argv[:1]).command
    name = given.replace('_', '-')
    if name not in COMMANDS:
        close = difflib.get_close_matches(name, COMMANDS, 1)
        parser.error(f"there is no command '{given}'." + (f" Did you mean '{close[0]}'?" if close else ''))
    return name, argv[1:]


def run(name: str, argv: list[str] | None = None):
    """Run a command with its arguments, by default those of this process."""
    execute(name, parse(name, sys.argv[1:] if argv is None else argv))


def execute(name: str, args: argparse.Namespace):
    """Run a command. An error that a user can fix is printed in one line, and Ctrl-C ends it without a word."""
    try:
        command = import_module(f'.{name.replace("-", "_")}', __name__)
        if name == 'doctor':  # works where the rest cannot be imported
            return command.main(args)
        from .common import one_line_errors

        with one_line_errors():
            return command.main(args)
    except KeyboardInterrupt:  # the imports take seconds
        sys.exit(130)
