"""Clips of one skeleton layout as clips of another."""

import numpy as np
from mmaction.registry import TRANSFORMS
from mmcv.transforms import BaseTransform

from usdrl_mmaction.errors import AnnotationError
from usdrl_mmaction.skeletons import get_skeleton

# What sensors call the same place.
PLACES = {
    'hip_center': 'pelvis',
    'mid_hip': 'pelvis',
    'spine_base': 'pelvis',
    'spine_mid': 'spine',
    'shoulder_center': 'thorax',
    'spine_shoulder': 'thorax',
}


@TRANSFORMS.register_module()
class MapLayout(BaseTransform):
    """Moves each joint to where the other layout has it; joints that only the other layout has are zero, as missing
    ones are. Joints correspond by name: 'left_shoulder' and 'shoulder_left', and what ``PLACES`` lists, are the same.

    Args:
        src (str | dict): Layout of the clips: name, dict or JSON file.
        dst (str | dict): The layout to give them.
    """

    def __init__(self, src, dst):
        source, target = get_skeleton(src), get_skeleton(dst)
        place = {place_of(name): joint for joint, name in enumerate(source.names)}
        self.num_joints = len(source)
        self.joints = [place.get(place_of(name), len(source)) for name in target.names]  # the last, past the end: none
        if not target.names or all(joint == len(source) for joint in self.joints):
            raise ValueError(
                f'No joint corresponds between {src} ({", ".join(source.names) or "without names"}) and {dst} '
                f'({", ".join(target.names) or "without names"}). Give the layouts names that they share.'
            )

    def transform(self, results: dict) -> dict:
        if results['keypoint'].shape[2] != self.num_joints:
            raise AnnotationError(
                f"Clip '{results.get('frame_dir', '?')}' has {results['keypoint'].shape[2]} joints and the layout to "
                f"map from {self.num_joints}. Set 'src' of MapLayout to the layout of the data."
            )
        for field in ('keypoint', 'keypoint_score'):
            if field in results:
                array = results[field]  # (M, T, V[, C])
                nothing = np.zeros_like(array[:, :, :1])
                results[field] = np.concatenate([array, nothing], axis=2)[:, :, self.joints]
        return results


def place_of(name: str) -> frozenset[str]:
    return frozenset(PLACES.get(name, name).split('_'))
