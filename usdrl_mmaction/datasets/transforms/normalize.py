"""Bringing clips into one place, one orientation and one length, before they are batched."""

import numpy as np
import torch
import torch.nn.functional as F
from mmaction.registry import TRANSFORMS
from mmcv.transforms import BaseTransform
from scipy.spatial.transform import Rotation


@TRANSFORMS.register_module()
class NormalizeSkeleton(BaseTransform):
    """Centres every frame on a joint of the first person, and turns the whole clip so that this person's shoulders lie
    along x in the first frame that shows both. Frames stay where they are; missing joints (all zeros) stay zero.

    Args:
        center (int): The joint in the centre; by default the middle of the spine in 'nturgb+d'.
        shoulders (tuple[int, int] | None): Left and right; None for no turn.
    """

    def __init__(self, center=1, shoulders=(4, 8)):
        self.center = center
        self.shoulders = shoulders

    def transform(self, results: dict) -> dict:
        keypoint = np.asarray(results['keypoint'], dtype=np.float32)  # (M, T, V, 3)
        seen = keypoint.any(-1, keepdims=True)
        keypoint = (keypoint - keypoint[:1, :, self.center : self.center + 1]) * seen
        if self.shoulders:
            keypoint = keypoint @ self.turn(keypoint[0], seen[0, ..., 0]).T
        results['keypoint'] = keypoint
        return results

    def turn(self, person: np.ndarray, seen: np.ndarray) -> np.ndarray:
        """The smallest rotation of left → right shoulder onto +x.  # (T, V, 3), (T, V) -> (3, 3)"""
        left, right = self.shoulders
        frames = np.flatnonzero(seen[:, left] & seen[:, right])
        if not len(frames):
            return np.eye(3, dtype=np.float32)
        across = person[frames[0], right] - person[frames[0], left]
        axis = np.cross(across, [1.0, 0.0, 0.0])
        angle = np.arctan2(np.linalg.norm(axis), across[0])
        if not axis.any():  # already along x: one way, or the other
            axis = np.array([0.0, 1.0, 0.0])
        return Rotation.from_rotvec(angle * axis / np.linalg.norm(axis)).as_matrix().astype(np.float32)


@TRANSFORMS.register_module()
class ResizeFrames(BaseTransform):
    """Resizes a whole clip linearly in time.

    Args:
        num_frames (int): The frames that it has then.
    """

    def __init__(self, num_frames=64):
        self.num_frames = num_frames

    def transform(self, results: dict) -> dict:
        keypoint = torch.from_numpy(np.ascontiguousarray(results['keypoint'], dtype=np.float32))  # (M, T, V, C)
        by_joint = keypoint.flatten(2).transpose(1, 2)  # (M, V*C, T)
        resized = F.interpolate(by_joint, self.num_frames, mode='linear', align_corners=False)
        shape = (len(keypoint), self.num_frames, *keypoint.shape[2:])
        results['keypoint'] = resized.transpose(1, 2).reshape(shape).numpy()
        results['total_frames'] = self.num_frames
        return results
