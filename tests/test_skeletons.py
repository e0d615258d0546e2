"""Layouts are trees, and bones and motion are what they are called."""

import json

import numpy as np
import pytest
import torch

from usdrl_mmaction.errors import LayoutError, MissingFileError
from usdrl_mmaction.skeletons import (
    LAYOUTS,
    JointMapping,
    Skeleton,
    bone,
    get_skeleton,
    joint_mapping,
    layout_of,
    middle,
    motion,
)

# Child → parent, counted from 1, as the authors list them.
NTU_PARENTS = (
    '1→2 2→21 3→21 4→3 5→21 6→5 7→6 8→7 9→21 10→9 11→10 12→11 13→1 14→13 15→14 16→15 17→1 18→17 19→18 20→19 21→21 '
    '22→23 23→8 24→25 25→12'
)
SIZES = {
    'nturgb+d': 25, 'coco': 17, 'kinect_v1': 20, 'h36m': 17, 'openpose': 18, 'openpose_25': 25, 'mediapipe': 33,
    'hand': 21, 'mpii': 16, 'smpl': 24, 'halpe': 26, 'body': 19, 'coco_wholebody': 133,
}  # fmt: skip
SIDES = ('left', 'right')
CHAIN = dict(num_node=3, inward=[(1, 0), (2, 1)], center=0)


def test_the_layouts_and_their_sizes():
    assert {name: len(skeleton) for name, skeleton in LAYOUTS.items()} == SIZES
    assert all(len(skeleton.names) == len(skeleton) for skeleton in LAYOUTS.values())


def test_ntu_parents_are_the_authors():
    pairs = [tuple(int(joint) - 1 for joint in pair.split('→')) for pair in NTU_PARENTS.split()]
    assert tuple(parent for _, parent in sorted(pairs)) == LAYOUTS['nturgb+d'].parents


@pytest.mark.parametrize('layout', ['coco', 'openpose'])
def test_where_mmaction2_has_a_graph_the_tree_is_its_own(layout):
    from mmaction.models.utils import Graph  # which does not import before this package

    graph, skeleton = Graph(layout), LAYOUTS[layout]
    assert {(joint, parent) for joint, parent in enumerate(skeleton.parents) if joint != parent} == set(graph.inward)
    assert skeleton.root == graph.center


def test_kinect_v1():
    skeleton = LAYOUTS['kinect_v1']
    assert skeleton.parents == (0, 0, 1, 2, 2, 4, 5, 6, 2, 8, 9, 10, 0, 12, 13, 14, 0, 16, 17, 18)
    pairs = {(left, left + 4) for left in (*range(4, 8), *range(12, 16))}
    assert set(skeleton.mirror) == pairs and skeleton.shoulders == (4, 8)


@pytest.mark.parametrize('layout', LAYOUTS)
def test_mirror_pairs_are_named_left_and_right_and_hang_alike(layout):
    skeleton = LAYOUTS[layout]
    other = {**dict(skeleton.mirror), **{right: left for left, right in skeleton.mirror}}
    for left, right in skeleton.mirror:
        assert skeleton.names[left].replace('left', 'right') == skeleton.names[right]
        assert other.get(skeleton.parents[left], skeleton.parents[left]) == skeleton.parents[right]
    assert len(other) == 2 * len(skeleton.mirror) == sum('left' in n or 'right' in n for n in skeleton.names)


@pytest.mark.parametrize('layout', sorted(set(LAYOUTS) - {'hand'}))
def test_bodies_know_their_shoulders_and_torso(layout):
    skeleton = LAYOUTS[layout]
    pairs = {
        part: tuple(skeleton.joint(f'{side}_{part}') for side in ('left', 'right')) for part in ('hip', 'shoulder')
    }
    assert skeleton.shoulders == pairs['shoulder'] and skeleton.torso == (pairs['hip'], pairs['shoulder'])


def test_ntu_is_centred_on_the_middle_of_the_spine():
    assert LAYOUTS['nturgb+d'].origin == (1,) and LAYOUTS['nturgb+d'].shoulders == (4, 8)


def test_layout_from_a_dict():
    skeleton = get_skeleton(CHAIN)
    assert skeleton.parents == (0, 0, 1)
    assert skeleton.root == 0 and skeleton.origin == (0,)
    assert not skeleton.names and not skeleton.mirror and not skeleton.shoulders and not skeleton.torso


@pytest.mark.parametrize('root', [None, -1, 0, 'hub'])
def test_layout_from_a_json_file(tmp_path, root):
    path = tmp_path / 'mine.json'
    names = ['hub', 'shoulder_left', 'shoulder_right', 'tail']
    path.write_text(json.dumps(dict(names=names, parents=[root, 0, 'hub', 0], origin='tail', torso=['tail', [1, 2]])))
    skeleton = get_skeleton(str(path))
    assert skeleton == Skeleton(
        (0, 0, 0, 0), tuple(names), ((1, 2),), origin=(3,), shoulders=(1, 2), torso=((3,), (1, 2))
    )


def test_every_layout_survives_a_json_file(tmp_path):
    for skeleton in LAYOUTS.values():
        path = tmp_path / 'layout.json'
        path.write_text(json.dumps(vars(skeleton)))
        assert get_skeleton(str(path)) == skeleton


@pytest.mark.parametrize(
    'layout, message',
    [
        ('kinect9', "Unknown layout 'kinect9'. Known: nturgb\\+d"),
        ('nowhere.json', 'There is no layout file nowhere.json'),
        (dict(num_node=3, inward=[(1, 0)]), "needs \\['center'\\]"),
        (dict(num_node=3, inward=[(1, 0)], center=0), 'Joints \\[2\\] have no parent'),
        (dict(num_node=2, inward=[(1, 0), (5, 1)], center=0), "Joints \\[5\\] of 'inward' do not exist"),
        (dict(num_node=2, inward=[(1, 0), (0, 1)], center=0), 'joint 0 two parents, 1 and 0'),
        (dict(CHAIN, left=[1]), "unknown keys \\['left'\\]"),
        (dict(CHAIN, names=['a', 'b']), '3 joints need 3 different names'),
        (dict(CHAIN, names=['a', 'b', 'b']), '3 joints need 3 different names'),
        (dict(CHAIN, mirror=[(1, 1)]), '\\[1\\] occur twice'),
        (dict(CHAIN, mirror=[(0, 1), (1, 2)]), '\\[1\\] occur twice'),
        (dict(CHAIN, mirror=[(1, 2, 0)]), 'pairs of joints'),
        (dict(CHAIN, mirror=[(1, 3)]), 'joints \\[3\\] of 3'),
        (dict(CHAIN, origin='hip'), "no joints \\['hip'\\]"),
        (dict(CHAIN, shoulders=[1]), 'a left and a right joint'),
        (dict(parents=[None, 0, 7]), 'parents of joints \\[2\\]'),
        (dict(parents=[None, 0, 'chest'], names=['a', 'b', 'c']), "no joints \\['chest'\\]"),
    ],
)
def test_unusable_layouts_say_why(layout, message):
    with pytest.raises(MissingFileError if layout == 'nowhere.json' else LayoutError, match=message):
        get_skeleton(layout)


@pytest.mark.parametrize('text', ['{', '[0, 0]', '{"joints": []}', '{"parents": [null, 2, 1]}'])
def test_an_unusable_file_is_named(tmp_path, text):
    path = tmp_path / 'broken.json'
    path.write_text(text)
    with pytest.raises(LayoutError, match=r'broken\.json'):
        get_skeleton(str(path))


@pytest.mark.parametrize('parents, message', [((0, 1, 0), 'exactly one root'), ((0, 2, 1), 'cycle')])
def test_a_skeleton_is_a_tree(parents, message):
    with pytest.raises(LayoutError, match=message):
        Skeleton(parents)


@pytest.mark.parametrize('layout', LAYOUTS)
def test_bones_add_up_to_joints_along_the_tree(layout):
    skeleton = LAYOUTS[layout]
    clip = torch.randn(2, 1, 5, len(skeleton), 3)
    bones = bone(clip, skeleton)
    assert not bones[..., skeleton.root, :].any()
    for joint in range(len(skeleton)):
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


def test_arrays_and_tensors_give_the_same():
    clip, skeleton = torch.randn(2, 5, 17, 2), LAYOUTS['coco']
    for array, tensor in [(motion(clip.numpy()), motion(clip)), (bone(clip.numpy(), skeleton), bone(clip, skeleton))]:
        assert isinstance(array, np.ndarray) and array.dtype == np.float32
        np.testing.assert_array_equal(array, tensor)


# --- One layout as another ------------------------------------------------------------------------------------------
def sources(source, target, **options):
    return joint_mapping(source, target, **options).sources


@pytest.mark.parametrize(
    'name, other',
    [
        ('left_shoulder', 'LShoulder'),
        ('left_shoulder', 'shoulder_left'),
        ('left_shoulder', 'Left Shoulder'),
        ('right_hand_tip', 'HandTipRight'),
        ('right_hip', 'r_hip'),
        ('pelvis', 'MidHip'),
        ('hip_center', 'spine_base'),
        ('mid_hip', 'SpineBase'),
        ('shoulder_center', 'thorax'),
        ('spine_mid', 'spine'),
        ('left_wrist', 'lwrist'),
        ('right_shoulder', 'R-Sho'),
        ('left_ear', 'leftear'),
        ('left_hand_tip', 'HandtipLeft'),
        ('left_collar', 'ClavicleLeft'),
        ('hip_center', 'hipcenter'),
        ('pelvis', 'Hip'),
        ('pelvis', 'waist'),
        ('right_big_toe', 'RToe'),
        ('spine_mid', 'SPINE_NAVEL'),
        ('left_wrist', 'left_wrist_joint'),
        ('spine1', 'Spine_1'),
    ],
)
def test_names_that_mean_the_same(name, other):
    assert sources(['nothing', other], [name]) == sources(['nothing', name], [other]) == ({1: 1.0},)


@pytest.mark.parametrize(
    'name, other',
    [
        ('left_hip', 'right_hip'),
        ('neck', 'thorax'),
        ('左肩', '右肩'),
        ('*', '+'),
        ('spine', 'spine1'),
        ('left_hip', 'hip'),
        ('index', 'indey'),
    ],
)
def test_names_that_do_not(name, other):
    assert sources([name], [other]) == ({},) and sources([name], [name]) == ({0: 1.0},)


def test_the_very_name_goes_before_a_synonym_and_the_first_before_others():
    assert sources(['mid_hip', 'pelvis', 'spine_base'], ['pelvis', 'hip_center']) == ({1: 1.0}, {0: 1.0})


@pytest.mark.parametrize('layout', LAYOUTS)
def test_a_layout_is_itself(layout):
    names = LAYOUTS[layout].names
    assert sources(names, names) == tuple({joint: 1.0} for joint in range(len(names)))


def test_a_layout_is_known_by_the_names_of_its_joints():
    assert all(layout_of(skeleton.names) == layout for layout, skeleton in LAYOUTS.items())
    names = [f'{part}_{side}' for side, part in (name.split('_', 1) for name in LAYOUTS['coco'].names[1:])]
    assert layout_of(['Nose', *names]) == 'coco'
    assert layout_of(LAYOUTS['coco'].names[::-1]) is None and layout_of([]) is None


def test_joints_are_estimated_where_all_that_it_takes_is_there():
    assert sources(['left_hip', 'right_hip'], ['pelvis', 'neck', 'left_hip']) == ({}, {}, {0: 1.0})
    estimated = sources(['left_hip', 'right_hip'], ['pelvis', 'neck', 'left_hip'], estimate=True)
    assert estimated == ({0: 0.5, 1: 0.5}, {}, {0: 1.0})


def test_a_mapped_joint_is_the_mean_of_the_seen_or_a_place_between_all():
    clip = np.array([[[1, 2], [5, 6], [0, 0]], [[1, 2], [0, 0], [7, 7]]], np.float32)  # (T, V, C)
    mapping = JointMapping(({1: 1.0}, {0: 0.5, 1: 0.5}, {}, {0: 0.25, 1: 0.75}))
    assert mapping.missing == [2]
    mapped = [[[5, 6], [3, 4], [0, 0], [4, 5]], [[0, 0], [1, 2], [0, 0], [0, 0]]]
    np.testing.assert_array_equal(mapping(clip), mapped)
    np.testing.assert_array_equal(mapping.scores(np.float32([[0.5, 0.25, 1]])), [[0.25, 0.25, 0, 0.25]])
    assert mapping(clip).dtype == np.float32


def test_the_middle_of_nobody_is_zero():
    clip = np.array([[[0, 0], [0, 0]], [[2, 2], [0, 0]], [[2, 2], [4, 6]]], np.float32)
    np.testing.assert_array_equal(middle(clip, (0, 1)), [[0, 0], [2, 2], [3, 4]])
