"""The preparation of a model's clips: pipeline, joints, windows and class names, from its config and encoder."""

import numpy as np
from mmaction.datasets.transforms import FormatGCNInput, PreNormalize2D
from mmengine.dataset import Compose, pseudo_collate
from torch import nn

from usdrl_mmaction.body import BODY
from usdrl_mmaction.datasets import NormalizeSkeleton2D, ToBody, UntrimmedPoseDataset
from usdrl_mmaction.errors import CheckpointError
from usdrl_mmaction.models import FrameLocalizer
from usdrl_mmaction.models.backbones.stream_encoder import StreamEncoder
from usdrl_mmaction.recordings.clip import Clip
from usdrl_mmaction.skeletons import get_skeleton

LOADERS = ('test_dataloader', 'val_dataloader', 'train_dataloader')


class Preparation:
    """A model's pipeline for testing: the clips that it takes, and the batches that it makes."""

    def __init__(self, model: nn.Module):
        encoder = model.backbone  # ours, or one of MMAction2's
        self.skeleton = encoder.skeleton if isinstance(encoder, StreamEncoder) else get_skeleton(encoder.graph.layout)
        self.pipeline = Compose(pipeline_of(model))
        steps = self.pipeline.transforms
        self.scored = any(isinstance(step, NormalizeSkeleton2D | PreNormalize2D) for step in steps)
        self.channels = 2 if self.scored else getattr(encoder, 'clip_shape', (3,))[-1]
        self.takes_bodies = any(isinstance(step, ToBody) for step in steps)  # of any layout, in 3D or in pixels
        self.num_person = next(step.num_person for step in steps if isinstance(step, FormatGCNInput))

    def __call__(self, annotations: list[dict]) -> dict:
        return pseudo_collate([self.pipeline(annotation) for annotation in annotations])

    def with_score(self, clip: Clip) -> Clip:
        """A score for each joint if the pipeline takes scores; otherwise none."""
        if not self.scored:
            return clip._replace(score=None)  # FormatGCNInput would make it another coordinate
        score = clip.keypoint.any(-1).astype(np.float32) if clip.score is None else clip.score
        return clip._replace(score=score)


def pipeline_of(model: nn.Module) -> list[dict]:
    """The config's pipeline for testing. If clips keep their length there, as in pretraining, they are resized. Without
    a config it is that of configs/_base_/datasets for 25 joints in 3D."""
    loader, encoder = loader_of(model), model.backbone
    if loader:
        pipeline = list(loader.dataset.pipeline)
    else:
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


def loader_of(model: nn.Module) -> dict | None:
    return next((model.cfg[name] for name in LOADERS if model.cfg.get(name)), None)


def windows_of(model: FrameLocalizer) -> tuple[int, int]:
    """Length and stride of test windows, in frames."""
    loader = loader_of(model)
    given = {name: loader.dataset[name] for name in ('window', 'stride') if loader and name in loader.dataset}
    dataset = UntrimmedPoseDataset(ann_file='', pipeline=[], lazy_init=True, **given)
    return dataset.window, dataset.stride


def classes_of(model: nn.Module) -> list[str]:
    """The names of the classes, from the checkpoint or else the config; empty if neither has them."""
    known = [getattr(model, 'dataset_meta', {})]
    known += [model.cfg[name].dataset.get('metainfo') or {} for name in LOADERS if model.cfg.get(name)]
    return next((list(meta['classes']) for meta in known if meta.get('classes')), [])
