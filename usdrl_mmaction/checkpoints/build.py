"""The model that a description asks for, if it is one that is known and the weights are its own. A description may come
from anywhere: nothing in it names code, files or addresses, and nothing is allocated before the shapes are right."""

import math
from inspect import signature
from pathlib import Path

import torch
from mmaction.registry import MODELS
from mmengine.config import Config
from mmengine.registry import init_default_scope
from torch import Tensor, nn

from usdrl_mmaction.errors import CheckpointError
from usdrl_mmaction.skeletons import LAYOUTS

from .describe import LAYOUT_KEYS

RECOGNIZERS = ('FrozenRecognizer', 'RecognizerGCN', 'EarlyRecognizer')
ENCODERS, GRAPH_NETWORKS = ('DSTE', 'STTR'), ('STGCN', 'AAGCN')
HEADS = {'cls_head': ('StreamClsHead', 'GCNHead'), 'head': ('FrameHead',)}
HEAD_KEYS = ('type', 'num_classes', 'in_channels', 'pooling', 'average_clips', 'smoothing', 'spatial', 'boundaries')
STEPS = {  # of a preparation, with their arguments
    'PoseDecode': (),
    'NormalizeSkeleton': ('layout', 'scale', 'turn'),
    'NormalizeSkeleton2D': ('layout', 'torso', 'score'),
    'MapLayout': ('src', 'dst', 'estimate'),
    'ToBody': ('layout', 'frame'),
    'ResizeFrames': ('num_frames',),
    'FormatGCNInput': ('num_person', 'mode'),
    'PackActionInputs': ('algorithm_keys', 'meta_keys', 'collect_keys'),
    'PreNormalize2D': ('img_shape',),
    'PreNormalize3D': ('zaxis', 'xaxis', 'align_spine', 'align_shoulder', 'align_center'),
    'GenSkeFeat': ('dataset', 'feats', 'axis'),
    'UniformSampleFrames': ('clip_len', 'num_clips', 'test_mode', 'seed'),
}
LARGEST, DEEPEST, MOST = 1 << 14, 8, 4096  # a size, the nesting and the entries of a description
TRIES = (TypeError, ValueError, KeyError, RuntimeError, OverflowError, MemoryError, IndexError, AttributeError)


def build(described: dict, weights: dict[str, Tensor], source: str | Path) -> nn.Module:
    """The model with its weights, in evaluation mode. Its ``cfg`` has the preparation of its clips, its ``about`` the
    description."""
    cfg = config_of(described, len(weights), source)
    init_default_scope('mmaction')
    try:
        with torch.device('meta'):
            expected = MODELS.build(cfg.model).state_dict()
    except TRIES as error:
        raise CheckpointError(f'{source} describes a model that cannot be built: {error}') from None
    parts = tuple(f'{part}.' for part in ('backbone', *HEADS) if part in cfg.model)
    weights = {name: value for name, value in weights.items() if name.startswith(parts)}
    shapes, found = ({name: tuple(value.shape) for name, value in each.items()} for each in (expected, weights))
    if shapes != found:
        name = next(name for name in {**shapes, **found} if shapes.get(name) != found.get(name))
        raise CheckpointError(
            f'{source}: the description and the weights do not belong together: {name} is {found.get(name, "missing")}'
            f', not {shapes.get(name, "a weight of the model")}.'
        )
    model = MODELS.build(cfg.model)
    model.cfg, model.about = cfg, described
    check_clips(model, source)
    model.load_state_dict(weights)
    model.dataset_meta = {'classes': described['classes']} if described.get('classes') else {}
    return model.eval()


def check_clips(model: nn.Module, source: str | Path):
    """Raises if the preparation makes other clips than the encoder takes."""
    steps = model.cfg.test_dataloader.dataset.pipeline if 'test_dataloader' in model.cfg else []
    steps = {step['type']: step for step in steps}
    made = steps.get('FormatGCNInput', {}).get('num_person'), steps.get('ResizeFrames', {}).get('num_frames')
    takes = getattr(model.backbone, 'clip_shape', (None, None))[:2]
    people, frames = (each is None or other is None or each == other for each, other in zip(made, takes, strict=True))
    if not (people and frames):
        raise CheckpointError(f'{source} prepares clips of {made} people and frames; its encoder takes {takes}.')


def config_of(described: dict, tensors: int, source: str | Path) -> Config:
    """The config of a description: a ``model``, and the ``test_dataloader`` with the preparation of its clips."""

    def refuse(what: str):
        raise CheckpointError(f'{source} does not describe a model of this package: {what}.')

    def require(right: bool, what: str):
        if not right:
            refuse(what)

    require(isinstance(described, dict), 'the description is no dict')
    require(described.get('format') == 1, f'its format is {str(described.get("format"))[:40]!r}, not 1')
    require(is_plain(described), 'it holds other things than texts, numbers of usual size, lists and dicts')
    sized = [described.get(part) for part in ('encoder', 'cls_head', 'head', 'preparation')]
    require(is_sized(sized), f'a number in it is larger than {LARGEST}')
    encoder, kind = described.get('encoder'), described.get('model')
    require(kind in (*RECOGNIZERS, 'FrameLocalizer'), f"its 'model' is {str(kind)[:40]!r}")
    require(isinstance(encoder, dict), "it has no 'encoder'")
    check_encoder(encoder, tensors, require)
    model = dict(type=kind, backbone=encoder)
    head = described.get('head' if kind == 'FrameLocalizer' else 'cls_head')
    require(head is not None or kind in RECOGNIZERS[:2], "it has no 'head'")
    if head is not None:
        name = 'head' if kind == 'FrameLocalizer' else 'cls_head'
        require(isinstance(head, dict) and head.get('type') in HEADS[name], f"its '{name}' is none of {HEADS[name]}")
        require(set(head) <= set(HEAD_KEYS), f"its '{name}' has other arguments than {HEAD_KEYS}")
        model[name] = head
        classes = described.get('classes')
        require(
            classes is None
            or (
                isinstance(classes, list)
                and len(classes) <= head.get('num_classes', 0) + 1  # with the background
                and all(isinstance(each, str | int) for each in classes)
            ),
            "its 'classes' are not the names of the head's",
        )
    if kind == 'EarlyRecognizer':
        model['num_ratios'] = described.get('num_ratios', 10)
    cfg = dict(model=model)
    if 'preparation' in described:
        steps = described['preparation']
        require(isinstance(steps, list) and 0 < len(steps) <= len(STEPS), "its 'preparation' is no list of steps")
        for step in steps:
            check_step(step, require)
        require(sum(step['type'] == 'FormatGCNInput' for step in steps) == 1, 'its preparation has no FormatGCNInput')
        dataset = dict(pipeline=steps)
        for key in ('window', 'stride'):
            if key in described:
                require(isinstance(described[key], int) and 0 < described[key] <= LARGEST, f"its '{key}' is no length")
                dataset[key] = described[key]
        if kind == 'FrameLocalizer' and any(step['type'] == 'ResizeFrames' for step in steps):
            model['window'] = dataset.get('window')
        cfg['test_dataloader'] = dict(dataset=dataset)
    layout = described.get('layout')
    require(layout is None or is_layout(layout), f"its 'layout' is {str(layout)[:60]!r}: a known name or a dict")
    return Config(cfg)


def check_encoder(encoder: dict, tensors: int, require):
    kind = encoder.get('type')
    require(kind in ENCODERS + GRAPH_NETWORKS, f"its encoder's 'type' is none of {ENCODERS + GRAPH_NETWORKS}")
    known = signature(MODELS.get(kind).__init__).parameters
    allowed = {*known, 'type'} - {'self', 'init_cfg', 'pretrained', 'with_cp', 'kwargs'}
    unknown = sorted(map(str, set(encoder) - allowed)) if kind in ENCODERS else []
    require(not unknown, f'its encoder has the arguments {", ".join(unknown)[:60]}')
    layouts = [encoder.get('layout', 'nturgb+d')] if kind in ENCODERS else []
    require(all(map(is_layout, layouts)), f"its encoder's layout is {str(layouts)[1:-1][:60]}: a known name or a dict")
    deep = [encoder.get(key, 0) for key in ('num_layers', 'num_stages')]
    require(all(isinstance(each, int) and each <= tensors for each in deep), 'its encoder has more layers than weights')
    nested = [value for value in encoder.values() if isinstance(value, dict)]
    require(not has_type(nested), 'a part of its encoder names a type')


def check_step(step, require):
    require(isinstance(step, dict) and step.get('type') in STEPS, f'a step of its preparation is {str(step)[:60]}')
    unknown = sorted(map(str, set(step) - {'type', *STEPS[step['type']]}))
    require(not unknown, f'{step["type"]} in its preparation has {", ".join(unknown)[:60]}')
    for key in LAYOUT_KEYS:
        require(key not in step or is_layout(step[key]), f"'{key}' of {step['type']} is no known name and no dict")


def is_layout(value) -> bool:
    """A name or a dict, and no path."""
    return value in LAYOUTS if isinstance(value, str) else isinstance(value, dict)


def is_plain(value, depth: int = 0) -> bool:
    """Texts, numbers of usual size, lists and dicts, not many of them and not deep."""
    if isinstance(value, dict | list):
        items = [*value, *value.values()] if isinstance(value, dict) else value
        return depth < DEEPEST and len(items) <= MOST and all(is_plain(each, depth + 1) for each in items)
    if isinstance(value, bool) or value is None:
        return True
    if isinstance(value, int):
        return abs(value) < 1 << 62
    return len(value) <= MOST if isinstance(value, str) else isinstance(value, float) and math.isfinite(value)


def is_sized(value) -> bool:
    """Whether no number in a part of a description is larger than sizes are."""
    if isinstance(value, dict | list):
        return all(map(is_sized, value.values() if isinstance(value, dict) else value))
    return not isinstance(value, int | float) or abs(value) <= LARGEST


def has_type(values) -> bool:
    """Whether a dict among these, at any depth, has a 'type' or weights of its own."""
    return any(
        {'type', 'init_cfg', 'pretrained'} & set(value) or has_type(value.values())
        if isinstance(value, dict)
        else isinstance(value, list) and has_type(value)
        for value in values
    )
