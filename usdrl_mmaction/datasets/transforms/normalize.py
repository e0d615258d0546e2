"""Transforms that bring clips to one place, orientation, size and length before they are batched. Frames keep their
order and missing joints (all zeros) stay zero."""

import numpy as np
import torch
import torch.nn.functional as F
from mmaction.registry import TRANSFORMS
from mmcv.transforms import BaseTransform
from scipy.spatial.transform import Rotation

from usdrl_mmaction.errors import AnnotationError, ConfigError
from usdrl_mmaction.skeletons import Skeleton, bone, get_skeleton, middle


@TRANSFORMS.register_module()
class NormalizeSkeleton(BaseTransform):
    """Centres every frame of a 3D clip on the layout's ``origin`` in the first person (in 'nturgb+d' the middle of the
    spine), and turns the whole clip so that this person's shoulders are along x in the first frame that shows both.

    Args:
        layout (str | dict): Name, dict or JSON file of the skeleton.
        scale (bool): Whether to divide by the size of the first person (``body_size``).
        turn (bool): Whether to turn. A clip of a layout without shoulders is never turned.
    """

    def __init__(self, layout='nturgb+d', scale=False, turn=True):
        self.skeleton = get_skeleton(layout)
        self.scale = scale
        self.turn = turn

    def transform(self, results: dict) -> dict:
        keypoint = read_keypoint(results, len(self.skeleton), channels=3)  # (M, T, V, 3)
        seen = keypoint.any(-1, keepdims=True)
        if self.scale:
            keypoint = keypoint / (body_size(keypoint[:1], self.skeleton) or 1)
        keypoint = (keypoint - middle(keypoint[:1], self.skeleton.origin)[:, :, None]) * seen
        if self.turn and self.skeleton.shoulders and len(keypoint):
            keypoint = keypoint @ self.rotation(keypoint[0], seen[0, ..., 0]).T
        results['keypoint'] = keypoint
        results.pop('keypoint_score', None)  # FormatGCNInput would make it a fourth coordinate
        return results

    def rotation(self, person: np.ndarray, seen: np.ndarray) -> np.ndarray:
        """The smallest rotation of left → right shoulder onto +x.  # (T, V, 3), (T, V) -> (3, 3)"""
        left, right = self.skeleton.shoulders
        frames = np.flatnonzero(seen[:, left] & seen[:, right])
        if not len(frames):
            return np.eye(3, dtype=np.float32)
        across = person[frames[0], right] - person[frames[0], left]
        axis = np.cross(across, [1.0, 0.0, 0.0])
        angle = np.arctan2(np.linalg.norm(axis), across[0])
        if not axis.any():  # already along x, in this or the opposite direction
            axis = np.array([0.0, 1.0, 0.0])
        return Rotation.from_rotvec(angle * axis / np.linalg.norm(axis)).as_matrix().astype(np.float32)


@TRANSFORMS.register_module()
class NormalizeSkeleton2D(BaseTransform):
    """Centres every frame of pixels on the first person (on the last place in which this person was seen), and divides
    the clip by the size of this person (``body_size``).

    Args:
        layout (str | dict): Name, dict or JSON file of the skeleton.
        torso (bool): False keeps place and size in the image: coordinates are -1 to 1 along its longer side. An
            annotation without ``img_shape`` counts as an image up to the largest coordinates.
        score (bool): Whether the joints' scores become a third channel. Where an annotation has none, they are 1.
    """

    def __init__(self, layout='coco', torso=True, score=True):
        self.skeleton = get_skeleton(layout)
        self.torso = torso
        self.score = score

    def transform(self, results: dict) -> dict:
        pixels = read_keypoint(results, len(self.skeleton), channels=2)  # (M, T, V, 2)
        seen = pixels.any(-1, keepdims=True)
        shape = results.get('img_shape')
        size = np.abs(pixels).max((0, 1, 2), initial=1) if shape is None else np.flip(shape)  # width, height
        centre, length = size / 2, max(size) / 2
        if self.torso:
            centre = self.centre(pixels[:1], otherwise=centre)
            length = body_size(pixels[:1], self.skeleton) or length
        keypoint = (pixels - centre) / length * seen
        score = results.pop('keypoint_score', np.ones(pixels.shape[:3]))
        if self.score:
            keypoint = np.concatenate([keypoint, score[..., None] * seen], axis=-1)  # (M, T, V, 3)
        results['keypoint'] = keypoint.astype(np.float32)
        return results

    def centre(self, person: np.ndarray, otherwise: np.ndarray) -> np.ndarray:
        """The place of the person: if not seen, the last one, or the first.  # (1, T, V, 2) -> (1, T, 1, 2)"""
        seen = person[:, :, self.skeleton.origin].any((0, 2, 3))  # (T,)
        if not seen.any():
            return otherwise
        last = np.maximum.accumulate(np.where(seen, np.arange(len(seen)), seen.argmax()))
        return middle(person, self.skeleton.origin)[:, last, None]


@TRANSFORMS.register_module()
class ResizeFrames(BaseTransform):
    """Resizes a whole clip linearly in time, to ``num_frames``."""

    def __init__(self, num_frames=64):
        self.num_frames = num_frames

    def transform(self, results: dict) -> dict:
        if not results['keypoint'].shape[1]:
            raise AnnotationError(f"Clip '{results.get('frame_dir', '?')}' has no frames. Leave it out of the file.")
        for field in ('keypoint', 'keypoint_score'):
            if field in results:
                results[field] = resized(results[field], self.num_frames)
        results['total_frames'] = self.num_frames
        return results


def resized(array: np.ndarray, num_frames: int) -> np.ndarray:
    """Another number of frames, linearly in time.  # (M, T, …) -> (M, num_frames, …)"""
    array = np.ascontiguousarray(array, dtype=np.float32)
    flat = torch.from_numpy(array).flatten(2).transpose(1, 2)  # (M, F, T)
    found = F.interpolate(flat, num_frames, mode='linear', align_corners=False).transpose(1, 2)
    return found.reshape(len(array), num_frames, *array.shape[2:]).numpy()


def read_keypoint(results: dict, joints: int, channels: int) -> np.ndarray:
    """The joints of a clip, if their number and that of their coordinates are right.  # (M, T, V, C)"""
    keypoint = np.asarray(results['keypoint'], dtype=np.float32)
    if keypoint.shape[2:] != (joints, channels):
        raise ConfigError(
            f"Clip '{results.get('frame_dir', '?')}' has {keypoint.shape[2]} joints of {keypoint.shape[3]} "
            f"coordinates, not {joints} of {channels}. Set 'layout' of the transforms to that of the data. "
            'NormalizeSkeleton is for 3D, NormalizeSkeleton2D for pixels.'
        )
    return keypoint


def body_size(person: np.ndarray, skeleton: Skeleton) -> float:
    """The distance between the middles of the ends of the torso, or four mean bones if a layout has no torso: the
    median over the frames that show it, or 0.  # (1, T, V, C)"""
    if skeleton.torso:
        ends = [person[..., joints, :] for joints in skeleton.torso]
        shown = np.logical_and(*(end.any((-1, -2)) for end in ends))  # (1, T)
        lower, upper = (middle(person[shown], joints) for joints in skeleton.torso)
        sizes = np.linalg.norm(upper - lower, axis=-1)
    else:
        whole = person.any(-1).all(-1)  # (1, T)
        sizes = 4 * np.linalg.norm(bone(person[whole], skeleton), axis=-1).sum(-1) / max(len(skeleton) - 1, 1)
    return float(np.median(sizes)) if len(sizes) else 0.0
