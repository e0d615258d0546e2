"""What a checkpoint says of itself: the model that its weights belong to, and the data it was trained on."""

import ast
from contextlib import suppress
from pathlib import Path

from torch import Tensor

from usdrl_mmaction.errors import CheckpointError


def meta_of(checkpoint: dict) -> dict:
    meta = checkpoint.get('meta')
    return meta if isinstance(meta, dict) else {}


def model_of(checkpoint: dict, weights: dict[str, Tensor], source: str | Path) -> dict:
    """The ``model`` of a config for a published checkpoint: its encoder, and a classifier if it has one."""
    meta = meta_of(checkpoint)
    encoder = meta.get('encoder')
    if not isinstance(encoder, dict):
        raise CheckpointError(
            f"{source} does not say what its encoder was built with (no 'meta.encoder'): give its config as well, or "
            'make a checkpoint that does with usdrl publish.'
        )
    model = dict(type='FrozenRecognizer', backbone=dict(encoder))
    if 'cls_head.fc.weight' in weights:
        classes, width = weights['cls_head.fc.weight'].shape
        head = dict(num_classes=classes, in_channels=width // 2)  # as the papers pool; others say how
        model['cls_head'] = dict(type='StreamClsHead', **(meta.get('cls_head') or head))
    return model


def trained_with(checkpoint: dict, name: str, source: str | Path) -> dict:
    """A part of the config that MMEngine writes into a checkpoint, such as ``model``, read without running it."""
    with suppress(KeyError, TypeError, ValueError, SyntaxError, RecursionError):
        for line in ast.parse(meta_of(checkpoint)['cfg']).body:
            if isinstance(line, ast.Assign) and getattr(line.targets[0], 'id', None) == name:
                return plain(line.value)
    raise CheckpointError(
        f"{source} has no plain config with a {name} in 'meta.cfg'. Give a checkpoint that usdrl train wrote."
    )


def plain(node: ast.expr):
    """A value as MMEngine prints it: a literal that may have dict(key=value) in it."""
    if isinstance(node, ast.Call) and getattr(node.func, 'id', None) == 'dict' and not node.args:
        return {keyword.arg: plain(keyword.value) for keyword in node.keywords}
    if isinstance(node, ast.List | ast.Tuple):
        return [plain(item) for item in node.elts]
    return ast.literal_eval(node)
