"""What a model tells of the clips that it was trained on: how they were prepared, their joints, their classes."""

import numpy as np
from mmaction.datasets.transforms import FormatGCNInput, PreNormalize2D
from mmengine.dataset import Compose, pseudo_collate
from torch import nn

from usdrl_mmaction.datasets import NormalizeSkeleton2D, UntrimmedPoseDataset
from usdrl_mmaction.models import FrameLocalizer
from usdrl_mmaction.models.backbones.stream_encoder import StreamEncoder
from usdrl_mmaction.recordings.clip import Clip
from usdrl_mmaction.skeletons import Skeleton, get_skeleton

LOADERS = ('test_dataloader', 'val_dataloader', 'train_dataloader')


class Preparation:
    """What a model's pipeline for testing takes, and the batches that it makes."""

    def __init__(self, model: nn.Module):
        self.pipeline = Compose(pipeline_of(model))
        self.skeleton = skeleton_of(model.backbone)
        steps = self.pipeline.transforms
        self.scored = any(isinstance(step, NormalizeSkeleton2D | PreNormalize2D) for step in steps)
        self.channels = 2 if self.scored else getattr(model.backbone, 'clip_shape', (3,))[-1]
        self.num_person = next(step.num_person for step in steps if isinstance(step, FormatGCNInput))

    def __call__(self, annotations: list[dict]) -> dict:
        return pseudo_collate([self.pipeline(annotation) for annotation in annotations])

    def with_score(self, clip: Clip) -> Clip:
        """A score for each joint where the pipeline wants one, and nowhere else."""
        if not self.scored:
            return clip._replace(score=None)  # FormatGCNInput would make it one more coordinate
        score = clip.keypoint.any(-1).astype(np.float32) if clip.score is None else clip.score
        return clip._replace(score=score)


def pipeline_of(model: nn.Module) -> list[dict]:
    """The config's pipeline for testing. Where clips keep their length, as in pretraining, they are resized."""
    loader = loader_of(model)
    pipeline = list(loader.dataset.pipeline) if loader else usual_pipeline(model.backbone)
    if isinstance(model, FrameLocalizer):
        return pipeline  # windows have the encoder's length
    types = [step['type'] for step in pipeline]
    if isinstance(model.backbone, StreamEncoder) and not {'ResizeFrames', 'UniformSampleFrames'} & set(types):
        resize = dict(type='ResizeFrames', num_frames=model.backbone.clip_shape[1])
        pipeline.insert(types.index('FormatGCNInput'), resize)
    return pipeline


def loader_of(model: nn.Module) -> dict | None:
    return next((model.cfg[name] for name in LOADERS if model.cfg.get(name)), None)


def windows_of(model: FrameLocalizer) -> tuple[int, int]:
    """Frames of a test window, and from one to the next."""
    loader = loader_of(model)
    given = {name: loader.dataset[name] for name in ('window', 'stride') if loader and name in loader.dataset}
    dataset = UntrimmedPoseDataset(ann_file='', pipeline=[], lazy_init=True, **given)
    return dataset.window, dataset.stride


def usual_pipeline(backbone: nn.Module) -> list[dict]:
    """As in configs/_base_/datasets, for an encoder without a config."""
    num_person, _, _, channels = backbone.clip_shape
    if backbone.skeleton != get_skeleton('nturgb+d') or channels != 3:
        raise ValueError(
            f'A checkpoint of clips of {len(backbone.skeleton)} joints of {channels} coordinates does not tell how '
            'they were prepared: give its config as well.'
        )
    return [
        dict(type='PoseDecode'),
        dict(type='NormalizeSkeleton'),
        dict(type='FormatGCNInput', num_person=num_person),
        dict(type='PackActionInputs'),
    ]


def skeleton_of(backbone: nn.Module) -> Skeleton:
    """The joints, of MMAction2's backbones too."""
    return backbone.skeleton if isinstance(backbone, StreamEncoder) else get_skeleton(backbone.graph.layout)


def classes_of(model: nn.Module) -> list[str]:
    """Their names, from the checkpoint or the config; none if neither has them."""
    known = [getattr(model, 'dataset_meta', {})]
    known += [model.cfg[name].dataset.get('metainfo') or {} for name in LOADERS if model.cfg.get(name)]
    return next((list(meta['classes']) for meta in known if meta.get('classes')), [])
