"""Test a checkpoint with a config, as MMAction2's own tools/test.py does: same flags, errors in one line."""

from usdrl_mmaction.errors import UsageError

from .common import build_runner, load_config


def main(args):
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
