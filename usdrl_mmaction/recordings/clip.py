"""What readers return, and how it gets the joints and the number of people that a data set needs."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from usdrl_mmaction.errors import RecordingError
from usdrl_mmaction.skeletons import Skeleton, joint_mapping

NOT_SEEN = (-1, -999, -9999, 9999)  # what tools write for each coordinate of a joint that they did not find
MOST_PEOPLE = 16  # that are kept, those with the most frames: trackers lose and find people many times
FARTHEST = 1e9  # farther than any joint in any unit, but small enough for a model to give numbers


class Clip(NamedTuple):
    """Some people over some frames. Joints that were not seen are 0.

    Examples:
        >>> import numpy as np
        >>> from usdrl_mmaction.recordings.clip import Clip
        >>> clip = Clip(np.random.rand(3, 40, 17, 2))
        >>> clip.people([2, 0]).keypoint.shape
        (2, 40, 17, 2)
    """

    keypoint: np.ndarray  # (M, T, V, C), float32
    score: np.ndarray | None = None  # (M, T, V), float32
    img_shape: tuple[int, int] | None = None  # height, width
    joints: tuple[str, ...] = ()  # names, where the file gives them
    fps: float | None = None  # frames per second, where the file gives them
    notes: tuple[str, ...] = ()  # what was left out of the file, in words

    def map(self, function: Callable[[np.ndarray], np.ndarray]) -> 'Clip':
        """Applies a function of (M, T, V[, C]) to joints and scores."""
        return self._replace(
            keypoint=function(self.keypoint), score=None if self.score is None else function(self.score)
        )

    def people(self, order: list[int] | np.ndarray) -> 'Clip':
        """These people, in this order."""
        return self.map(lambda array: array[order])


def seen_only(keypoint: np.ndarray, score: np.ndarray | None = None) -> tuple[np.ndarray, np.ndarray | None]:
    """Joints and scores in which a joint is 0 if it was not seen: if a coordinate is NaN, or all of them are a number
    that stands for nothing, such as -1. Scores are from 0 to 1.  # (..., V, C), (..., V)"""
    there = ~np.isnan(keypoint).any(-1)
    for number in NOT_SEEN:
        there &= ~(keypoint[..., :2] == number).all(-1)
    keypoint = np.where(there[..., None], keypoint, np.float32(0))
    if score is None:
        return keypoint, None
    score = np.where(there & (score > 0), score, np.float32(0))
    largest = score.max(initial=0)
    return keypoint, score / np.float32(largest) if largest > 1 else score


def with_fps(clip: Clip, fps: float) -> Clip:
    """The clip at another rate: joints on straight lines between their frames, where both frames show them."""
    if not clip.fps or clip.fps == fps:
        return clip._replace(fps=fps)
    frames = clip.keypoint.shape[1]
    times = np.arange(max(1, round(frames * fps / clip.fps))) * clip.fps / fps
    before = np.minimum(times.astype(int), frames - 1)
    after, share = np.minimum(before + 1, frames - 1), (times - before).astype(np.float32)
    nearest = np.where(share < 0.5, before, after)

    def between(array: np.ndarray) -> np.ndarray:
        weight = np.clip(share, 0, 1).reshape(-1, *[1] * (array.ndim - 2))
        return array[:, before] * (1 - weight) + array[:, after] * weight

    keypoint = clip.keypoint
    both = keypoint[:, before].any(-1, keepdims=True) & keypoint[:, after].any(-1, keepdims=True)
    keypoint = np.where(both, between(keypoint), keypoint[:, nearest])
    return clip._replace(keypoint=keypoint, score=None if clip.score is None else between(clip.score), fps=fps)


def fit(clip: Clip, skeleton: Skeleton, path: str | Path, estimate: bool = False) -> Clip:
    """The clip with the joints of a layout: by name if the file has such names (``joint_mapping``), else in the order
    of the file, if their number is right. With ``estimate``, joints in the middle of others may be missing."""
    check_somebody(clip, path)
    mapping = joint_mapping(clip.joints, skeleton.names, estimate)
    if any(mapping.sources):
        if mapping.missing:
            missing = [skeleton.names[joint] for joint in mapping.missing]
            raise RecordingError(
                f'{path}: {len(skeleton) - len(missing)} joints are named as in the layout, but not '
                f'{shortened(missing)}. The file has: {shortened(clip.joints)}. Rename them, or choose another layout, '
                'such as body.'
            )
        score = None if clip.score is None else mapping.scores(clip.score)
        return clip._replace(keypoint=mapping(clip.keypoint), score=score, joints=skeleton.names)
    joints = clip.keypoint.shape[2]
    if joints != len(skeleton):
        raise RecordingError(f'{path}: {joints} joints, but the layout has {len(skeleton)}. Choose another layout.')
    return clip


def check_somebody(clip: Clip, path: str | Path):
    """Raises if nobody is there, or somebody where nobody can be."""
    if not clip.keypoint.any():
        raise RecordingError(f'{path}: nobody is seen in it.')
    largest = np.abs(clip.keypoint).max()
    if largest > FARTHEST:
        raise RecordingError(f'{path}: no joint can be at {largest:.3g}. The file is damaged or holds other numbers.')


def shortened(names: Sequence[str], most: int = 8) -> str:
    """The first of many names."""
    return ', '.join(names[:most]) + (f' and {len(names) - most} more' if len(names) > most else '')


def keep_people(clip: Clip, num_person: int) -> Clip:
    """Leaves out people who are never seen and, if more than ``num_person`` remain, the least active ones. As in files
    of MMAction2, the pipeline fills up with zeros to the number of the model."""
    clip = clip.people(np.flatnonzero(clip.keypoint.any((1, 2, 3))))
    return clip if len(clip.keypoint) <= num_person else by_activity(clip).people(np.arange(num_person))


def by_activity(clip: Clip) -> Clip:
    """People sorted by their size and motion, the time that they are seen and their scores: short detections and
    onlookers come last."""
    activity = []
    for person, keypoint in enumerate(clip.keypoint):  # (T, V, C)
        seen = keypoint.any(-1)  # (T, V)
        score = 1.0 if clip.score is None or not seen.any() else clip.score[person][seen].mean()
        activity.append(keypoint[seen].std(0).sum() * seen.any(-1).sum() * score if seen.any() else 0.0)
    return clip.people(np.argsort(-np.array(activity), kind='stable'))
