"""What a model tells of the clips that it was trained on: how they were prepared, their joints, their classes."""

from torch import nn

from usdrl_mmaction.models.backbones.tokens import StreamEncoder
from usdrl_mmaction.skeletons import Skeleton, get_skeleton

LOADERS = ('test_dataloader', 'val_dataloader', 'train_dataloader')


def pipeline_of(model: nn.Module) -> list[dict]:
    """The config's pipeline for testing. Where clips keep their length, as in pretraining, they are resized."""
    loader = next((model.cfg[name] for name in LOADERS if model.cfg.get(name)), None)
    pipeline = list(loader.dataset.pipeline) if loader else usual_pipeline(model.backbone)
    types = [step['type'] for step in pipeline]
    if isinstance(model.backbone, StreamEncoder) and not {'ResizeFrames', 'UniformSampleFrames'} & set(types):
        resize = dict(type='ResizeFrames', num_frames=model.backbone.clip_shape[1])
        pipeline.insert(types.index('FormatGCNInput'), resize)
    return pipeline


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
