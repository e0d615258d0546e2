"""A stream is scored as the whole recording is, and no more of it is kept than needed."""

import pickle
import tracemalloc

import numpy as np
import pytest
import torch
from mmaction.registry import DATASETS
from mmengine.dataset import pseudo_collate

from usdrl_mmaction.apis import StreamingDetector, load_model
from usdrl_mmaction.datasets.windows import stitch
from usdrl_mmaction.errors import RecordingError
from usdrl_mmaction.evaluation import proposals_from_scores
from usdrl_mmaction.recordings.recording import Recording, read_recording
from usdrl_mmaction.skeletons import get_skeleton

CLASSES = [f'action {i}' for i in range(1, 19)]
LENGTHS = [1, 5, 15, 16, 17, 21, 22, 23, 28, 40, 57]  # around windows of 16 frames that lie 6 apart


def video(frames, persons=2, seed=0):
    """People who drift, so that actions last for some frames.  # (M, T, 25, 3)"""
    rng = np.random.default_rng(seed)
    pose = rng.normal(size=(persons, 1, 25, 3)) + rng.normal(0, 0.3, (persons, frames, 25, 3)).cumsum(1)
    return pose.astype(np.float32)


@pytest.fixture
def detector(detection, trained):
    def build(causal=False, **options):
        cfg = detection(causal)
        return StreamingDetector(cfg, trained(cfg, dataset_meta={'classes': CLASSES}), device='cpu', **options)

    return build


def stream(detector, keypoint, length=1):
    """The scores and the segments of frames that come ``length`` at a time."""
    found = [detector(keypoint[:, t : t + length]) for t in range(0, keypoint.shape[1], length)] + [detector.finish()]
    assert [part.start for part in found[1:]] == np.cumsum([len(part.scores) for part in found])[:-1].tolist()
    return np.concatenate([part.scores for part in found]), [segment for part in found for segment in part.segments]


def as_tested(detector, keypoint, tmp_path, cfg):
    """The scores of the test data set's windows, put together as the metric does."""
    item = dict(frame_dir='video', total_frames=keypoint.shape[1], keypoint=keypoint, segments=np.array([[1, 0, 1]]))
    path = tmp_path / 'video.pkl'
    path.write_bytes(pickle.dumps(dict(split=dict(xsub_val=['video']), annotations=[item])))
    cfg.test_dataloader.dataset.ann_file = str(path)
    dataset = DATASETS.build(cfg.test_dataloader.dataset)
    samples = detector.scorer.model.test_step(pseudo_collate([dataset[i] for i in range(len(dataset))]))
    track = np.zeros((keypoint.shape[1], 19), np.float32)
    stitch([(sample.start, sample.scores.detach().numpy()) for sample in samples], track)
    return track


@pytest.mark.parametrize('frames', LENGTHS)
def test_scores_are_those_of_the_test_of_the_whole_video(detector, detection, tmp_path, frames):
    model, keypoint = detector(), video(frames)
    expected = as_tested(model, keypoint, tmp_path, detection())
    np.testing.assert_allclose(stream(model, keypoint)[0], expected, atol=1e-6)
    np.testing.assert_allclose(model.scorer.track(read(keypoint)), expected, atol=1e-6)


def read(keypoint):
    return read_recording(Recording('video', keypoint), get_skeleton('nturgb+d'), 3)


@pytest.mark.parametrize('frames', LENGTHS)
def test_a_causal_stream_and_the_whole_video_are_scored_alike(detector, frames):
    model, keypoint = detector(causal=True), video(frames)
    np.testing.assert_allclose(stream(model, keypoint)[0], model.scorer.track(read(keypoint)), atol=1e-6)


def test_a_causal_stream_agrees_with_the_test_where_the_last_window_is_not_moved(detector, detection, tmp_path):
    model, keypoint = detector(causal=True), video(16 + 3 * 6)
    expected = as_tested(model, keypoint, tmp_path, detection(causal=True))
    np.testing.assert_allclose(stream(model, keypoint)[0][:24], expected[:24], atol=1e-6)


@pytest.mark.parametrize('causal', [False, True])
@pytest.mark.parametrize('length', [2, 7, 100])
def test_frames_may_come_several_at_a_time(detector, causal, length):
    model, keypoint = detector(causal, threshold=0.2), video(50)
    scores, segments = stream(model, keypoint)
    together, found = stream(model, keypoint, length)
    np.testing.assert_allclose(together, scores, atol=1e-6)
    assert [(s['label'], s['start'], s['end']) for s in found] == [(s['label'], s['start'], s['end']) for s in segments]


@pytest.mark.parametrize('causal, delay', [(False, 16), (True, 0)])
def test_a_frame_is_reported_after_the_delay_and_not_before(detector, causal, delay):
    model = detector(causal)
    assert model.delay == delay
    for t in range(40):
        found = model(video(40)[:, t])
        assert (found.start, len(found.scores)) == ((t - delay, 1) if t >= delay else (0, 0))


def test_no_score_of_a_causal_stream_depends_on_a_later_frame(detector):
    first, second = video(40), video(40, seed=1)
    second[:, :25] = first[:, :25]
    scores, others = (stream(detector(causal=True), keypoint)[0] for keypoint in (first, second))
    assert np.array_equal(scores[:25], others[:25]) and not np.allclose(scores[25:], others[25:], atol=1e-3)


@pytest.mark.parametrize('causal', [False, True])
def test_segments_are_those_of_the_whole_track(detector, causal):
    scores, segments = stream(detector(causal, threshold=0.1), video(120))
    expected = proposals_from_scores(scores, (0.1,))
    assert len(expected) > 5 and [s['end'] for s in segments] == sorted(s['end'] for s in segments)
    found = sorted((s['label'], s['start'], s['end'], s['score']) for s in segments)
    np.testing.assert_allclose(found, expected, rtol=1e-6)
    assert all(segment['name'] == f'action {segment["label"]}' for segment in segments)


def test_a_segment_is_reported_as_it_ends(detector):
    model, keypoint = detector(causal=True, threshold=0.1), video(120)
    for t in range(120):
        for segment in model(keypoint[:, t]).segments:
            assert segment['end'] == t
    assert all(segment['end'] == 120 for segment in model.finish().segments)


def test_after_the_end_another_stream_starts(detector):
    model = detector()
    first, again = (stream(model, video(30)) for _ in range(2))
    assert np.array_equal(first[0], again[0]) and first[1] == again[1]
    assert len(model.finish().scores) == 0


def test_memory_does_not_grow_with_the_stream(detector):
    model, frame = detector(), video(1)[:, 0]

    def held(frames):
        for _ in range(frames):
            model(frame)
        return tracemalloc.get_traced_memory()[0]

    tracemalloc.start()
    try:
        held(100)
        assert abs(held(600) - held(100)) < 20_000  # 500 frames of joints would be 300,000
    finally:
        tracemalloc.stop()
    assert model.recent.keypoint.shape[1] == 16 and len(model.mean.totals) <= 16 + 6


# --- People in any order --------------------------------------------------------------------------------------------
def apart():
    """A large person and a small one, who stay where they are."""
    place, size = np.float32([0, 30]), np.float32([1, 0.5])
    return video(60) * 0.02 * size[:, None, None, None] + place[:, None, None, None]


def test_people_in_any_order_are_tracked(detector):
    keypoint, rng, model = apart(), np.random.default_rng(0), detector()
    found = [model(list(rng.permutation(people))).scores for people in keypoint.swapaxes(0, 1)]
    found.append(model.finish().scores)
    np.testing.assert_allclose(np.concatenate(found), stream(model, keypoint)[0], atol=1e-6)


def test_scores_play_no_part_in_tracking(detector):
    keypoint, model = apart(), detector()
    for t, people in enumerate(keypoint.swapaxes(0, 1)):
        low, high = (np.full((25, 1), score, np.float32) for score in ((0.1, 99), (99, 0.1))[t % 2])
        found = model([np.c_[people[1], high], np.c_[people[0], low]])
        assert found.start == max(t - 16, 0)
    np.testing.assert_allclose(model.recent.keypoint, keypoint[:, -16:])


def test_who_leaves_for_less_than_a_window_comes_back_to_the_same_place(detector):
    keypoint, model = apart(), detector()
    keypoint[0, 20:30] = 0
    found = [model([pose for pose in people if pose.any()]).scores for people in keypoint.swapaxes(0, 1)]
    found.append(model.finish().scores)
    np.testing.assert_allclose(np.concatenate(found), stream(model, keypoint)[0], atol=1e-6)


def test_who_stays_when_the_first_has_left_is_normalised_by_themselves(detector):
    alone = video(40, persons=1) * 0.1
    behind = np.concatenate([np.zeros_like(alone), alone])
    np.testing.assert_allclose(stream(detector(), behind)[0], stream(detector(), alone)[0], atol=1e-6)


def test_nobody_in_view_is_no_fault(detector):
    model = detector()
    for _ in range(30):
        scores = model([]).scores
    assert np.isfinite(scores).all() and np.isfinite(model.finish().scores).all()


# --- What is refused ------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    'frames, message',
    [
        (np.zeros((25, 3)), r'Frame 2 of the stream is \(25, 3\); expected persons.* 25 joints of 3 coordinates'),
        (np.zeros((2, 17, 3)), r'Frame 2 of the stream is \(2, 17, 3\)'),
        (np.full((2, 25, 3), np.nan), 'Frame 2 of the stream is not finite'),
        (np.zeros((1, 25, 3)), 'In frame 2 of the stream the number of persons changes from 2 to 1'),
        ([np.zeros((25, 3)), np.zeros((17, 3))], r'Person 1 of frame 2 of the stream is \(17, 3\)'),
    ],
)
def test_frames_of_another_shape(detector, frames, message):
    model = detector()
    model(video(2))
    with pytest.raises(RecordingError, match=message):
        model(frames)


def test_a_recognizer_scores_no_frames(linear, trained):
    with pytest.raises(ValueError, match='FrozenRecognizer scores no frames'):
        StreamingDetector(linear, trained(linear))


def test_pixels_with_scores(detection, trained):
    cfg = detection()
    cfg.model.backbone.update(layout='coco', in_channels=3)
    cfg.test_dataloader.dataset.pipeline[1] = dict(type='NormalizeSkeleton2D')
    model = StreamingDetector(load_model(cfg, trained(cfg)), device='cpu', img_shape=(480, 640))
    keypoint = np.random.default_rng(0).uniform(1, 400, (2, 40, 17, 2)).astype(np.float32)
    ones = np.concatenate([keypoint, np.ones((2, 40, 17, 1), np.float32)], axis=-1)
    plain, scored, halved = (stream(model, frames)[0] for frames in (keypoint, ones, ones * np.float32([1, 1, 0.5])))
    assert np.array_equal(plain, scored) and not np.allclose(plain, halved, atol=1e-4)
    torch.testing.assert_close(torch.from_numpy(plain).sum(1), torch.ones(40))
