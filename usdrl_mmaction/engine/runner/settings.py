"""Settings that a config leaves to its annotation file, filled in before anything is built."""

from copy import deepcopy
from numbers import Integral
from pathlib import Path
from typing import NamedTuple

import numpy as np
from mmengine.config import Config

from usdrl_mmaction.body import body_mapping
from usdrl_mmaction.datasets.annotations import read_annotations
from usdrl_mmaction.datasets.segments import action_names
from usdrl_mmaction.errors import AnnotationError, ConfigError, LayoutError
from usdrl_mmaction.files import missing
from usdrl_mmaction.skeletons import LAYOUTS, as_spec, get_skeleton, layout_of

MARK = '$'  # before the name of a setting, in place of its value: '$layout'
SETTINGS = (
    'ann_file',
    'split',
    'held_out',
    'layout',
    'dimensions',
    'num_person',
    'num_classes',
    'turn',
    'body',
    'window',
)
SHORTEST_WINDOW = 16  # frames
WINDOWS = 6  # that show a frame
FOUNDATION = 'usdrl://body'
BODY_CLIPS = dict(layout='body', num_person=2, in_channels=3)  # what the foundation encoder takes


def complete(cfg: Config) -> Config:
    """A copy of a config that can be built. Every marker, such as those in configs/_base_/datasets/custom.py, is
    replaced by the setting of its name, and ``AmpOptimWrapper`` by the wrapper that runs on every device."""
    cfg = deepcopy(cfg)
    if markers(cfg.to_dict()):
        values = resolve(cfg)
        for name in set(SETTINGS) & set(cfg):
            cfg[name] = values[name]
        for key in list(cfg):
            cfg[key] = filled(cfg[key], values)
    wrapper = cfg.get('optim_wrapper')
    # With a type or a scale of its own, MMEngine's wrapper is meant.
    is_amp = isinstance(wrapper, dict) and wrapper.get('type') == 'AmpOptimWrapper'
    if is_amp and 'dtype' not in wrapper and wrapper.get('loss_scale', 'dynamic') == 'dynamic':
        wrapper['type'] = 'MixedPrecisionOptimWrapper'
    return cfg


def markers(node) -> set[str]:
    """The names of the settings that a part of a config has markers of."""
    if isinstance(node, dict | list | tuple):
        return set().union(*map(markers, node.values() if isinstance(node, dict) else node))
    return {node[1:]} if isinstance(node, str) and node.startswith(MARK) else set()


def filled(node, values: dict):
    if isinstance(node, dict):
        for key in list(node):
            node[key] = filled(node[key], values)
    elif isinstance(node, list | tuple):
        return type(node)(filled(child, values) for child in node)
    elif isinstance(node, str) and node.startswith(MARK):
        return deepcopy(values.get(node[1:], node))
    return node


def resolve(cfg: Config) -> dict:
    """The value of every marker, from the config or its annotation file. They may not contradict each other."""
    given = {name: cfg.get(name) for name in SETTINGS}
    path, turn = str(given['ann_file']), given['turn']
    if not Path(path).exists():
        name = Path(cfg.filename or 'linear_custom.py').stem
        todo = f'Set ann_file, or give the config that an earlier run wrote, e.g. work_dirs/{name}/{name}.py.'
        raise missing(path, 'annotation file', todo)
    facts = facts_of(read_annotations(path), path)
    layout = resolve_layout(given['layout'], facts, path)
    dimensions = agree('dimensions', given['dimensions'], facts.dimensions, path)
    num_person = agree('num_person', given['num_person'], facts.num_person, path, larger=True)
    if given['body']:
        encoder, prepare = BODY_CLIPS, body_clips(layout, turn, path)
    elif cfg.get('load_from') == FOUNDATION:
        raise ConfigError(f'{FOUNDATION} takes clips of the one body: set body=True, or load_from=None.')
    else:
        encoder, prepare = native_clips(layout, num_person, dimensions, turn)
    values = given | dict(
        layout=layout,
        dimensions=dimensions,
        num_person=num_person,
        num_classes=agree('num_classes', given['num_classes'], facts.num_classes, path),
        metainfo={key: value for key, value in (('classes', facts.classes), ('fps', facts.fps)) if value},
        prepare=prepare,
        encoder_layout=encoder['layout'],
        encoder_persons=encoder['num_person'],
        encoder_channels=encoder['in_channels'],
    )
    wanted = markers(cfg.to_dict())
    if 'window' in wanted:
        if not facts.window:
            raise ConfigError(
                f'{path} has no segments to learn from: convert recordings of videos with usdrl convert --segments.'
            )
        values['window'] = given['window'] or facts.window
        values['stride'] = max(values['window'] // WINDOWS, 1)
    for name in sorted(wanted):
        if values.get(name, 0) is None:
            raise ConfigError(f'{path} does not say {name}: set {name}.')
    return values


def native_clips(layout: str | dict, num_person: int, dimensions: int, turn: bool) -> tuple[dict, dict]:
    """What an encoder of the clips as they are is built for, and the transform that prepares them."""
    if turn not in (True, False) or (turn and dimensions == 2):
        raise ConfigError(f'turn={turn}: set turn to True or False; clips of pixels are not turned.')
    prepare = dict(type='NormalizeSkeleton', layout=layout, turn=turn, scale=True)
    if dimensions == 2:
        prepare = dict(type='NormalizeSkeleton2D', layout=layout, score=False)
    return dict(layout=layout, num_person=num_person, in_channels=dimensions), prepare


def body_clips(layout: str | dict, turn: bool, path: str) -> dict:
    """The transform that makes clips of the one body."""
    if turn:
        raise ConfigError(f'turn={turn} goes with body=False: clips of the one body are turned as it needs.')
    try:
        body_mapping(layout)
    except LayoutError as error:
        raise ConfigError(f'{path}: {error} That is, set body=False and load_from=None.') from None
    return dict(type='ToBody', layout=layout)


class Facts(NamedTuple):
    """What an annotation file says of its clips; None where it says nothing."""

    layout: str | dict | None
    joints: list[int]
    dimensions: int | None
    num_person: int | None  # the most of any clip
    num_classes: int | None
    classes: list[str]
    fps: float | None
    window: int | None  # frames, the median duration of the segments of videos


def facts_of(content: dict, path: str) -> Facts:
    clips, meta = content['annotations'], content.get('meta')
    meta = meta if isinstance(meta, dict) else {}
    shapes = [clip['keypoint'].shape for clip in clips if 'keypoint' in clip]  # (M, T, V, C)
    people, _, joints, dimensions = map(sorted, map(set, zip(*shapes, strict=True) if shapes else [()] * 4))
    if len(dimensions) > 1:
        raise AnnotationError(f'{path} has clips of 2 and clips of 3 coordinates. Write a file for each.')
    segments = [np.reshape(clip['segments'], (-1, 3)) for clip in clips if 'segments' in clip]
    segments = np.concatenate([*segments, np.zeros((0, 3), int)])  # (S, 3) of label from 1, start, end
    labels = [clip['label'] for clip in clips if isinstance(clip.get('label'), Integral)]
    labels += [label - 1 for label in segments[:, 0].tolist()]
    window = max(int(np.median(segments[:, 2] - segments[:, 1])), SHORTEST_WINDOW) if len(segments) else None
    classes = list(meta.get('classes') or ())
    classes = action_names(classes) if len(segments) else classes
    num_classes = len(classes) or int(max(labels, default=-1)) + 1 or None
    num_person, dimensions = max(people, default=None), max(dimensions, default=None)
    layout = meta.get('layout') or layout_of(meta.get('joints') or ())
    return Facts(layout, joints, dimensions, num_person, num_classes, classes, meta.get('fps'), window)


def agree(name: str, given, found, path: str, larger: bool = False):
    """The given value, or else the file's. With ``larger``, a given number may be larger than the file's."""
    if given is None or given == found:
        return found
    if found is None or (larger and isinstance(given, int) and given > found):
        return given
    todo = f', or convert the recordings again with --num-person {given}' if name == 'num_person' else ''
    raise ConfigError(f'{name}={given} contradicts {path}, where it is {found}: leave {name} out{todo}.')


def resolve_layout(given: str | dict | None, facts: Facts, path: str) -> str | dict:
    layout = facts.layout if given is None else given
    if layout is None:
        known = ', '.join(LAYOUTS)
        raise ConfigError(f'{path} does not say the layout of its joints: set layout to {known} or a JSON file.')
    skeleton = get_skeleton(layout)
    if layout != facts.layout is not None and get_skeleton(facts.layout) != skeleton:
        raise ConfigError(f'layout={given} contradicts {path}, where it is {facts.layout}: leave layout out.')
    if facts.joints not in ([], [len(skeleton)]):
        found = ' and '.join(map(str, facts.joints))
        raise ConfigError(f'layout={layout} has {len(skeleton)} joints, clips of {path} have {found}: set layout.')
    return as_spec(layout)  # so that the config of the run and its checkpoint do not need the file
