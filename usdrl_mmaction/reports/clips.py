"""The clips that a run was tested on, or else trained on, if its data are available."""

from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

from usdrl_mmaction.datasets import read_annotations
from usdrl_mmaction.datasets.annotations import clips_of_split
from usdrl_mmaction.datasets.checks import is_label
from usdrl_mmaction.skeletons import LAYOUTS, Skeleton, get_skeleton

from .runs import Run

LOADERS = ('test_dataloader', 'val_dataloader', 'train_dataloader')
read = lru_cache(maxsize=1)(read_annotations)  # runs of one folder often share their data


class Clips(NamedTuple):
    """Annotations without those of whole videos."""

    items: list[dict]
    classes: list[str]
    layout: str | None


def clips_of(run: Run) -> Clips | None:
    dataset = dataset_of(run)
    if not dataset.get('ann_file') or not Path(dataset['ann_file']).exists():
        return None
    content = read(dataset['ann_file'])
    held_out = run.config.get('default_hooks', {}).get('health', {}).get('split')  # while pretraining
    split = held_out or dataset.get('split')
    items = clips_of_split(content, split, dataset['ann_file']) if split else content['annotations']
    items = [item for item in items if is_label(item.get('label')) and 'keypoint' in item]
    meta = content.get('meta', {})
    return Clips(items, class_names(run) or list(meta.get('classes', [])), meta.get('layout')) if items else None


def class_names(run: Run) -> list[str]:
    return list((dataset_of(run).get('metainfo') or {}).get('classes', []))


def dataset_of(run: Run) -> dict:
    loaders = [run.config.get(name) for name in LOADERS] if run.config else []
    return next((loader['dataset'] for loader in loaders if loader), {})


def skeleton_of(clip: dict, layout: str | None) -> Skeleton | None:
    """The layout that the file names, or else one with the same number of joints."""
    joints = clip['keypoint'].shape[2]
    known = [get_skeleton(layout)] if layout in LAYOUTS else LAYOUTS.values()
    return next((skeleton for skeleton in known if len(skeleton) == joints), None)
