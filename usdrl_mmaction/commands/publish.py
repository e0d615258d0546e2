"""Strip a checkpoint of training to what others need, weights and what they are, and print its entry for the zoo."""

import argparse
import ast
import json
from pathlib import Path

import torch

from usdrl_mmaction.checkpoints.authors import read_checkpoint
from usdrl_mmaction.datasets import read_annotations
from usdrl_mmaction.errors import AnnotationError, CheckpointError
from usdrl_mmaction.files import missing, replacing, sha256_of

PRETRAINING_ONLY = ('head.projectors.', 'data_preprocessor.')


def main(argv):
    args = parse_args(argv)
    if not args.src.is_file():
        raise missing(args.src, 'checkpoint')
    trained = read_checkpoint(args.src)
    published = strip(trained, args.src, torch.float16 if args.half else torch.float32)
    if args.classes:
        published['meta']['dataset_meta'] = {'classes': classes_of(args.classes)}
    with replacing(args.dst) as draft:
        torch.save(published, draft)
    print(f'wrote {args.dst}: {len(published["state_dict"])} tensors, {args.dst.stat().st_size / 1e6:.2f} MB')
    print('The entry for checkpoints/weights/index.json, where "url" is null for a file that lies beside it:')
    print(json.dumps({args.dst.stem: entry(args.dst)}, indent=2))


def parse_args(argv):
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('src', type=Path, help='a checkpoint of training, e.g. work_dirs/demo/pretrain/epoch_80.pth')
    parser.add_argument('dst', type=Path, help='the file to write; its stem is the name in the zoo')
    parser.add_argument('--half', action='store_true', help='store float16, which loads into float32 models too')
    parser.add_argument('--classes', metavar='ANN_FILE', help='keep the names of the classes of this annotation file')
    return parser.parse_args(argv)


def strip(trained: dict, source: Path, dtype: torch.dtype) -> dict:
    """The weights without optimizer, history and pretraining's projectors, and what the encoder was built with."""
    weights = {name: value for name, value in trained['state_dict'].items() if not name.startswith(PRETRAINING_ONLY)}
    weights = {name: value.to(dtype) if value.is_floating_point() else value for name, value in weights.items()}
    return {'meta': {'encoder': encoder_of(trained, source)}, 'state_dict': weights}


def encoder_of(trained: dict, source: Path) -> dict:
    """``model.backbone`` of the config that MMEngine writes into a checkpoint, read without running the config."""
    config = ast.parse(trained.get('meta', {}).get('cfg', ''))
    for line in config.body:
        if isinstance(line, ast.Assign) and line.targets[0].id == 'model':
            return literal(line.value)['backbone']
    raise CheckpointError(
        f"{source} has no config with a model in 'meta.cfg': give a checkpoint that usdrl train wrote."
    )


def literal(node: ast.expr):
    """A value as MMEngine prints it: a literal that may have dict(key=value) in it."""
    if isinstance(node, ast.Call) and getattr(node.func, 'id', None) == 'dict' and not node.args:
        return {keyword.arg: literal(keyword.value) for keyword in node.keywords}
    if isinstance(node, (ast.List, ast.Tuple)):
        return [literal(item) for item in node.elts]
    return ast.literal_eval(node)


def classes_of(path: str) -> list[str]:
    names = read_annotations(path).get('meta', {}).get('classes')
    if not names:
        raise AnnotationError(f"{path} does not name its classes: it has no 'meta' with 'classes'.")
    return list(names)


def entry(path: Path) -> dict:
    known = {'size': path.stat().st_size, 'sha256': sha256_of(path)}
    return {'about': '', 'file': path.name, 'url': None, **known, 'convert': False}
