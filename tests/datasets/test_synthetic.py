"""Synthetic motion fits its label, the floor and the limbs, and the sensor records it with faults."""

import pickle
import runpy
import sys
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from usdrl_mmaction.datasets.synthetic import bodies, make_trimmed, make_untrimmed, sets
from usdrl_mmaction.datasets.synthetic.actions import ACTIONS, TABLE, duration, interpolate, script
from usdrl_mmaction.datasets.synthetic.bodies import Person, animate, make_person
from usdrl_mmaction.skeletons import LAYOUTS

SKELETON = LAYOUTS['nturgb+d']
TOOL = Path(__file__).parents[2] / 'tools/data/synthetic.py'
PAIRS = [action for action in TABLE if action.partner]


@pytest.fixture(scope='module')
def trimmed():
    return make_trimmed(6 * len(ACTIONS), seed=3)


@pytest.fixture(scope='module')
def untrimmed():
    return make_untrimmed(6, seed=3)


def ideal(name, frames=90, person=None, **kwargs):
    """The noise-free motion of an action.  # (T, V, 3)"""
    keys = script(TABLE[ACTIONS.index(name)], **kwargs)
    return animate((person or Person()).bones, interpolate(keys, frames)[0])


def mirrored(clip):
    swap = np.arange(len(SKELETON))
    for left, right in SKELETON.mirror:
        swap[[left, right]] = right, left
    return clip[..., swap, :] * (-1, 1, 1)


# --- motion ---------------------------------------------------------------------------------------------------------
def test_limbs_keep_their_subjects_lengths_over_time():
    person = make_person(seed=0, number=7)
    bones = {frozenset(pair): np.linalg.norm(person.bones[pair[0]]) for pair in bodies.TREE}
    child = [joint for joint in range(len(SKELETON)) if joint != SKELETON.root]
    parent = [SKELETON.parents[joint] for joint in child]
    expected = [bones[frozenset(pair)] for pair in zip(child, parent, strict=True)]
    for name in ACTIONS:
        clip = ideal(name, person=person)
        lengths = np.linalg.norm(clip[:, child] - clip[:, parent], axis=-1)  # (T, V - 1)
        np.testing.assert_allclose(lengths, np.broadcast_to(expected, lengths.shape), atol=1e-9)


def test_subjects_differ_and_are_symmetric():
    people = [make_person(0, number) for number in range(sets.NUM_SUBJECTS)]
    heights = [np.linalg.norm(person.bones, axis=-1).sum() for person in people]
    assert len(set(heights)) == len(people)
    assert 0 < sum(person.left_handed for person in people) < len(people) / 2
    np.testing.assert_allclose(mirrored(people[0].bones), people[0].bones)


@pytest.mark.parametrize('left, right', [('wave left hand', 'wave right hand'),
                                         ('kick with left leg', 'kick with right leg')])  # fmt: skip
def test_left_and_right_are_mirror_images(left, right):
    person = make_person(seed=0, number=3)
    np.testing.assert_allclose(mirrored(ideal(left, person=person)), ideal(right, person=person), atol=1e-9)
    assert np.abs(ideal(left) - ideal(right)).max() > 0.3


def test_left_handed_motion_is_the_mirror_image():
    np.testing.assert_allclose(mirrored(ideal('drink', mirrored=True)), ideal('drink'), atol=1e-9)


@pytest.mark.parametrize('first, second', [('sit down', 'stand up'), ('pick up', 'put down')])
def test_order_pairs_are_each_other_backwards(first, second):
    forward, backward = ideal(first), ideal(second)[::-1]
    shift = (forward - backward)[:, :1]  # they differ only in the start position
    np.testing.assert_allclose(forward - shift, backward, atol=1e-9)
    np.testing.assert_allclose(shift, np.broadcast_to(shift[:1], shift.shape), atol=1e-9)
    np.testing.assert_allclose(shift[..., 1], 0, atol=1e-9)


def test_slow_and_quick_reach_differ_in_time_only():
    slow, quick = (script(TABLE[ACTIONS.index(f'reach {how}')]) for how in ('slowly', 'quickly'))
    for one, other in zip(slow, quick, strict=True):
        np.testing.assert_array_equal(one.poses, other.poses)
    assert duration(slow) > 2 * duration(quick)


@pytest.mark.parametrize('name', ACTIONS)
def test_feet_are_on_the_floor_and_nobody_sinks_into_it(name):
    lowest = ideal(name)[..., 1].min(1)
    assert lowest.min() > -1e-9
    if name == 'jump':
        assert 0.25 < lowest.max() < 0.4
    elif name == 'jog in place':
        assert lowest.max() < 0.05
    else:
        assert lowest.max() < 1e-9


def test_knees_bend_backwards_only():
    straight, overstretched = np.zeros((2, 1, len(SKELETON) + 1, 3))
    overstretched[:, bodies.KNEES, 0] = 40
    np.testing.assert_array_equal(animate(Person().bones, overstretched), animate(Person().bones, straight))
    bent = animate(Person().bones, -overstretched)[0]
    hip, knee, ankle = (bent[SKELETON.joint(f'right_{part}')] for part in ('hip', 'knee', 'ankle'))
    assert ankle[2] - knee[2] > knee[2] - hip[2] + 0.1  # people face -z


def test_walking_moves_the_body_and_jogging_in_place_does_not():
    def advance(name):
        pelvis = ideal(name, cycles=2)[:, SKELETON.joint('spine_base')]
        return pelvis[0, 2] - pelvis[-1, 2]

    assert 1 < advance('walk') < 4
    assert abs(advance('jog in place')) < 0.2


def test_sitting_lowers_the_pelvis_to_the_knees():
    last = ideal('sit down')[-1]
    assert abs(last[SKELETON.joint('spine_base'), 1] - last[SKELETON.joint('left_knee'), 1]) < 0.1


def test_the_hands_meet_in_a_handshake():
    action = TABLE[ACTIONS.index('shake hands')]
    poses = interpolate(script(action, cycles=2), 60)
    clip = np.stack([animate(Person().bones, poses[m]) for m in range(2)])
    hands = bodies.stand_opposite(clip, 0, action.distance)[:, :, SKELETON.joint('right_hand')]  # (2, T, 3)
    assert np.linalg.norm(hands[0] - hands[1], axis=-1).min() < 0.1


# --- trimmed clips --------------------------------------------------------------------------------------------------
def test_same_seed_same_data_and_the_number_does_not_matter(trimmed):
    fewer = make_trimmed(2 * len(ACTIONS), seed=3)['annotations']
    for one, other in zip(fewer, trimmed['annotations'][: len(fewer)], strict=True):
        assert one['frame_dir'] == other['frame_dir']
        np.testing.assert_array_equal(one['keypoint'], other['keypoint'])


def test_another_seed_another_data(trimmed):
    other = make_trimmed(1, seed=4)['annotations'][0]['keypoint']
    same = trimmed['annotations'][0]['keypoint']
    assert other.shape != same.shape or not np.allclose(other, same)


def test_annotations_are_in_the_pose_format(trimmed):
    for item in trimmed['annotations']:
        persons = 2 if TABLE[item['label']].partner else 1
        assert item['keypoint'].shape == (persons, item['total_frames'], 25, 3)
        assert item['keypoint'].dtype == np.float32
        assert np.isfinite(item['keypoint']).all()
        assert 40 <= item['total_frames'] <= 300
        assert item['frame_dir'] == (f'S001C{item["camera"]:03d}P{item["subject"]:03d}R001A{item["label"] + 1:03d}')
    assert trimmed['meta']['classes'] == ACTIONS and len(set(ACTIONS)) == len(TABLE) == 18


def test_names_stay_unique_when_subjects_repeat_an_action(monkeypatch):
    monkeypatch.setattr(sets, 'perform', lambda keys, cast, frames, rng: np.ones((len(cast), 1, 25, 3)))
    names = [item['frame_dir'] for item in make_trimmed(100 * len(ACTIONS))['annotations']]
    assert len(set(names)) == len(names)


def test_splits_are_by_subject_and_by_camera(trimmed, untrimmed):
    for data in (trimmed, untrimmed):
        items = {item['frame_dir']: item for item in data['annotations']}
        assert len(items) == len(data['annotations'])
        for kind, key in (('xsub', 'subject'), ('xview', 'camera')):
            train, val = (data['split'][f'{kind}_{part}'] for part in ('train', 'val'))
            assert sorted(train + val) == sorted(items)
            assert not {items[name][key] for name in train} & {items[name][key] for name in val}
        assert {items[name]['camera'] for name in data['split']['xview_val']} == {1}
        assert {items[name]['camera'] for name in data['split']['xview_train']} == {2, 3}


@pytest.mark.parametrize('rounds', [2, 6])
def test_actions_are_balanced_in_every_split(trimmed, rounds):
    label = {item['frame_dir']: item['label'] for item in trimmed['annotations'][: rounds * len(ACTIONS)]}
    for members in trimmed['split'].values():
        counts = Counter(label[name] for name in members if name in label)
        assert set(counts) == set(range(len(ACTIONS)))
        assert len(set(counts.values())) == 1


def test_the_camera_sees_people_upright_and_mostly_from_the_front(trimmed):
    head, foot, left, right = map(SKELETON.joint, ('head', 'left_foot', 'left_shoulder', 'right_shoulder'))
    clips = np.stack([np.median(item['keypoint'][0], axis=0) for item in trimmed['annotations'] if item['camera'] == 1])
    assert (clips[:, head, 1] > clips[:, foot, 1] + 0.5).all()
    facing = clips[:, right, 0] > clips[:, left, 0]
    assert facing[[item['label'] not in map(TABLE.index, PAIRS) for item in trimmed['annotations']
                   if item['camera'] == 1]].mean() > 0.9  # fmt: skip
    assert (clips[:, 0, 2] > 1).all()


def test_the_sensor_drops_some_frames_joints_and_persons():
    data = make_trimmed(10 * len(ACTIONS), seed=1)['annotations']
    frames = np.concatenate([item['keypoint'][0] for item in data])  # (T, V, 3)
    missing = ~frames.any(-1)
    assert 0 < missing.all(-1).mean() < 0.01
    assert 0 < (missing.any(-1) & ~missing.all(-1)).mean() < 0.1
    alone = [not item['keypoint'][1].any() for item in data if TABLE[item['label']].partner]
    assert 0 < sum(alone) < len(alone) / 2


# --- untrimmed videos -----------------------------------------------------------------------------------------------
def test_segments_are_sorted_in_range_and_apart(untrimmed):
    for item in untrimmed['annotations']:
        labels, start, end = item['segments'].T
        assert item['segments'].dtype.kind == 'i'
        assert item['label'] == -1
        assert 5 <= len(labels) <= 12
        assert labels.min() >= 1 and labels.max() <= len(ACTIONS)
        assert (start < end).all()
        assert start[0] > 0 and end[-1] < item['total_frames']
        assert (start[1:] > end[:-1]).all()
        assert item['keypoint'].shape == (2, item['total_frames'], 25, 3)


def test_the_second_person_is_seen_only_in_actions_of_two(untrimmed):
    needed = []
    for item in untrimmed['annotations']:
        seen, near = item['keypoint'][1].any((-1, -2)), np.zeros(item['total_frames'], dtype=bool)  # (T,)
        for label, start, end in item['segments']:
            if TABLE[label - 1].partner:
                needed.append(seen[start:end].mean())
                near[max(start - 40, 0) : end + 40] = True
        assert not seen[~near].any()
    assert needed and min(needed) > 0.9


def test_stand_up_follows_sit_down(untrimmed):
    sit, rise = ACTIONS.index('sit down') + 1, ACTIONS.index('stand up') + 1
    for seed in range(30):
        labels = [label + 1 for label in sets.programme(np.random.default_rng(seed))]
        for before, label in zip([0, *labels], labels, strict=False):
            assert (label == rise) == (before == sit)


def test_idle_people_are_not_frozen(untrimmed):
    item = untrimmed['annotations'][0]
    start, end = item['segments'][0, 2], item['segments'][1, 1]
    steps = np.linalg.norm(np.diff(item['keypoint'][0, start:end], axis=0), axis=-1)
    assert np.median(steps) > 1e-3


def test_untrimmed_is_deterministic(untrimmed):
    again = make_untrimmed(1, seed=3)['annotations'][0]
    np.testing.assert_array_equal(again['keypoint'], untrimmed['annotations'][0]['keypoint'])
    np.testing.assert_array_equal(again['segments'], untrimmed['annotations'][0]['segments'])


# --- the command ----------------------------------------------------------------------------------------------------
def test_command_writes_skips_and_makes_again(tmp_path, monkeypatch, capsys):
    def run(seed):
        monkeypatch.setattr(sys, 'argv', [str(TOOL), '--out-dir', str(tmp_path), '--clips', '18', '--videos', '1',
                                          '--seed', str(seed)])  # fmt: skip
        runpy.run_path(str(TOOL), run_name='__main__')
        return capsys.readouterr().out.replace('\n', ' ')

    assert '18 classes' in run(0)
    names = ['synthetic.pkl', 'synthetic_2d.pkl', 'synthetic_other.pkl', 'synthetic_untrimmed.pkl']
    assert sorted(path.name for path in tmp_path.iterdir()) == names
    written = (tmp_path / 'synthetic.pkl').stat().st_mtime_ns
    assert 'skipped' in run(0)
    assert (tmp_path / 'synthetic.pkl').stat().st_mtime_ns == written
    assert 'other arguments' in run(1)
    with (tmp_path / 'synthetic.pkl').open('rb') as file:
        assert pickle.load(file)['meta']['seed'] == 1
