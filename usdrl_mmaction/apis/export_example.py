"""The numpy program that is written beside an exported file, for the model that was exported."""

import pprint
from pathlib import Path

from torch import nn

from usdrl_mmaction.body import HIPS, PELVIS, SHOULDERS, THORAX, body_mapping
from usdrl_mmaction.errors import ExportError
from usdrl_mmaction.files import replacing
from usdrl_mmaction.skeletons import JointMapping, estimated_mapping, get_skeleton

from .preparation import pipeline_of, taken

TEMPLATE = Path(__file__).with_name('onnx_example.py')
NO_STEPS = ('PoseDecode', 'PackActionInputs')


def write_example(model: nn.Module, path: Path, layout: str | dict | None = None):
    """Writes the program to ``path``, for recordings of a layout, by default that of the training."""
    novelty = getattr(model, 'novelty', None)
    settings = {'steps': steps_of(model, layout), 'factor': novelty.factor if novelty else 1.0}
    text = TEMPLATE.read_text(encoding='utf-8')
    text = text.replace('SETTINGS = {}  # written by usdrl export', f'SETTINGS = {pprint.pformat(settings, width=110)}')
    text = text.replace('Runs MODEL', f'Runs {path.with_suffix(".onnx").name}').replace('THIS.py', path.name)
    with replacing(path) as draft:
        draft.write_text(text, encoding='utf-8')


def steps_of(model: nn.Module, layout: str | dict | None = None) -> list[list]:
    """The steps of a model's preparation and their options, in plain values."""
    pipeline, own = taken(pipeline_of(model), model)
    takes_bodies = any(step['type'] == 'ToBody' for step in pipeline)
    about = getattr(model, 'about', {})
    layout = layout or (about.get('layout') if takes_bodies else None)
    steps = []
    if takes_bodies:
        mapping = body_mapping(layout or 'body')
    else:
        same = layout is None or get_skeleton(layout) == own
        mapping = None if same else estimated_mapping(get_skeleton(layout).names, own)
    if mapping is not None:
        steps.append(['map_joints', {'sources': sources_of(mapping)}])
    for step in pipeline:
        steps += step_of(step)
    return steps


def sources_of(mapping: JointMapping) -> list[tuple]:
    return [(list(source), list(source.values())) for source in mapping.sources]


def step_of(step: dict) -> list[list]:
    kind = step['type']
    skeleton = get_skeleton(step.get('layout') or {'NormalizeSkeleton2D': 'coco'}.get(kind, 'nturgb+d'))
    parts = dict(origin=list(skeleton.origin), torso=[*map(list, skeleton.torso)], parents=list(skeleton.parents))
    if kind in NO_STEPS:
        return []
    if kind == 'NormalizeSkeleton':
        options = dict(shoulders=list(skeleton.shoulders), scale=step.get('scale', False), turn=step.get('turn', True))
        return [['metres', parts | options]]
    if kind == 'NormalizeSkeleton2D':
        return [['pixels', parts | dict(in_torsos=step.get('torso', True), score=step.get('score', True))]]
    if kind == 'ToBody':
        return [['body', dict(pelvis=PELVIS, thorax=THORAX, hips=list(HIPS), shoulders=list(SHOULDERS))]]
    if kind == 'ResizeFrames':
        return [['resize', {'frames': step.get('num_frames', 64)}]]
    if kind == 'FormatGCNInput':
        return [['fill_up', {'people': step['num_person']}]]
    raise ExportError(f'{kind} of the preparation has no counterpart in numpy: no example was written.')
