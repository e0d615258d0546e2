"""Layouts are trees, and bones and motion are what they are called."""

import pytest
import torch

from usdrl_mmaction.skeletons import LAYOUTS, Skeleton, bone, get_skeleton, motion

# Child → parent, counted from 1, as the authors list them.
NTU_PARENTS = (
    '1→2 2→21 3→21 4→3 5→21 6→5 7→6 8→7 9→21 10→9 11→10 12→11 13→1 14→13 15→14 16→15 17→1 18→17 19→18 20→19 21→21 '
    '22→23 23→8 24→25 25→12'
)


def test_ntu_parents_are_the_authors():
    pairs = [tuple(int(joint) - 1 for joint in pair.split('→')) for pair in NTU_PARENTS.split()]
    assert tuple(parent for _, parent in sorted(pairs)) == LAYOUTS['nturgb+d'].parents


@pytest.mark.parametrize('layout', LAYOUTS)
def test_mirror_pairs_are_named_left_and_right_and_hang_alike(layout):
    skeleton = LAYOUTS[layout]
    other = {**dict(skeleton.mirror), **{right: left for left, right in skeleton.mirror}}
    for left, right in skeleton.mirror:
        assert skeleton.names[left].replace('left', 'right') == skeleton.names[right]
        assert other.get(skeleton.parents[left], skeleton.parents[left]) == skeleton.parents[right]
    assert len(other) == 2 * len(skeleton.mirror) == sum('left' in n or 'right' in n for n in skeleton.names)


def test_layout_from_a_dict():
    skeleton = get_skeleton(dict(num_node=3, inward=[(1, 0), (2, 1)], center=0))
    assert skeleton.parents == (0, 0, 1)
    assert skeleton.root == 0


@pytest.mark.parametrize(
    'layout, message',
    [
        ('kinect9', "Unknown layout 'kinect9'. Known: nturgb\\+d"),
        (dict(num_node=3, inward=[(1, 0)]), "needs \\['center'\\]"),
        (dict(num_node=3, inward=[(1, 0)], center=0), 'Joints \\[2\\] have no parent'),
    ],
)
def test_unusable_layouts_say_why(layout, message):
    with pytest.raises(ValueError, match=message):
        get_skeleton(layout)


@pytest.mark.parametrize('parents, message', [((0, 1, 0), 'exactly one root'), ((0, 2, 1), 'cycle')])
def test_a_skeleton_is_a_tree(parents, message):
    with pytest.raises(ValueError, match=message):
        Skeleton(parents)


def test_bones_add_up_to_joints_along_the_tree():
    skeleton = LAYOUTS['nturgb+d']
    clip = torch.randn(2, 1, 5, 25, 3)
    bones = bone(clip, skeleton)
    assert not bones[..., skeleton.root, :].any()
    for joint in range(25):
        ancestor, total = joint, clip[..., skeleton.root, :].clone()
        while ancestor != skeleton.root:
            total += bones[..., ancestor, :]
            ancestor = skeleton.parents[ancestor]
        torch.testing.assert_close(total, clip[..., joint, :])


def test_motion_adds_up_to_the_last_frame():
    clip = torch.randn(2, 1, 5, 25, 3)
    moved = motion(clip)
    assert not moved[:, :, -1].any()
    torch.testing.assert_close(clip[:, :, :1] + moved.cumsum(2)[:, :, :-1], clip[:, :, 1:])
