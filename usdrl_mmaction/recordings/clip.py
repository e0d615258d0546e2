"""What readers return, and how it is brought into the shape that a data set needs: its joints, its number of people."""

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import numpy as np

from usdrl_mmaction.errors import RecordingError
from usdrl_mmaction.skeletons import Skeleton, joint_mapping

FARTHEST = 1e9  # farther than in any unit a joint can be; what a model makes of it is still a number


class Clip(NamedTuple):
    """Some people over some frames. What was not seen is 0."""

    keypoint: np.ndarray  # (M, T, V, C), float32
    score: np.ndarray | None = None  # (M, T, V), float32
    img_shape: tuple[int, int] | None = None  # height, width
    joints: tuple[str, ...] = ()  # names, where the file gives them

    def map(self, function: Callable[[np.ndarray], np.ndarray]) -> 'Clip':
        """With a function of people and frames, (M, T, V[, C]), applied to joints and scores."""
        return self._replace(
            keypoint=function(self.keypoint), score=None if self.score is None else function(self.score)
        )

    def people(self, order: list[int] | np.ndarray) -> 'Clip':
        """These people, in this order."""
        return self.map(lambda array: array[order])


def fit(clip: Clip, skeleton: Skeleton, path: str | Path, estimate: bool = False) -> Clip:
    """The clip with the joints of a layout: by name where the file names joints of the layout (``joint_mapping``), else
    as they stand, if their number is right. With ``estimate``, joints in the middle of others need not be there."""
    if not clip.keypoint.any():
        raise RecordingError(f'{path}: nobody is seen in it.')
    largest = np.abs(clip.keypoint).max()
    if largest > FARTHEST:
        raise RecordingError(f'{path}: no joint can be at {largest:.3g}. The file is damaged, or it has other numbers.')
    mapping = joint_mapping(clip.joints, skeleton.names, estimate)
    if any(mapping.sources):
        if mapping.missing:
            missing = [skeleton.names[joint] for joint in mapping.missing]
            raise RecordingError(
                f'{path}: {len(skeleton) - len(missing)} joints are named as in the layout, but not '
                f'{", ".join(missing)}. The file has: {", ".join(clip.joints)}. Rename them, or choose another layout.'
            )
        score = None if clip.score is None else mapping.scores(clip.score)
        return clip._replace(keypoint=mapping(clip.keypoint), score=score, joints=skeleton.names)
    joints = clip.keypoint.shape[2]
    if joints != len(skeleton):
        raise RecordingError(f'{path}: {joints} joints, but the layout has {len(skeleton)}. Choose another layout.')
    return clip


def keep_people(clip: Clip, num_person: int) -> Clip:
    """Without people who are never there; if more than ``num_person`` are left, the most active ones.

    MMAction2's files leave out absent people as well: the pipeline fills up with zeros to the model's number.
    """
    clip = clip.people(np.flatnonzero(clip.keypoint.any((1, 2, 3))))
    if len(clip.keypoint) <= num_person:
        return clip
    return by_activity(clip).people(np.arange(num_person))


def by_activity(clip: Clip) -> Clip:
    """People sorted by how far they spread and move, how long they are seen and their scores: short detections and
    onlookers come last."""
    return clip.people(np.argsort([-_activity(clip, person) for person in range(len(clip.keypoint))], kind='stable'))


def _activity(clip, person):
    keypoint = clip.keypoint[person]  # (T, V, C)
    seen = keypoint.any(-1)  # (T, V)
    if not seen.any():
        return 0.0
    score = 1.0 if clip.score is None else clip.score[person][seen].mean()
    return float(keypoint[seen].std(0).sum() * seen.any(-1).sum() * score)
