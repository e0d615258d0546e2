"""Data sets and transforms, registered in MMAction2."""

from .annotations import AnnotationError, read_annotations
from .skeleton_dataset import SkeletonDataset
from .transforms import MapLayout, NormalizeSkeleton, NormalizeSkeleton2D, ResizeFrames

__all__ = [
    'AnnotationError',
    'MapLayout',
    'NormalizeSkeleton',
    'NormalizeSkeleton2D',
    'ResizeFrames',
    'SkeletonDataset',
    'read_annotations',
]
