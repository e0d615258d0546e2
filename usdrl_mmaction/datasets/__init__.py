"""Data sets and transforms, registered in MMAction2."""

from .skeleton_dataset import AnnotationError, SkeletonDataset
from .transforms import NormalizeSkeleton, ResizeFrames

__all__ = ['AnnotationError', 'NormalizeSkeleton', 'ResizeFrames', 'SkeletonDataset']
