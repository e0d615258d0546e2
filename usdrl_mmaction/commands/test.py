"""Test a checkpoint with a config, as MMAction2's own tools/test.py does: same flags, errors in one line."""

import argparse

from usdrl_mmaction.errors import UsageError

from .common import add_common_arguments, build_runner, load_config


def parse_args(argv):
    parser = argparse.ArgumentParser(description='Test a checkpoint and print its metrics.')
    parser.add_argument('config', help='config file, e.g. configs/usdrl/benchmarks/linear_ntu60.py')
    parser.add_argument('checkpoint', help='checkpoint file')
    parser.add_argument('--dump', metavar='FILE.pkl', help='write the predictions to this file')
    parser.add_argument('--show-dir', help='write visualized predictions to this folder')
    parser.add_argument('--show', action='store_true', help='show predictions in a window')
    parser.add_argument('--interval', type=int, default=1, help='visualize every n-th sample')
    parser.add_argument('--wait-time', type=float, default=2, help='seconds that a window is shown')
    add_common_arguments(parser)
    return parser.parse_args(argv)


def main(argv=None):
    args = parse_args(argv)
    cfg = load_config(args)
    if args.show or args.show_dir:
        if 'visualization' not in cfg.default_hooks:
            raise UsageError("--show and --show-dir need default_hooks.visualization=dict(type='VisualizationHook').")
        shown = dict(show=args.show, out_dir=args.show_dir, interval=args.interval, wait_time=args.wait_time)
        cfg.default_hooks.visualization.update(enable=True, **shown)
    if args.dump:
        if not args.dump.endswith(('.pkl', '.pickle')):
            raise UsageError(f'--dump {args.dump}: the file must end in .pkl or .pickle.')
        evaluators = cfg.test_evaluator if isinstance(cfg.test_evaluator, (list, tuple)) else [cfg.test_evaluator]
        cfg.test_evaluator = [*evaluators, dict(type='DumpPredictions', out_file_path=args.dump)]
    cfg.load_from = args.checkpoint
    build_runner(cfg).test()
