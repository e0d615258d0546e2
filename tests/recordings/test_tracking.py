"""People keep their place, whatever the order of detections, while others come and go."""

import numpy as np
import pytest

from usdrl_mmaction.recordings.tracking import Tracker, track_people

SHAPE = np.random.default_rng(0).uniform(0, 100, (17, 2)) + 1  # a body about 100 pixels across
POSE = np.random.default_rng(0).normal(size=(5, 3))


def follow(frames):
    tracker = Tracker()
    return [tracker(people) for people in frames]


def test_detections_in_any_order():
    rng = np.random.default_rng(1)
    truth = [rng.permutation(3) for _ in range(40)]
    places = follow([[SHAPE + 300 * who + 5 * t for who in order] for t, order in enumerate(truth)])
    name = dict(zip(truth[0], places[0], strict=True))
    assert all(place == [name[who] for who in order] for order, place in zip(truth, places, strict=True))


def test_people_who_cross_keep_their_direction():
    step = np.array([8, 0])
    left, right = [SHAPE + step * t for t in range(50)], [SHAPE * (1, 0.7) + step * (50 - t) for t in range(50)]
    assert follow([[b, a] if t % 2 else [a, b] for t, (a, b) in enumerate(zip(left, right, strict=True))]) == [
        [1, 0] if t % 2 else [0, 1] for t in range(50)
    ]


def test_returning_people_get_their_old_place_and_new_people_a_new_one():
    here, there = SHAPE, SHAPE + 1000
    assert follow([[here], [], [], [here + 20], [there, here + 25]]) == [[0], [], [], [0], [1, 0]]


def test_the_allowed_distance_grows_with_the_absence():
    step = np.array([0, 120])  # more than half a body
    assert follow([[SHAPE], [SHAPE + step]]) == [[0], [1]]
    assert follow([[SHAPE], [], [], [SHAPE + step]]) == [[0], [], [], [0]]


def test_joints_that_are_not_seen_do_not_count():
    blinking = [SHAPE.copy() for _ in range(10)]
    for t, pose in enumerate(blinking):
        pose[t % 5 :: 5] = 0
    assert follow([[pose] for pose in blinking]) == [[0]] * 10
    upper, lower = SHAPE.copy(), SHAPE.copy()
    upper[8:], lower[:8] = 0, 0
    assert follow([[upper], [lower]]) == [[0], [1]]  # nothing to compare


def test_the_assignment_is_the_best_of_all():
    step = np.array([10, 0])
    a, b = SHAPE, SHAPE + 3 * step
    # a is now 2 steps away from both old poses, b 5 from a's and 2 from its own.
    assert follow([[a, b], [a + 2 * step, b + 2 * step]]) == [[0, 1], [0, 1]]
    assert follow([[a, b], [b + 2 * step, a + 2 * step]]) == [[0, 1], [1, 0]]


def test_a_clip_has_people_in_their_places_and_zeros_in_their_absence():
    def scored(pose, score):
        return np.c_[pose, np.full(17, score)].astype(np.float32)

    frames = [[scored(SHAPE, 0.5)], [], [scored(SHAPE + 1000, 0.2), scored(SHAPE + 1, 0.6)], [np.zeros((17, 3))]]
    clip = track_people(frames, 'a.json', joints=('nose',))
    assert clip.keypoint.shape == (2, 4, 17, 2) and clip.keypoint.dtype == np.float32 and clip.joints == ('nose',)
    np.testing.assert_array_equal(clip.keypoint[0, 0], SHAPE.astype(np.float32))
    np.testing.assert_array_equal(clip.keypoint[:, 2], np.float32([SHAPE + 1, SHAPE + 1000]))
    np.testing.assert_allclose(clip.score[:, 2, 0], [0.6, 0.2])
    assert not clip.keypoint[:, [1, 3]].any() and not clip.keypoint[1, 0].any()


def test_no_frames_with_people():
    assert follow([[], []]) == [[], []]


# --- Live, with a number of places ----------------------------------------------------------------------------------
def at(x, size=1.0):
    return size * POSE + [x, 0, 0]


@pytest.fixture
def tracker():
    return Tracker(num_places=2, patience=4)


def test_people_in_any_order(tracker):
    assert tracker([at(0), at(10, 0.5)]) == [0, 1]
    assert tracker([at(10.1, 0.5), at(0.1)]) == [1, 0]
    assert tracker([at(0.2), at(10.2, 0.5)]) == [0, 1]


def test_new_people_are_placed_by_size(tracker):
    assert tracker([at(10, 0.5), at(0)]) == [1, 0]


def test_a_place_is_kept_for_as_long_as_the_patience_lasts(tracker):
    tracker([at(0), at(10, 0.5)])
    for _ in range(3):
        assert tracker([at(10, 0.5), at(50)]) == [1, None]  # the newcomer waits
    assert tracker([at(0), at(10, 0.5), at(50)]) == [0, 1, None]  # back in time
    for _ in range(4):
        tracker([at(10, 0.5), at(50)])
    assert tracker([at(0), at(10, 0.5), at(50)]) in ([0, 1, None], [None, 1, 0])


def test_a_new_person_gets_the_place_after_that(tracker):
    tracker([at(0), at(10, 0.5)])
    for _ in range(4):
        tracker([at(10, 0.5)])
    assert tracker([at(10, 0.5), at(50)]) == [1, 0]


def test_a_person_without_seen_joints_takes_no_place(tracker):
    assert tracker([np.zeros((5, 3)), at(0)]) == [None, 0]
    assert tracker([]) == []


def test_tracks_of_people_who_left_are_dropped(tracker):
    for x in range(0, 1000, 100):
        for _ in range(6):
            tracker([at(x)])
    assert len(tracker.tracks) <= 2
