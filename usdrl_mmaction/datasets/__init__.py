"""Data sets and transforms, registered in MMAction2."""

from .annotations import read_annotations
from .few_labels_dataset import FewLabelsDataset
from .skeleton_dataset import SkeletonDataset
from .transforms import MapLayout, NormalizeSkeleton, NormalizeSkeleton2D, ResizeFrames, ToBody
from .untrimmed_pose_dataset import UntrimmedPoseDataset
