"""Train with a config, as MMAction2's own tools/train.py does: same flags, errors in one line."""

from usdrl_mmaction.engine import UsdrlRunner

from .common import build_runner, load_config


def main(args):
    cfg = load_config(args)
    if args.no_validate:
        cfg.val_cfg = cfg.val_dataloader = cfg.val_evaluator = None
    if args.amp:
        cfg.optim_wrapper.type = 'AmpOptimWrapper'
    if args.auto_scale_lr:
        cfg.auto_scale_lr.enable = True
    flags = dict(seed=args.seed, diff_rank_seed=args.diff_rank_seed or None, deterministic=args.deterministic or None)
    given = {name: value for name, value in flags.items() if value is not None}
    cfg.randomness = {'seed': None, **cfg.get('randomness', {}), **given}
    if args.resume:
        cfg.resume, cfg.begin_from = True, cfg.get('load_from')
        cfg.load_from = None if args.resume == 'auto' else args.resume
    UsdrlRunner.brief = not args.verbose
    try:
        build_runner(cfg).train()
    finally:
        UsdrlRunner.brief = False
