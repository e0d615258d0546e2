"""Clips of any body layout, in 3D or pixels, as clips of the one body that the foundation encoder knows."""

import numpy as np
import torch
from mmaction.registry import TRANSFORMS
from mmcv.transforms import BaseTransform

from usdrl_mmaction.body import as_body, body_mapping, in_frame, in_torsos
from usdrl_mmaction.errors import ConfigError
from usdrl_mmaction.skeletons import get_skeleton


@TRANSFORMS.register_module()
class ToBody(BaseTransform):
    """Maps the joints of a clip to those of the layout 'body' and brings it to the frame that the encoder knows:
    upright, about facing the camera, in units of the torso, joints relative to the pelvis. Pixels get a depth of 0. Who
    is seen longest comes first.

    Args:
        layout (str | dict): Layout of the clips: name, dict or JSON file.
        frame (bool): False for clips of pretraining, whose views come to the frame after they were augmented: these
            stay where they are, in torsos.
    """

    def __init__(self, layout, frame=True):
        self.num_joints = len(get_skeleton(layout))
        self.mapping = body_mapping(layout)
        self.frame = frame

    def transform(self, results: dict) -> dict:
        keypoint = np.asarray(results['keypoint'], np.float32)  # (M, T, V, 2 or 3)
        if keypoint.shape[2] != self.num_joints or keypoint.shape[3] not in (2, 3):
            raise ConfigError(
                f"Clip '{results.get('frame_dir', '?')}' has {keypoint.shape[2]} joints of {keypoint.shape[3]} "
                f"coordinates, not {self.num_joints} of 2 or 3. Set 'layout' of ToBody to that of the data."
            )
        clip = as_body(keypoint, self.mapping)  # (M, T, 19, 3)
        clip = clip[np.argsort(-clip.any((2, 3)).sum(1), kind='stable')]
        clip = torch.from_numpy(clip)[None]
        results['keypoint'] = (in_frame(clip) if self.frame else in_torsos(clip))[0].numpy()
        results.pop('keypoint_score', None)  # FormatGCNInput would make it a fourth coordinate
        return results
