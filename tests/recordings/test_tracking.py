"""People keep their place, whatever the order of detections, and whoever comes and goes."""

import numpy as np

from usdrl_mmaction.recordings.tracking import follow, gather

SHAPE = np.random.default_rng(0).uniform(0, 100, (17, 2)) + 1  # a body about 100 pixels across


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


def test_who_comes_back_gets_the_old_place_and_who_is_new_a_new_one():
    here, there = SHAPE, SHAPE + 1000
    assert follow([[here], [], [], [here + 20], [there, here + 25]]) == [[0], [], [], [0], [1, 0]]


def test_nobody_jumps_but_after_a_while_one_may_be_anywhere():
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


def test_gather_puts_people_in_their_places():
    frames = [[SHAPE], [], [SHAPE + 1, SHAPE + 2]]
    done = gather(frames, [[1], [], [0, 1]])
    assert done.shape == (2, 3, 17, 2) and done.dtype == np.float32
    np.testing.assert_array_equal(done[1, 0], SHAPE.astype(np.float32))
    np.testing.assert_array_equal(done[:, 2], np.float32([SHAPE + 1, SHAPE + 2]))
    assert not done[0, :2].any() and not done[1, 1].any()


def test_no_frames_with_people():
    assert follow([[], []]) == [[], []]
