"""Train with a config, as MMAction2's own tools/train.py does: same flags, errors in one line."""

import argparse

from usdrl_mmaction.engine import UsdrlRunner

from .common import add_common_arguments, build_runner, load_config


def parse_args(argv):
    parser = argparse.ArgumentParser(description='Pretrain an encoder or train a recognizer.')
    parser.add_argument('config', help='config file, e.g. configs/usdrl/pretrain_ntu60.py')
    resume = 'continue from a checkpoint; without a path, from the latest one in the work dir'
    parser.add_argument('--resume', nargs='?', const='auto', help=resume)
    parser.add_argument('--amp', action='store_true', help='mixed precision')
    parser.add_argument('--no-validate', action='store_true', help='do not evaluate while training')
    scale = 'multiply the learning rate by the batch size divided by base_batch_size of the config'
    parser.add_argument('--auto-scale-lr', action='store_true', help=scale)
    parser.add_argument('--seed', type=int, help='seed of all random numbers')
    parser.add_argument('--diff-rank-seed', action='store_true', help='a different seed in each process')
    parser.add_argument('--verbose', action='store_true', help="MMEngine's whole log, not one line an epoch")
    parser.add_argument('--deterministic', action='store_true', help='deterministic algorithms on the GPU')
    add_common_arguments(parser)
    return parser.parse_args(argv)


def main(argv=None):
    args = parse_args(argv)
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
