"""The numbers of classes can be read on the map."""

import numpy as np
from scipy.spatial.distance import pdist

from usdrl_mmaction.reports.embedding import apart


def test_numbers_make_room_for_each_other_and_stay_where_there_is_room():
    places = np.array([[0.0, 0.0], [0.1, 0.0], [0.0, 0.3], [5.0, 5.0]])
    moved = apart(places, 1.0)
    assert pdist(moved).min() > 0.99 and np.abs(moved - places).max() < 1.0
    np.testing.assert_array_equal(moved[3], places[3])
