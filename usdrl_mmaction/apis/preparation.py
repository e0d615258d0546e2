"""The preparation of a model's clips: pipeline, joints, windows and class names, from its config and encoder."""

import numpy as np
from mmaction.datasets.transforms import FormatGCNInput, PreNormalize2D
from mmengine.dataset import Compose, pseudo_collate
from torch import nn

from usdrl_mmaction.body import BODY
from usdrl_mmaction.checkpoints.describe import LOADERS, dataset_of
from usdrl_mmaction.datasets import NormalizeSkeleton2D, UntrimmedPoseDataset
from usdrl_mmaction.errors import CheckpointError
from usdrl_mmaction.models import FrameLocalizer
from usdrl_mmaction.models.backbones.stream_encoder import StreamEncoder
from usdrl_mmaction.recordings.clip import Clip
from usdrl_mmaction.recordings.recording import Recording, read_body, read_recording
from usdrl_mmaction.skeletons import Skeleton, get_skeleton


class Preparation:
    """A model's pipeline for testing: the clips that it takes, and the batches that it makes.

    Args:
        model (nn.Module): A recognizer or localizer with its ``cfg``.
        layout (str | dict | None): The layout of the clips, if that is another than the model's.
    """

    def __init__(self, model: nn.Module, layout: str | dict | None = None):
        encoder = model.backbone  # ours, or one of MMAction2's
        steps, self.skeleton = taken(pipeline_of(model), model)
        self.trained_layout = getattr(model, 'about', {}).get('layout') or model.cfg.get('layout')
        self.takes_bodies = any(step['type'] == 'ToBody' for step in steps)  # of any layout, in 3D or in pixels
        if layout is not None:
            steps, self.skeleton = mapped(steps, layout, self.skeleton), get_skeleton(layout)
        self.pipeline = Compose(steps)
        transforms = self.pipeline.transforms
        self.scored = any(isinstance(step, NormalizeSkeleton2D | PreNormalize2D) for step in transforms)
        self.channels = 2 if self.scored else getattr(encoder, 'clip_shape', (3,))[-1]
        self.num_person = next(step.num_person for step in transforms if isinstance(step, FormatGCNInput))

    def __call__(self, annotations: list[dict]) -> dict:
        return pseudo_collate([self.pipeline(annotation) for annotation in annotations])

    def read(self, recording: Recording, layout: str | dict | None = None) -> Clip:
        """A recording of any layout of a body, with the joints that the pipeline takes. ``layout`` is that of
        recordings that do not name their joints."""
        if self.takes_bodies:
            return read_body(recording, layout, self.trained_layout)
        clip = read_recording(recording, self.skeleton, self.channels, layout, self.trained_layout)
        return self.with_score(clip)

    def with_score(self, clip: Clip) -> Clip:
        """A score for each joint if the pipeline takes scores; otherwise none."""
        if not self.scored:
            return clip._replace(score=None)  # FormatGCNInput would make it another coordinate
        score = clip.keypoint.any(-1).astype(np.float32) if clip.score is None else clip.score
        return clip._replace(score=score)


def pipeline_of(model: nn.Module) -> list[dict]:
    """The config's pipeline for testing. If clips keep their length there, as in pretraining, they are resized. Without
    a config it is that of configs/_base_/datasets for 25 joints in 3D."""
    pipeline, encoder = list(dataset_of(model.cfg).get('pipeline') or ()), model.backbone
    if not pipeline:
        num_person, _, joints, channels = encoder.clip_shape
        if encoder.skeleton not in (BODY, get_skeleton('nturgb+d')) or channels != 3:
            raise CheckpointError(
                f'The checkpoint takes clips of {joints} joints of {channels} coordinates and does not say how they '
                'are prepared: give its config as well.'
            )
        pipeline = [
            dict(type='PoseDecode'),
            dict(type='ToBody', layout='body') if encoder.skeleton == BODY else dict(type='NormalizeSkeleton'),
            dict(type='FormatGCNInput', num_person=num_person),
            dict(type='PackActionInputs'),
        ]
    # A recording's joints become the body's when it is read, whatever layout the model was trained on.
    pipeline = [dict(type='ToBody', layout='body') if step['type'] == 'ToBody' else step for step in pipeline]
    types = [step['type'] for step in pipeline]
    resizes = isinstance(model, FrameLocalizer) or {'ResizeFrames', 'UniformSampleFrames'} & set(types)
    if isinstance(encoder, StreamEncoder) and not resizes:  # windows have the encoder's length
        resize = dict(type='ResizeFrames', num_frames=encoder.clip_shape[1])
        pipeline.insert(types.index('FormatGCNInput'), resize)
    return pipeline


def taken(pipeline: list[dict], model: nn.Module) -> tuple[list[dict], Skeleton]:
    """The steps after the joints are those of the model, and the layout that these take. A recording is mapped when it
    is read, whatever layout a first ``MapLayout`` is from."""
    encoder = model.backbone
    own = encoder.skeleton if isinstance(encoder, StreamEncoder) else get_skeleton(encoder.graph.layout)
    for number, step in enumerate(pipeline):
        if step['type'] == 'MapLayout':
            return pipeline[:number] + pipeline[number + 1 :], get_skeleton(step['dst'])
        if step.get('layout'):
            return pipeline, get_skeleton(step['layout'])
    return pipeline, own


def mapped(pipeline: list[dict], layout: str | dict, own: Skeleton) -> list[dict]:
    """The steps for clips of another layout."""
    if any(step['type'] == 'ToBody' for step in pipeline):
        return [step | dict(layout=layout) if step['type'] == 'ToBody' else step for step in pipeline]
    if get_skeleton(layout) == own:
        return pipeline
    target = dict(names=own.names, parents=list(own.parents))
    return [dict(type='MapLayout', src=layout, dst=target, estimate=True), *pipeline]


def windows_of(model: FrameLocalizer) -> tuple[int, int]:
    """Length and stride of test windows, in frames."""
    dataset = dataset_of(model.cfg)
    given = {name: dataset[name] for name in ('window', 'stride') if name in dataset}
    dataset = UntrimmedPoseDataset(ann_file='', pipeline=[], lazy_init=True, **given)
    return dataset.window, dataset.stride


def classes_of(model: nn.Module) -> list[str]:
    """The names of the classes, from the checkpoint or else the config; empty if neither has them."""
    known = [getattr(model, 'dataset_meta', {})]
    known += [model.cfg[name].dataset.get('metainfo') or {} for name in LOADERS if model.cfg.get(name)]
    return next((list(meta['classes']) for meta in known if meta.get('classes')), [])
