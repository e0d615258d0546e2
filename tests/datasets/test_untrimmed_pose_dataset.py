"""Windows have the frames and labels of their video: around segments in training, over all of it in tests."""

import pickle
from pathlib import Path

import numpy as np
import pytest
from mmengine.dataset import Compose

from usdrl_mmaction.datasets import UntrimmedPoseDataset
from usdrl_mmaction.datasets.segments import frame_labels
from usdrl_mmaction.datasets.store import write_store
from usdrl_mmaction.errors import AnnotationError

LENGTHS = {'long': 300, 'exact': 64, 'short': 20, 'idle': 150}
SEGMENTS = {
    'long': [(1, 10, 40), (2, 120, 250), (1, 280, 300)],
    'exact': [(3, 0, 64)],
    'short': [(2, 5, 15)],
    'idle': [],
}


def make_video(name, **changed):
    """Every coordinate of a frame is the frame's number, from 1."""
    length = LENGTHS[name]
    keypoint = np.broadcast_to(np.arange(1.0, length + 1)[None, :, None, None], (2, length, 5, 3))
    segments = np.array(SEGMENTS[name], int).reshape(-1, 3)
    video = dict(frame_dir=name, label=-1, total_frames=length, keypoint=keypoint.astype('f4'), segments=segments)
    return {**video, **changed}


def content(videos):
    meta = dict(classes=('drink', 'fall', 'wave'), fps=25, layout='none')
    return dict(split=dict(all=[video['frame_dir'] for video in videos]), annotations=videos, meta=meta)


@pytest.fixture
def load(tmp_path):
    def load(videos=None, **options):
        path = tmp_path / 'videos.pkl'
        path.write_bytes(pickle.dumps(content(videos or [make_video(name) for name in LENGTHS])))
        return UntrimmedPoseDataset(str(path), pipeline=[], split='all', **options)

    return load


def check(item, window):
    """A window has the frames of its video, and their labels."""
    length, start = LENGTHS[item['video']], item['start']
    shown = min(window, length - start)
    assert item['keypoint'].shape == (2, window, 5, 3) and item['total_frames'] == window
    assert item['num_frames'] == length
    expected = np.minimum(np.arange(start, start + window), length - 1) + 1  # the last frame again and again
    assert (item['keypoint'] == expected[None, :, None, None]).all()
    labels = frame_labels(SEGMENTS[item['video']], length)
    assert item['frame_labels'].tolist() == [*labels[start : start + window], *[-1] * (window - shown)]


@pytest.mark.parametrize('window, stride', [(64, 32), (64, 64), (50, 7), (400, 400)])
def test_test_windows_cover_every_frame_and_end_with_the_video(load, window, stride):
    dataset = load(window=window, stride=stride, test_mode=True)
    seen = {name: np.zeros(length, int) for name, length in LENGTHS.items()}
    starts = {name: [] for name in LENGTHS}
    for number in range(len(dataset)):
        item = dataset[number]
        check(item, window)
        seen[item['video']][item['start'] : item['start'] + window] += 1
        starts[item['video']].append(item['start'])
    assert all(counts.min() >= 1 for counts in seen.values())
    for name, places in starts.items():
        assert places == sorted(set(places))
        assert places[-1] == max(LENGTHS[name] - window, 0)
        assert set(np.diff(places[:-1])) <= {stride}


def test_an_epoch_shows_every_segment_once_and_the_share_of_background(load):
    dataset = load(background=0.5)
    assert len(dataset) == 10
    spans = [(name, *span) for name in LENGTHS for span in SEGMENTS[name]]
    for _ in range(20):
        items = [dataset[number] for number in range(10)]
        for item, (name, label, start, end) in zip(items, spans, strict=False):
            check(item, 64)
            assert item['video'] == name
            assert item['start'] < end and start < item['start'] + 64
            assert label in item['frame_labels']
        for item in items[5:]:
            check(item, 64)
            assert 0 in item['frame_labels']


@pytest.mark.parametrize('background, windows', [(0, 5), (0.25, 7), (0.8, 25)])
def test_the_share_of_background(load, background, windows):
    assert len(load(background=background)) == windows


def test_data_without_background_has_only_windows_of_segments(load):
    assert len(load([make_video('exact')], background=0.5)) == 1


def test_every_frame_of_background_can_be_in_the_middle_of_a_window(load):
    dataset = load([make_video('idle'), make_video('short')], background=0.9, window=1)
    drawn = [dataset[number] for _ in range(200) for number in range(1, len(dataset))]
    places = {(item['video'], item['start']) for item in drawn}
    assert places == {('idle', t) for t in range(150)} | {('short', t) for t in (*range(5), *range(15, 20))}


def test_training_windows_follow_numpys_seed(load):
    dataset = load()
    draws = []
    for _ in range(2):
        np.random.seed(3)
        draws.append([dataset[number]['start'] for number in range(len(dataset))])
    assert draws[0] == draws[1] != [dataset[number]['start'] for number in range(len(dataset))]


def test_a_store_gives_the_same_windows(load, tmp_path):
    videos = [make_video(name) for name in LENGTHS]
    write_store(content(videos), Path(tmp_path / 'store'))
    stored = UntrimmedPoseDataset(str(tmp_path / 'store'), pipeline=[], split='all', test_mode=True)
    dataset = load(videos, test_mode=True)
    assert len(stored) == len(dataset)
    for one, other in zip(stored, dataset, strict=True):
        np.testing.assert_array_equal(one['keypoint'], other['keypoint'])
        assert one['start'] == other['start'] and one['frame_labels'].equal(other['frame_labels'])


def test_scores_of_joints_are_cut_as_well(load):
    scores = np.broadcast_to(np.arange(20.0)[None, :, None], (2, 20, 5))
    item = load([make_video('short', keypoint_score=scores)], window=10, stride=10, test_mode=True)[1]
    assert item['keypoint_score'].shape == (2, 10, 5)
    assert (item['keypoint_score'] == np.arange(10.0, 20)[None, :, None]).all()


def test_the_pipeline_packs_a_window(load):
    dataset = load(test_mode=True)
    dataset.pipeline = Compose(
        [
            dict(type='mmaction.PoseDecode'),
            dict(type='mmaction.FormatGCNInput', num_person=2),
            dict(
                type='mmaction.PackActionInputs',
                algorithm_keys=('frame_labels',),
                meta_keys=('video', 'start', 'num_frames', 'segments'),
            ),
        ]
    )
    packed = dataset[1]
    assert packed['inputs'].shape == (1, 2, 64, 5, 3)
    assert packed['data_samples'].frame_labels.shape == (64,)
    assert (packed['data_samples'].video, packed['data_samples'].start) == ('long', 32)


def test_classes_and_fps_come_from_the_file_unless_they_are_set(load):
    assert load().metainfo == dict(classes=['drink', 'fall', 'wave'], fps=25, layout='none')
    assert load(metainfo=dict(fps=30)).metainfo['fps'] == 30


def test_a_subset_of_the_videos(load):
    dataset = load(indices=2, test_mode=True)
    assert {dataset[number]['video'] for number in range(len(dataset))} == {'long', 'exact'}


def test_segments_are_cut_to_the_video(load):
    dataset = load([make_video('short', segments=np.array([(1, -3, 4), (2, 15, 30)]))], test_mode=True)
    assert dataset[0]['segments'].tolist() == [[1, 0, 4], [2, 15, 20]]
    assert dataset[0]['frame_labels'].tolist() == [1] * 4 + [0] * 11 + [2] * 5 + [-1] * 44


@pytest.mark.parametrize(
    'segments, message',
    [
        ([(1, 0, 5), (4, 5, 9)], r'segment 1: \[4, 5, 9\].*not from 1 to 3'),
        ([(0, 0, 5)], r'segment 0: \[0, 0, 5\].*not from 1 to 3'),
        ([(1, 9, 9)], r'\[1, 9, 9\].*not before its end'),
        ([(1, 20, 25)], r'\[1, 20, 25\].*no frame of the 20'),
        ([(1, -5, 0)], 'no frame of the 20'),
        ([(1, 0)], r"'segments' of shape \(1, 2\)"),
        ([(1, 0.5, 3)], 'type float64'),
    ],
)
def test_wrong_segments_are_named(load, segments, message):
    with pytest.raises(AnnotationError, match=rf"videos\.pkl: video 'short'.*{message}"):
        load([make_video('short', segments=np.array(segments))])


def test_a_file_of_trimmed_clips_is_refused(load):
    trimmed = make_video('short')
    del trimmed['segments']
    with pytest.raises(AnnotationError, match="video 'short' has no 'segments'"):
        load([trimmed])
    with pytest.raises(AnnotationError, match="video 'short' has no 'keypoint', or no frames"):
        load([make_video('short', keypoint=np.zeros((2, 0, 5, 3)), total_frames=0)])
    with pytest.raises(AnnotationError, match="split 'all' have no segments to train on"):
        load([make_video('idle')])


@pytest.mark.parametrize(
    'options, message',
    [(dict(stride=65), 'stride=65'), (dict(stride=0), 'stride=0'), (dict(background=1), 'background=1')],
)
def test_options_without_meaning_are_refused(load, options, message):
    with pytest.raises(ValueError, match=message):
        load(**options)


def test_labels_of_frames():
    assert frame_labels([(2, 1, 3)], 5).tolist() == [0, 2, 2, 0, 0]
    assert frame_labels([(3, 2, 4), (1, 0, 5)], 5).tolist() == [1, 1, 3, 3, 1]  # of two, that of the later start
    assert frame_labels([], 2).tolist() == [0, 0]
