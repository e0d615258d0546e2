"""Clips of one skeleton layout as clips of another."""

from mmaction.registry import TRANSFORMS
from mmcv.transforms import BaseTransform

from usdrl_mmaction.errors import ConfigError
from usdrl_mmaction.skeletons import estimated_mapping, get_skeleton, joint_mapping


@TRANSFORMS.register_module()
class MapLayout(BaseTransform):
    """Moves each joint to its place in the other layout, by its name or a synonym (``joint_mapping``). Joints that only
    the other layout has are zero, as missing joints are.

    Args:
        src (str | dict): Layout of the clips: name, dict or JSON file.
        dst (str | dict): The new layout.
        estimate (bool): Whether joints that only the other layout has are made of others, where anatomy says how.
    """

    def __init__(self, src, dst, estimate=False):
        source, target = get_skeleton(src), get_skeleton(dst)
        self.num_joints = len(source)
        self.mapping = joint_mapping(source.names, target.names)
        if not any(self.mapping.sources):
            raise ConfigError(
                f'No joint corresponds between {src} ({", ".join(source.names) or "without names"}) and {dst} '
                f'({", ".join(target.names) or "without names"}). Give the layouts common names.'
            )
        if estimate:
            self.mapping = estimated_mapping(source.names, target)

    def transform(self, results: dict) -> dict:
        if results['keypoint'].shape[2] != self.num_joints:
            raise ConfigError(
                f"Clip '{results.get('frame_dir', '?')}' has {results['keypoint'].shape[2]} joints, not "
                f"{self.num_joints}. Set 'src' of MapLayout to the layout of the data."
            )
        results['keypoint'] = self.mapping(results['keypoint'])  # (M, T, V, C)
        if 'keypoint_score' in results:
            results['keypoint_score'] = self.mapping.scores(results['keypoint_score'])
        return results
