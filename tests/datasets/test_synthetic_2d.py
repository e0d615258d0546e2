"""Synthetic people as seen by a camera and a pose estimator."""

import numpy as np
import pytest

from usdrl_mmaction.datasets.synthetic import make_trimmed, make_trimmed_2d
from usdrl_mmaction.datasets.synthetic.pictures import FOCAL, HEIGHT, WIDTH, add_face, take_pictures
from usdrl_mmaction.skeletons import LAYOUTS

COCO, KINECT = LAYOUTS['coco'], LAYOUTS['nturgb+d']


class Still:
    """A camera without noise, and an estimator with scores of 1."""

    def normal(self, mean, deviation, shape):
        return np.full(shape, mean)

    def uniform(self, low, high, shape):
        return np.full(shape, high)


@pytest.fixture(scope='module')
def both():
    return make_trimmed(54, seed=5), make_trimmed_2d(54, seed=5)


def test_the_clips_are_those_in_3d(both):
    solid, flat = both
    assert flat['split'] == solid['split'] and flat['meta']['classes'] == solid['meta']['classes']
    for a, b in zip(solid['annotations'], flat['annotations'], strict=True):
        assert {key: a[key] for key in ('frame_dir', 'label', 'total_frames')} == {
            key: b[key] for key in ('frame_dir', 'label', 'total_frames')
        }
        assert b['keypoint'].shape == (*a['keypoint'].shape[:2], 17, 2)
        assert b['keypoint_score'].shape == b['keypoint'].shape[:3] and b['img_shape'] == (HEIGHT, WIDTH)


def test_what_is_not_seen_is_zero_with_a_score_of_zero(both):
    scores = np.concatenate([item['keypoint_score'].ravel() for item in both[1]['annotations']])
    places = np.concatenate([item['keypoint'].reshape(-1, 2) for item in both[1]['annotations']])
    assert 0 < (scores == 0).mean() < 0.5
    assert np.array_equal(scores == 0, ~places.any(-1)) and scores[scores > 0].min() >= 0.6


def test_people_are_inside_the_image(both):
    seen = np.concatenate([item['keypoint'][item['keypoint_score'] > 0] for item in both[1]['annotations']])
    assert ((seen > 0) & (seen < (WIDTH, HEIGHT))).all(-1).mean() > 0.95  # who comes near loses the feet


def test_the_projection_is_that_of_a_pinhole():
    joints = np.zeros((1, 1, 3, 3))
    joints[0, 0, 0], joints[0, 0, 1] = (0, 0, 2), (1, 0.5, 4)
    pixels, score = take_pictures(joints, Still())
    expected = [(WIDTH / 2, HEIGHT / 2), (WIDTH / 2 + FOCAL / 4, HEIGHT / 2 - FOCAL / 8), (0, 0)]
    assert np.allclose(pixels[0, 0], expected) and score[0, 0].tolist() == [1, 1, 0]


def test_the_face_turns_with_the_shoulders():
    """Facing the camera the nose is nearest to it, and the left eye on the side of the left shoulder."""
    body = np.zeros((1, 1, 25, 3))
    for name, place in {
        'head': (0, 1.6, 3),
        'left_shoulder': (0.2, 1.4, 3),
        'right_shoulder': (-0.2, 1.4, 3),
        'spine_shoulder': (0, 1.4, 3),
    }.items():
        body[0, 0, KINECT.joint(name)] = place
    joints = np.zeros((1, 1, 17, 3))
    add_face(joints, body)
    nose, left_eye, right_ear = (joints[0, 0, COCO.joint(name)] for name in ('nose', 'left_eye', 'right_ear'))
    assert np.allclose(nose, (0, 1.6, 3 - 0.11)) and np.allclose(left_eye, (0.03, 1.64, 3 - 0.09))
    assert np.allclose(right_ear, (-0.07, 1.61, 3))
    add_face(joints := np.zeros((1, 1, 17, 3)), np.zeros((1, 1, 25, 3)))
    assert not joints.any()


def test_the_same_seed_gives_the_same(both):
    again, other = make_trimmed_2d(54, seed=5), make_trimmed_2d(54, seed=6)
    first = both[1]['annotations'][0]['keypoint']
    assert np.array_equal(again['annotations'][0]['keypoint'], first)
    assert not np.array_equal(other['annotations'][0]['keypoint'], first)
