"""Generated movement is what bodies can do: limbs keep their lengths, hands reach where they should, people differ."""

import numpy as np
import pytest

from usdrl_mmaction.datasets.synthetic.bodies import BONES, SKELETON, V, animate
from usdrl_mmaction.datasets.synthetic.movement import ARM, BASES, arm, between, hand_path, make_movement, opposite
from usdrl_mmaction.skeletons import bone


@pytest.fixture(scope='module')
def clips() -> list[np.ndarray]:
    return [item['keypoint'] for item in make_movement(150, seed=2)['annotations']]


def test_the_same_seed_gives_the_same_clips_and_another_gives_others():
    one, again, other = (make_movement(3, seed)['annotations'] for seed in (0, 0, 1))
    assert all(np.array_equal(a['keypoint'], b['keypoint']) for a, b in zip(one, again, strict=True))
    assert not np.array_equal(one[0]['keypoint'][:, :20], other[0]['keypoint'][:, :20])
    more = make_movement(5, 0)['annotations']  # a clip does not depend on how many there are
    assert np.array_equal(more[2]['keypoint'], one[2]['keypoint'])


def test_a_file_of_it_is_one_of_mmaction2(clips):
    data = make_movement(4)
    assert data['split']['train'] == [item['frame_dir'] for item in data['annotations']]
    for item in data['annotations']:
        people, frames, joints, channels = item['keypoint'].shape
        assert (frames, joints, channels) == (item['total_frames'], V, 3) and people in (1, 2)


def test_limbs_keep_their_lengths_and_bodies_are_of_all_sizes(clips):
    sizes = []
    for clip in clips:
        length = np.linalg.norm(bone(clip, SKELETON), axis=-1)  # (M, T, V)
        assert np.ptp(length, axis=1).max() < 1e-4
        sizes += np.linalg.norm(
            clip[:, 0, SKELETON.joint('head')] - clip[:, 0, SKELETON.joint('spine_base')], axis=-1
        ).tolist()
    assert min(sizes) < 0.55 and max(sizes) > 0.75  # metres from hips to head: children and tall people


def test_nobody_is_as_fast_as_no_human_is(clips):
    for clip in clips:
        speed = np.linalg.norm(np.diff(clip, axis=1), axis=-1) * 30
        assert np.isfinite(clip).all() and speed.max() < 25  # metres a second
    moved = [clip.std(1).max() for clip in clips]
    assert np.median(moved) > 0.1  # something happens


def test_the_clips_are_of_all_kinds(clips):
    hands, hips = ([SKELETON.joint(f'{side}_{part}') for side in ('left', 'right')] for part in ('wrist', 'hip'))
    by_hand = np.array([clip[0][:, hands].std(0).max() for clip in clips])
    travel = np.array([np.linalg.norm(clip[0, -1, hips].mean(0) - clip[0, 0, hips].mean(0)) for clip in clips])
    lowered = np.array([np.ptp(clip[0, :, hips, 1]) for clip in clips])
    assert (by_hand > 0.15).mean() > 0.4 and (travel > 0.4).mean() > 0.05 and (lowered > 0.15).mean() > 0.05
    assert 0.03 < np.mean([len(clip) == 2 for clip in clips]) < 0.3


@pytest.mark.parametrize('kind', BASES)
def test_every_base_moves_the_legs_or_the_trunk_within_reason(kind):
    poses = BASES[kind](60, np.random.default_rng(0))
    assert poses.shape == (60, V + 1, 3) and np.isfinite(poses).all()
    assert (np.ptp(poses, axis=0).max() > 5) == (kind != 'stand')


def test_the_hand_is_where_the_arm_was_to_put_it():
    """The wrist of a body of the average size, upright and without turns."""
    rng = np.random.default_rng(1)
    for _ in range(5):
        places = hand_path(40, rng)
        places /= np.maximum(np.linalg.norm(places, axis=-1, keepdims=True) / 0.9, 1)
        poses = np.zeros((40, V + 1, 3))
        shoulder, elbow, wrist = (SKELETON.joint(f'right_{part}') for part in ('shoulder', 'elbow', 'wrist'))
        poses[:, [shoulder, elbow]] = arm(places, rng).swapaxes(0, 1)
        clip = animate(BONES, poses)
        reached = (clip[:, wrist] - clip[:, shoulder]) / ARM
        far = np.linalg.norm(reached - places, axis=-1)[np.linalg.norm(places, axis=-1) > 0.3]
        assert far.max() < 0.08


def test_between_poses_it_rests_and_has_the_least_jerk():
    path = between(np.array([0.0, 1.0, 0.0]), 200, np.random.default_rng(0))
    assert path[0] == 0 and path.max() == pytest.approx(1, abs=1e-2) and path[-1] == pytest.approx(0, abs=1e-2)
    steps = np.abs(np.diff(path))
    assert steps[0] < 0.2 * steps.max() and steps[-1] < 0.2 * steps.max()


def test_two_people_face_each_other_mostly():
    rng = np.random.default_rng(0)
    person = animate(BONES, np.zeros((4, V + 1, 3)))
    gaps, facing = [], []
    for _ in range(200):
        other = opposite(person, person, rng)
        gaps.append(np.linalg.norm((other - person)[0, 0, [0, 2]]))
        left, right = (other[0, SKELETON.joint(f'{side}_shoulder')] for side in ('left', 'right'))
        facing.append((right - left)[0])  # the first person's is at +x
    assert min(gaps) > 0.4 and max(gaps) < 2.2
    assert np.mean(np.array(facing) < 0) > 0.9
