"""What a checkpoint says of itself, in plain data: the model that its weights belong to, how clips are prepared for it,
and what it was trained on. ``build.py`` makes the model of it."""

import ast
from contextlib import suppress
from inspect import signature
from pathlib import Path

import numpy as np
import torch
from mmaction.registry import MODELS
from mmengine.config import Config
from mmengine.logging import HistoryBuffer
from torch import Tensor

from usdrl_mmaction.errors import CheckpointError, LayoutError, MissingFileError
from usdrl_mmaction.skeletons import as_spec, get_skeleton

FORMAT = 1
LOADERS = ('test_dataloader', 'val_dataloader', 'train_dataloader')
HEADS = {'cls_head': ('num_classes', 'in_channels', 'pooling', 'average_clips'),
         'head': ('num_classes', 'in_channels', 'smoothing', 'spatial', 'boundaries')}  # fmt: skip
NOT_DESCRIBED = ('self', 'init_cfg', 'with_cp')  # arguments that do not change what a model computes
LAYOUT_KEYS = ('layout', 'src', 'dst')
HISTORY = ('log_history', 'count_history')


def meta_of(checkpoint: dict) -> dict:
    meta = checkpoint.get('meta')
    return meta if isinstance(meta, dict) else {}


def describe(cfg: Config, dataset_meta: dict) -> dict:
    """The description of the model that a config trains."""
    model = cfg.model
    found = dict(format=FORMAT, model='FrozenRecognizer' if model.type == 'MPCT' else model.type)
    found['encoder'] = complete_arguments(model.backbone)
    for name, keys in HEADS.items():
        if name in model and model.type != 'MPCT':
            head = complete_arguments(model[name])
            found[name] = {key: head[key] for key in ('type', *keys) if key in head}
    found |= {key: model[key] for key in ('num_ratios',) if key in model}
    if dataset := dataset_of(cfg):
        found['preparation'] = [dict(step) for step in dataset['pipeline']]
        found |= {key: dataset[key] for key in ('window', 'stride') if key in dataset}
    meta = {**dataset_meta, **(dataset.get('metainfo') or {})}
    found['layout'] = next(filter(is_known, (cfg.get('layout'), meta.get('layout'), layout_of_clips(found))), None)
    classes = [str(name) for name in meta.get('classes') or ()]
    outputs = next((found[name].get('num_classes', 0) for name in HEADS if name in found), len(classes))
    found |= {'classes': classes} if 0 < len(classes) <= outputs + 1 else {}  # one more is the background
    found |= {'fps': meta['fps']} if meta.get('fps') else {}
    return with_layouts(listed(plain(found)))


def is_known(layout: str | dict | None) -> bool:
    with suppress(LayoutError, MissingFileError, TypeError, AttributeError):
        return len(get_skeleton(layout)) > 0
    return False


def dataset_of(cfg: Config) -> dict:
    """The data set whose pipeline clips are asked with: that of the tests, or else of the training."""
    return next((cfg[name].dataset for name in LOADERS if cfg.get(name) and 'pipeline' in cfg[name].dataset), {})


def layout_of_clips(described: dict) -> str | dict | None:
    """The layout that a preparation takes, or else that of the encoder."""
    for step in described.get('preparation', ()):
        if layout := step.get('src') or step.get('layout'):
            return layout
    encoder = described['encoder']
    return encoder.get('layout') or (encoder.get('graph_cfg') or {}).get('layout')


def complete_arguments(part: dict) -> dict:
    """A part of a model with the defaults of its class, which another version may have changed."""
    part, known = dict(part), MODELS.get(part['type'])
    if known is None:
        return part
    defaults = {name: each.default for name, each in signature(known.__init__).parameters.items()}
    defaults = {name: value for name, value in defaults.items() if isinstance(value, str | int | float | tuple | list)}
    return {name: value for name, value in (defaults | part).items() if name not in NOT_DESCRIBED}


def trained_on(cfg: Config, meta: dict) -> dict:
    """What a model was trained on, without the paths of this machine."""
    found = {key: meta[key] for key in ('seed', 'epoch', 'iter') if isinstance(meta.get(key), int)}
    if name := Path(cfg.filename or '').stem or Path(cfg.get('work_dir') or '').name:
        found['config'] = name
    if start := cfg.get('load_from'):
        found['from'] = str(start) if '://' in str(start) else Path(start).name
    dataset = cfg.get('train_dataloader') and cfg.train_dataloader.dataset
    while dataset and 'ann_file' not in dataset and 'dataset' in dataset:
        dataset = dataset['dataset']
    if dataset and dataset.get('ann_file'):
        found['data'] = {'file': Path(dataset['ann_file']).name}
        found['data'] |= {'split': dataset['split']} if isinstance(dataset.get('split'), str) else {}
    return found


def plain(value):
    """A value in dicts, lists, numbers, strings and tensors, which torch reads without this package."""
    if isinstance(value, HistoryBuffer):
        return dict(zip(HISTORY, map(torch.from_numpy, value.data), strict=True))
    if isinstance(value, dict):
        return {key: plain(each) for key, each in value.items()}
    if isinstance(value, list | set):
        return [plain(each) for each in value]
    if isinstance(value, tuple):  # states of random numbers are tuples
        return tuple(plain(each) for each in value)
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, np.ndarray):
        return torch.from_numpy(value)
    return str(value) if isinstance(value, Path) else value


def listed(value):
    """A value with lists in place of tuples, as JSON has it."""
    if isinstance(value, dict):
        return {key: listed(each) for key, each in value.items()}
    return [listed(each) for each in value] if isinstance(value, list | tuple) else value


def with_layouts(value):
    """A description whose layouts are names, or the content of JSON files, which another machine may not have."""
    if isinstance(value, list):
        return [with_layouts(each) for each in value]
    if not isinstance(value, dict):
        return value
    is_name = {key: key in LAYOUT_KEYS and isinstance(each, str) for key, each in value.items()}
    return {key: as_spec(each) if is_name[key] else with_layouts(each) for key, each in value.items()}


def histories(scalars: dict) -> dict:
    """MMEngine's buffers of what ``plain`` made of them."""
    return {
        name: HistoryBuffer(*(np.asarray(value[key]) for key in HISTORY))
        if isinstance(value, dict) and set(value) == set(HISTORY)
        else value
        for name, value in scalars.items()
    }


# --- Checkpoints without a description ------------------------------------------------------------------------------
def description_of(checkpoint: dict, weights: dict[str, Tensor], source: str | Path) -> dict:
    """The description in a checkpoint; of one that an earlier version published, made of what that says."""
    meta = meta_of(checkpoint)
    if 'description' in meta:
        return meta['description']
    if not isinstance(meta.get('encoder'), dict):
        raise CheckpointError(
            f"{source} does not say what its encoder was built with (no 'meta.description'): give its config as well, "
            'or train it again, which writes one.'
        )
    found = dict(format=FORMAT, model='FrozenRecognizer', encoder=dict(meta['encoder']))
    if 'cls_head.fc.weight' in weights:
        classes, width = weights['cls_head.fc.weight'].shape
        head = dict(num_classes=classes, in_channels=width // 2)  # as the papers pool; others say how
        found['cls_head'] = dict(type='StreamClsHead', **(meta.get('cls_head') or head))
    if (classes := (meta.get('dataset_meta') or {}).get('classes')) is not None:
        found['classes'] = list(classes)
    return listed(plain(found | ({'trained': meta['trained']} if 'trained' in meta else {})))


def trained_with(checkpoint: dict, name: str, source: str | Path) -> dict:
    """A part of the config that MMEngine writes into a checkpoint, such as ``model``, read without running it."""
    with suppress(KeyError, TypeError, ValueError, SyntaxError, RecursionError):
        for line in ast.parse(meta_of(checkpoint)['cfg']).body:
            if isinstance(line, ast.Assign) and getattr(line.targets[0], 'id', None) == name:
                return literal(line.value)
    raise CheckpointError(
        f"{source} has no plain config with a {name} in 'meta.cfg'. Give a checkpoint that usdrl train wrote."
    )


def literal(node: ast.expr):
    """A value as MMEngine prints it: a literal that may have dict(key=value) in it."""
    if isinstance(node, ast.Call) and getattr(node.func, 'id', None) == 'dict' and not node.args:
        return {keyword.arg: literal(keyword.value) for keyword in node.keywords}
    if isinstance(node, ast.List | ast.Tuple):
        return [literal(item) for item in node.elts]
    return ast.literal_eval(node)
