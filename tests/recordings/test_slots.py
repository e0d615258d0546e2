"""People keep their slot, and the slots of those who are gone for good are given to others."""

import numpy as np
import pytest

from usdrl_mmaction.recordings.slots import Slots

POSE = np.random.default_rng(0).normal(size=(5, 3))


def at(x, size=1.0):
    return size * POSE + [x, 0, 0]


@pytest.fixture
def slots():
    return Slots(number=2, patience=4)


def test_whatever_order_people_come_in(slots):
    assert slots([at(0), at(10, 0.5)], 3) == {0: 0, 1: 1}
    assert slots([at(10.1, 0.5), at(0.1)], 3) == {0: 1, 1: 0}
    assert slots([at(0.2), at(10.2, 0.5)], 3) == {0: 0, 1: 1}


def test_newcomers_are_placed_by_size(slots):
    assert slots([at(10, 0.5), at(0)], 3) == {0: 1, 1: 0}


def test_a_slot_is_kept_for_as_long_as_the_patience_lasts(slots):
    slots([at(0), at(10, 0.5)], 3)
    for _ in range(3):
        assert slots([at(10, 0.5), at(50)], 3) == {1: 0}  # the newcomer waits
    assert slots([at(0), at(10, 0.5), at(50)], 3) == {0: 0, 1: 1}  # back in time
    for _ in range(4):
        slots([at(10, 0.5), at(50)], 3)
    assert slots([at(0), at(10, 0.5), at(50)], 3) in ({0: 0, 1: 1}, {0: 2, 1: 1})


def test_after_that_a_newcomer_gets_it(slots):
    slots([at(0), at(10, 0.5)], 3)
    for _ in range(4):
        slots([at(10, 0.5)], 3)
    assert slots([at(10, 0.5), at(50)], 3) == {0: 1, 1: 0}


def test_who_is_not_seen_at_all_takes_no_slot(slots):
    assert slots([np.zeros((5, 3)), at(0)], 3) == {0: 1}
    assert slots([], 3) == {}


def test_the_score_does_not_tell_who_is_who(slots):
    def scored(pose, score):
        return np.c_[pose, np.full(5, score)]

    slots([scored(at(0), 0.1), scored(at(10, 0.5), 99)], 3)
    assert slots([scored(at(10, 0.5), 0.1), scored(at(0), 99)], 3) == {0: 1, 1: 0}


def test_nothing_is_kept_of_those_who_passed_by(slots):
    for x in range(0, 1000, 100):
        for _ in range(6):
            slots([at(x)], 3)
    assert len(slots.poses) <= 2
