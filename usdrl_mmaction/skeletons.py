"""Skeleton layouts (joint names, parents, mirror pairs) and what follows from them: bones and motion."""

from dataclasses import dataclass

import torch


@dataclass(frozen=True)
class Skeleton:
    """A tree of joints. ``parents[j]`` is the parent of joint ``j``; the root is its own parent."""

    parents: tuple[int, ...]
    names: tuple[str, ...] = ()
    mirror: tuple[tuple[int, int], ...] = ()  # (left, right) pairs

    def __post_init__(self):
        roots = [joint for joint, parent in enumerate(self.parents) if joint == parent]
        if len(roots) != 1:
            raise ValueError(f'A layout has exactly one root joint, this one has {len(roots)}: {roots}.')
        for joint in range(len(self)):
            steps, ancestor = 0, joint
            while ancestor != self.root:
                ancestor, steps = self.parents[ancestor], steps + 1
                if steps > len(self):
                    raise ValueError(f'Joint {joint} never reaches the root: the parents form a cycle.')

    def __len__(self) -> int:
        return len(self.parents)

    @property
    def root(self) -> int:
        return next(joint for joint, parent in enumerate(self.parents) if joint == parent)

    def joint(self, name: str) -> int:
        """The index of a joint by its name."""
        if name not in self.names:
            raise KeyError(f"No joint is named '{name}'. This layout has: {', '.join(self.names)}.")
        return self.names.index(name)


def get_skeleton(layout: str | dict) -> Skeleton:
    """A layout by name, or from a dict of ``num_node``, ``inward`` and ``center`` (as MMAction2's ``Graph``
    takes; ``inward`` lists (child, parent) pairs)."""
    if isinstance(layout, str):
        if layout not in LAYOUTS:
            raise ValueError(
                f"Unknown layout '{layout}'. Known: {', '.join(LAYOUTS)}; or give a dict with "
                "'num_node', 'inward' and 'center'."
            )
        return LAYOUTS[layout]
    missing = {'num_node', 'inward', 'center'} - set(layout)
    if missing:
        raise ValueError(f'A layout dict needs {sorted(missing)} as well; it has {sorted(layout)}.')
    parents = {child: parent for child, parent in layout['inward']}
    parents[layout['center']] = layout['center']
    orphans = sorted(set(range(layout['num_node'])) - set(parents))
    if orphans:
        raise ValueError(f"Joints {orphans} have no parent in the layout's 'inward' pairs.")
    return Skeleton(tuple(parents[joint] for joint in range(layout['num_node'])))


def bone(clip: torch.Tensor, skeleton: Skeleton) -> torch.Tensor:
    """Each joint minus its parent; the root's bone is 0.  # (..., V, C) -> (..., V, C)"""
    return clip - clip[..., list(skeleton.parents), :]


def motion(clip: torch.Tensor) -> torch.Tensor:
    """The next frame minus this one; the last frame is 0.  # (..., T, V, C) -> (..., T, V, C)"""
    return torch.cat([clip[..., 1:, :, :] - clip[..., :-1, :, :], torch.zeros_like(clip[..., :1, :, :])], dim=-3)


# The authors' parents, which their checkpoints need: MMAction2's graph hangs both hand tips on the wrists instead.
LAYOUTS = {
    'nturgb+d': Skeleton(
        parents=(1, 20, 20, 2, 20, 4, 5, 6, 20, 8, 9, 10, 0, 12, 13, 14, 0, 16, 17, 18, 20, 22, 7, 24, 11),
        names=(
            'spine_base',
            'spine_mid',
            'neck',
            'head',
            'left_shoulder',
            'left_elbow',
            'left_wrist',
            'left_hand',
            'right_shoulder',
            'right_elbow',
            'right_wrist',
            'right_hand',
            'left_hip',
            'left_knee',
            'left_ankle',
            'left_foot',
            'right_hip',
            'right_knee',
            'right_ankle',
            'right_foot',
            'spine_shoulder',
            'left_hand_tip',
            'left_thumb',
            'right_hand_tip',
            'right_thumb',
        ),
        mirror=((4, 8), (5, 9), (6, 10), (7, 11), (12, 16), (13, 17), (14, 18), (15, 19), (21, 23), (22, 24)),
    ),
}
