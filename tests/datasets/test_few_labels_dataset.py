"""The labelled part of a training set: a share of every class, the same for a seed, and named."""

import pickle
from collections import Counter

import numpy as np
import pytest
from mmengine.logging import MMLogger

from usdrl_mmaction.datasets import FewLabelsDataset

SIZES = {0: 40, 1: 10, 2: 3, 7: 1}  # clips of each class


@pytest.fixture(scope='module')
def ann_file(tmp_path_factory):
    labels = np.random.default_rng(0).permutation(np.repeat(list(SIZES), list(SIZES.values())))
    keypoint = np.ones((1, 4, 25, 3), np.float32)
    clips = [
        dict(frame_dir=f'clip{i}', label=int(label), total_frames=4, keypoint=keypoint)
        for i, label in enumerate(labels)
    ]
    clips.append(dict(frame_dir='of another split', label=0, total_frames=4, keypoint=keypoint))
    path = tmp_path_factory.mktemp('data') / 'clips.pkl'
    path.write_bytes(pickle.dumps(dict(split=dict(train=[f'clip{i}' for i in range(54)]), annotations=clips)))
    return str(path)


def kept(ann_file, share, seed=0):
    return [clip['frame_dir'] for clip in few(ann_file, share, seed)]


def few(ann_file, share, seed=0, **options):
    options |= dict(split='train', share=share, seed=seed, serialize_data=False)
    return FewLabelsDataset(ann_file, [], **options).data_list


@pytest.mark.parametrize(
    'share, sizes', [(0.1, {0: 4, 1: 1, 2: 1, 7: 1}), (0.5, {0: 20, 1: 5, 2: 2, 7: 1}), (1.0, SIZES)]
)
def test_every_class_gives_its_share_and_at_least_one(ann_file, share, sizes):
    clips = few(ann_file, share)
    assert Counter(clip['label'] for clip in clips) == sizes
    assert len({clip['frame_dir'] for clip in clips}) == len(clips)


def test_without_balance_the_share_is_of_all_clips(ann_file):
    drawn = [Counter(clip['label'] for clip in few(ann_file, 0.1, seed, balanced=False)) for seed in range(50)]
    assert {counts.total() for counts in drawn} == {5}
    shares = sum(drawn, Counter())
    assert shares[0] / shares.total() == pytest.approx(40 / 54, abs=0.1)
    assert any(7 not in counts for counts in drawn)  # a rare class may be left out


def test_the_subset_is_the_seeds_whatever_was_drawn_before(ann_file):
    first = kept(ann_file, 0.1, seed=3)
    np.random.seed(5)
    assert kept(ann_file, 0.1, seed=3) == first != kept(ann_file, 0.1, seed=4)


def test_a_larger_share_has_the_smaller_in_it(ann_file):
    assert set(kept(ann_file, 0.1)) < set(kept(ann_file, 0.5))


def test_the_log_names_the_clips(ann_file, caplog):
    logger = MMLogger.get_instance('few_labels')
    logger.addHandler(caplog.handler)
    names = kept(ann_file, 0.1)
    assert any(text.endswith(': ' + ' '.join(names)) and '7 of the 54 clips' in text for text in caplog.messages)


@pytest.mark.parametrize('share', [0, -0.1, 1.5])
def test_a_share_that_is_none(ann_file, share):
    with pytest.raises(ValueError, match=f'share={share} is above 0 and up to 1'):
        kept(ann_file, share)
