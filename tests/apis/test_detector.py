"""A detector on frozen features finds what it was taught, keeps its answers on disk, and refuses what it cannot learn
from."""

import json

import numpy as np
import pytest
from short_videos import ACTIONS, make_videos

from usdrl_mmaction.apis import ActionDetector, BodyEncoder, SkeletonInferencer, StreamingDetector, load
from usdrl_mmaction.apis.detector import lengths_of_windows
from usdrl_mmaction.datasets.transforms.normalize import resized
from usdrl_mmaction.errors import CheckpointError, UsageError
from usdrl_mmaction.skeletons import LAYOUTS, joint_mapping


@pytest.fixture(scope='module')
def encoder() -> BodyEncoder:
    return load('body')


@pytest.fixture(scope='module')
def videos() -> tuple[list[np.ndarray], list[list[tuple]]]:
    return make_videos()


@pytest.fixture(scope='module')
def detector(encoder, videos) -> ActionDetector:
    return ActionDetector(encoder, layout='nturgb+d').fit(videos[0][:4], videos[1][:4])


def overlap(found: dict, start: int, end: int) -> float:
    shared = min(found['end'], end) - max(found['start'], start)
    return shared / (max(found['end'], end) - min(found['start'], start))


def test_actions_are_found_where_they_are(detector, videos):
    for video, segments, found in zip(*(each[4:] for each in videos), detector.predict(videos[0][4:]), strict=True):
        for name, start, end in segments:
            assert any(each['label'] == name and overlap(each, start, end) > 0.4 for each in found), (name, found)
        assert all(0 <= each['start'] < each['end'] <= video.shape[1] and 0 < each['score'] <= 1 for each in found)


def test_scores_are_probabilities_of_every_frame(detector, videos):
    for video, scores in zip(videos[0], detector.frame_scores(videos[0]), strict=True):
        assert scores.shape == (video.shape[1], 3)
        np.testing.assert_allclose(scores.sum(1), 1, atol=1e-5)


def test_a_saved_detector_answers_alike_in_python_and_by_inference(detector, videos, tmp_path):
    detector.save(tmp_path / 'mine')
    again = load(tmp_path / 'mine')
    assert again.predict(videos[0][4:]) == detector.predict(videos[0][4:])
    names = LAYOUTS['nturgb+d'].names
    other = joint_mapping(names, LAYOUTS['smpl'].names, estimate=True)(videos[0][4])
    inferencer = SkeletonInferencer(tmp_path / 'mine', layout='smpl')
    (result,) = inferencer([other])
    assert {each['name'] for each in result['segments']} >= set(ACTIONS)
    assert all(each['label'] == 1 + sorted(ACTIONS).index(each['name']) for each in result['segments'])


@pytest.mark.parametrize('change', [
    dict(change_cost=-1), dict(lengths='long'), dict(classes=['a']), dict(classes=None), dict(lengths=[10**9]),
    dict(lengths=[1]), dict(fps='fast'), dict(fps=-1),
])  # fmt: skip
def test_a_description_of_something_else_is_refused(detector, tmp_path, change):
    detector.save(tmp_path / 'mine')
    path = tmp_path / 'mine/config.json'
    path.write_text(json.dumps(json.loads(path.read_text()) | change))
    with pytest.raises(CheckpointError, match='does not hold a detector'):
        load(tmp_path / 'mine')


@pytest.mark.parametrize('segments, message', [
    ([[('a', 5, 500)]], 'video 0 has 40 frames and a segment a from 5 to 500'),
    ([[('a', 9, 5)]], 'and a segment a from 9 to 5'),
    ([[('a', 0, 9), ('b', 5, 12)]], 'video 0 has segments that overlap, one of them b from 5 to 12'),
    ([[]], 'There are no segments'),
    ([], '1 videos need as many lists of segments, not 0'),
])  # fmt: skip
def test_segments_that_cannot_be(encoder, segments, message):
    with pytest.raises(UsageError, match=message):
        ActionDetector(encoder, layout='coco').fit([np.ones((40, 17, 2))], segments)


def test_windows_are_as_long_as_the_segments():
    assert lengths_of_windows([40] * 9) == [40]
    assert lengths_of_windows([10] * 5 + [100] * 5) == [10, 55, 100]
    assert lengths_of_windows([2, 3]) == [8]


def test_videos_of_another_rate_are_resampled(detector, videos):
    """Half of the frames at half of the rate show the same movement."""
    video = videos[0][4]
    sampled = ActionDetector(layout='nturgb+d', fps=30)
    sampled.__dict__.update({name: value for name, value in vars(detector).items() if name.endswith('_')})
    (whole,), (half,) = sampled.frame_scores([video]), sampled.frame_scores([video[:, ::2]], fps=15)
    assert half.shape == (-(-video.shape[1] // 2), 3)
    agree = np.mean(half.argmax(1) == whole[::2].argmax(1))
    wrong = np.mean(detector.frame_scores([video[:, ::2]])[0].argmax(1) == whole[::2].argmax(1))
    assert agree > 0.9 and agree > wrong


def test_resizing_is_linear_in_time():
    np.testing.assert_allclose(resized(np.arange(8.0)[None, :, None], 4)[0, :, 0], [0.5, 2.5, 4.5, 6.5])


def test_a_saved_detector_takes_live_frames_of_any_body_layout(detector, videos, tmp_path):
    """Windows of four durations are scored like videos: most frames get the label that the whole video gives them."""
    detector.save(tmp_path / 'live')
    whole = detector.frame_scores(videos[0][4:5])[0]
    smpl = joint_mapping(LAYOUTS['nturgb+d'].names, LAYOUTS['kinect_v1'].names, estimate=True)(videos[0][4])
    for frames, layout in ((videos[0][4], None), (smpl, 'kinect_v1')):
        live = StreamingDetector(tmp_path / 'live', device='cpu', layout=layout)
        found = [live(frames[:, start : start + 30]) for start in range(0, frames.shape[1], 30)] + [live.finish()]
        scores = np.concatenate([part.scores for part in found])
        assert scores.shape == whole.shape and live.classes == sorted(ACTIONS)
        assert (scores.argmax(1) == whole.argmax(1)).mean() > 0.75
        assert {each['name'] for part in found for each in part.segments} & set(ACTIONS)
