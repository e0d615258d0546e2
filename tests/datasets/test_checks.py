"""A sound file has no problems; each fault is found, counted and named."""

import numpy as np
import pytest

from usdrl_mmaction.datasets.checks import find_problems, measure


def problems(content):
    return find_problems(content, [measure(clip) for clip in content['annotations']])


def test_a_sound_file_has_no_problems(content):
    assert problems(content) == []


def put(number, field, value):
    def fault(content):
        content['annotations'][number][field] = value

    return fault


def joints(number, change):
    def fault(content):
        clip = content['annotations'][number]
        clip['keypoint'] = change(clip['keypoint'])
        clip['total_frames'] = clip['keypoint'].shape[1]

    return fault


def members(split, names):
    return lambda content: content['split'].update({split: names})


def copy_clip(content, source, target):
    content['annotations'][target]['keypoint'] = content['annotations'][source]['keypoint'].copy()


FAULTS = {
    'NaN': (joints(2, lambda k: np.where(k == k.max(), np.nan, k)), '1 clip holds NaN or infinite coordinates: c2.'),
    'infinite': (joints(2, lambda k: k / 0), '1 clip holds NaN or infinite coordinates: c2.'),
    'nobody': (joints(1, lambda k: 0 * k), '1 clip shows nobody: c1.'),
    'no frames': (joints(1, lambda k: k[:, :0]), '1 clip has no frames: c1.'),
    'other joints': (
        joints(3, lambda k: k[:, :, :9]),
        '1 clip does not have 17 joints of 2 coordinates, as the others do: c3.',
    ),
    'score': (put(0, 'keypoint_score', np.ones((1, 7, 17))), "1 clip has a 'keypoint_score' of another shape"),
    'no label': (put(0, 'label', None), "1 clip has no 'label', an integer from 0: c0."),
    'negative': (put(0, 'label', -1), "1 clip has no 'label', an integer from 0: c0."),
    'fraction': (put(0, 'label', 0.5), "1 clip has no 'label', an integer from 0: c0."),
    'past the end': (put(0, 'label', 2), '1 clip has a label beyond 2 classes: c0.'),
    'unknown class': (put(1, 'label', 0), "Split 'xsub_val' has classes that 'xsub_train' lacks: 1."),
    'segment reversed': (put(6, 'segments', [(1, 5, 2)]), "'video' has the segment (label, start, end) (1, 5, 2). It"),
    'segment past': (put(6, 'segments', [(1, 0, 2), (2, 3, 9)]), '(2, 3, 9). It has 8 frames'),
    'segment label': (put(6, 'segments', [(0, 0, 2)]), '(0, 0, 2). It has 8 frames'),
    'segment form': (put(6, 'segments', [(0, 2)]), "'video' has 'segments' of shape (1, 2) and type int64, not (S, 3)"),
    'segments that are one number': (put(6, 'segments', np.array(1.0)), "'video' has 'segments' of shape () and type"),
    'empty split': (members('extra', []), "Split 'extra' is empty."),
    'absent': (members('extra', ['c0', 'ghost']), "Split 'extra' names 1 clip that is not in the file: ghost."),
    'overlap': (members('xsub_val', ['c1', 'c3', 'c4', 'c5']), "'xsub_train' and 'xsub_val' share 1 clip: c1."),
    'unused': (members('xsub_val', ['c3', 'c4']), '1 clip is in no split: c5.'),
    'one name': (put(5, 'frame_dir', 'c4'), '1 name belongs to several clips: c4.'),
    'a copy': (lambda content: copy_clip(content, 0, 2), '1 clip occurs several times: c0 = c2.'),
    'a leak': (lambda content: copy_clip(content, 0, 4), "1 of them is in 'xsub_train' and in 'xsub_val': c0 = c4."),
    'nothing': (lambda content: content['annotations'].clear(), 'There are no clips.'),
}


@pytest.mark.filterwarnings('ignore:divide by zero')
@pytest.mark.parametrize('fault, message', FAULTS.values(), ids=FAULTS)
def test_each_fault_is_found(content, fault, message):
    fault(content)
    assert any(message in problem for problem in problems(content)), problems(content)


def test_protocols_may_share_clips_and_some_frames_may_be_empty(content):
    content['annotations'][0]['keypoint'][:, 2:5] = 0
    assert problems(content) == [] and measure(content['annotations'][0]).empty_frames == 3


def test_many_names_are_cut_short(content):
    for number in range(5):
        content['annotations'][number]['label'] = None
    assert any('5 clips have' in problem and 'c0, c1, c2 and 2 more.' in problem for problem in problems(content))
