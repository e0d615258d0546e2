"""A file is read unchanged, or an error names it and what to do."""

import pickle

import numpy as np
import pytest

from usdrl_mmaction.datasets import SkeletonDataset
from usdrl_mmaction.errors import AnnotationError, MissingFileError

PIPELINE = [
    dict(type='mmaction.PoseDecode'),
    dict(type='mmaction.FormatGCNInput', num_person=2),
    dict(type='mmaction.PackActionInputs'),
]


def clip(name):
    return dict(frame_dir=name, label=0, total_frames=4, keypoint=np.ones((1, 4, 25, 3), np.float32))


def holding(second):
    return pickle.dumps(dict(split=dict(xsub_train=['a', 'b']), annotations=[clip('a'), second]))


def test_the_clips_of_a_split(ann_file):
    content = pickle.loads(ann_file.read_bytes())
    dataset = SkeletonDataset(str(ann_file), PIPELINE, split='xsub_val')
    assert len(dataset) == 8
    for item, name in zip(dataset, content['split']['xsub_val'], strict=True):
        clip = next(clip for clip in content['annotations'] if clip['frame_dir'] == name)
        persons, frames = clip['keypoint'].shape[:2]
        assert item['inputs'].shape == (1, 2, frames, 25, 3)
        assert (item['inputs'][0, :persons].numpy() == clip['keypoint']).all()
        assert item['data_samples'].gt_label.item() == clip['label']


@pytest.mark.parametrize(
    'name, command',
    [
        ('ntu60_3d.pkl', 'Get it with `usdrl download ntu60_3d`'),
        ('synthetic.pkl', 'Get it with `usdrl synthetic`'),
        ('pkummd1.pkl', 'Get it with `usdrl convert-pkummd 1 SKELETONS LABELS SPLITS`'),
        ('pkummd2_untrimmed.pkl', 'Get it with `usdrl convert-pkummd 2 SKELETONS LABELS SPLITS`'),
        ('uav_human.pkl', 'Get it with `usdrl convert-uav-human --v1 FOLDER --v2 FOLDER`'),
        ('mine.pkl', "Set the data set's 'ann_file'"),
    ],
)
def test_a_missing_file_names_itself_and_the_command(tmp_path, name, command):
    with pytest.raises(MissingFileError) as error:
        SkeletonDataset(str(tmp_path / name), PIPELINE, split='xsub_train')
    assert str(tmp_path / name) in str(error.value) and command in str(error.value)
    assert '\n' not in str(error.value)


def test_a_wrong_split_names_those_there_are(ann_file):
    with pytest.raises(AnnotationError, match=r"has no split 'xsub_test'\. It has: xsub_train, xsub_val\."):
        SkeletonDataset(str(ann_file), PIPELINE, split='xsub_test')


@pytest.mark.parametrize(
    'damage, message',
    [
        (lambda whole: whole[: len(whole) // 2], 'is not a whole pickle file'),
        (lambda whole: b'', 'is not a whole pickle file'),
        (lambda whole: b'<html>404</html>', 'is not a whole pickle file'),
        (lambda whole: pickle.dumps([1, 2]), 'found list'),
        (lambda whole: pickle.dumps({'split': {}}), r"found \['split'\]"),
        (lambda whole: pickle.dumps({'split': [], 'annotations': []}), "'split' is a dict in an annotation file"),
        (lambda whole: pickle.dumps({'split': {}, 'annotations': {}}), "'annotations' is a list in an annotation file"),
        (lambda whole: holding(dict(label=1)), "clip 1 of 'annotations' is not a dict with a name, its 'frame_dir'"),
        (
            lambda whole: holding(dict(frame_dir=['b'])),
            "clip 1 of 'annotations' is not a dict with a name, its 'frame_dir'",
        ),
        (
            lambda whole: pickle.dumps(dict(split=dict(val=[np.zeros(2)]), annotations=[])),
            "split 'val' is not a list of names",
        ),
        (
            lambda whole: pickle.dumps(dict(split=dict(val=np.array('a')), annotations=[])),
            "split 'val' is not a list of names",
        ),
        (lambda whole: pickle.dumps(dict(split=dict(val='ab'), annotations=[])), "split 'val' is not a list of names"),
        (lambda whole: holding(dict(frame_dir='b', keypoint=np.zeros((4, 25, 3)))), r"clip 1, 'b', .* \(4, 25, 3\)"),
        (lambda whole: holding(dict(frame_dir='b', keypoint=[[1]])), r"clip 1, 'b', has a 'keypoint' of shape \(\)"),
        (lambda whole: holding(clip('b') | dict(total_frames=7)), "clip 1, 'b', .*'total_frames' 7"),
        (
            lambda whole: pickle.dumps(dict(split=dict(xsub_train=['z']), annotations=[clip('a')])),
            'none of the 1 names',
        ),
    ],
)
def test_a_broken_file_says_what_is_wrong(tmp_path, ann_file, damage, message):
    path = tmp_path / 'broken.pkl'
    path.write_bytes(damage(ann_file.read_bytes()))
    with pytest.raises(AnnotationError, match=message):
        SkeletonDataset(str(path), PIPELINE, split='xsub_train')


@pytest.mark.parametrize('shape', [(), (2, 0), (1, 1, 25), (1, 4, 25, 3)])
def test_scores_that_are_not_those_of_the_joints_are_named(tmp_path, shape):
    (tmp_path / 'clips.pkl').write_bytes(holding(clip('b') | dict(keypoint_score=np.ones(shape, np.float32))))
    dataset = SkeletonDataset(str(tmp_path / 'clips.pkl'), PIPELINE, split='xsub_train')
    assert dataset[0]['inputs'].shape == (1, 2, 4, 25, 3)
    with pytest.raises(AnnotationError, match=r"Clip 'b' .* 'keypoint_score' of \(.*\), not \(1, 4, 25\)\. Correct"):
        dataset[1]


def test_clips_in_files_of_their_own_are_read_and_not_trusted(tmp_path):
    where = dict(ann_file=str(tmp_path / 'index.pkl'), data_prefix=dict(skeleton=str(tmp_path)), split='all')
    index = dict(split=dict(all=['a', 'evil']), annotations=[dict(frame_dir='a'), dict(frame_dir='evil')])
    (tmp_path / 'index.pkl').write_bytes(pickle.dumps(index))
    (tmp_path / 'a.pkl').write_bytes(pickle.dumps(clip('a')))
    (tmp_path / 'evil.pkl').write_bytes(b'cposix\nsystem\n(Vfalse\ntR.')
    dataset = SkeletonDataset(pipeline=[], **where)
    assert dataset[0]['keypoint'].shape == (1, 4, 25, 3)
    with pytest.raises(AnnotationError, match=r"evil\.pkl asks for 'posix\.system'"):
        dataset[1]
