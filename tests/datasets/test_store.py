"""A store gives the clips of its pickle, bit for bit, and reads a clip only on access."""

import os
import pickle
import runpy
import shutil
from pathlib import Path

import numpy as np
import pytest
from torch.utils.data import DataLoader

from usdrl_mmaction.datasets import SkeletonDataset, read_annotations
from usdrl_mmaction.datasets.store import FRAMES, INDEX, StoredArray, write_store
from usdrl_mmaction.errors import AnnotationError

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def content():
    """Clips of all sorts: 2D with scores in half precision, none to see, another byte order, extra fields."""
    rng = np.random.default_rng(0)

    def clip(name, keypoint, **fields):
        return dict(frame_dir=name, label=0, total_frames=keypoint.shape[1], keypoint=keypoint, **fields)

    flat = rng.normal(size=(2, 7, 17, 2)).astype(np.float16)
    return dict(
        split=dict(train=['flat', 'deep', 'nobody'], val=['turned']),
        annotations=[
            clip('flat', flat, keypoint_score=flat[..., 0], img_shape=(1080, 1920)),
            clip('deep', rng.normal(size=(1, 9, 25, 3)).astype('>f4'), subject=np.int64(3)),
            clip('nobody', np.zeros((0, 5, 25, 3), np.float32)),
            clip('turned', np.asfortranarray(rng.normal(size=(1, 4, 20, 3))), segments=np.array([[1, 0, 2]])),
        ],
        meta=dict(layout='coco'),
    )


@pytest.fixture
def store(content, tmp_path):
    (tmp_path / 'clips.pkl').write_bytes(pickle.dumps(content))
    write_store(read_annotations(str(tmp_path / 'clips.pkl')), tmp_path / 'clips.store')
    return tmp_path / 'clips.store'


def same(one, other):
    """Equal in type and content, down to the bits of arrays."""
    if isinstance(one, np.ndarray):
        equal = (one.dtype, one.shape, one.tobytes()) == (other.dtype, other.shape, other.tobytes())
        return type(other) is np.ndarray and equal and other.flags.writeable
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(same(one[key], other[key]) for key in one)
    return type(one) is type(other) and one == other


@pytest.mark.parametrize('serialize', [True, False])
def test_clips_are_those_of_the_pickle(content, store, tmp_path, serialize):
    for split in content['split']:
        plain, packed = (
            SkeletonDataset(str(tmp_path / name), [], split=split, serialize_data=serialize)
            for name in ('clips.pkl', 'clips.store')
        )
        assert len(plain) == len(packed) == len(content['split'][split])
        assert all(same(plain[index], packed[index]) for index in range(len(plain)))


def test_the_rest_of_the_file_is_kept(content, store):
    packed = read_annotations(str(store))
    assert packed.keys() == content.keys()
    assert packed['split'] == content['split'] and packed['meta'] == content['meta']
    assert same(packed['annotations'][3]['segments'], content['annotations'][3]['segments'])


def test_a_stored_array_looks_like_an_array_and_reads_what_is_asked_for(content, store):
    stored, array = read_annotations(str(store))['annotations'][0]['keypoint'], content['annotations'][0]['keypoint']
    assert isinstance(stored, StoredArray)
    assert (stored.shape, stored.dtype, len(stored)) == (array.shape, array.dtype, len(array))
    assert same(array[:, 2:5].copy(), stored[:, 2:5])
    assert same(array, np.asarray(stored)) and np.asarray(stored, np.float64).dtype == np.float64


def test_changing_a_clip_does_not_change_the_store(store):
    dataset = SkeletonDataset(str(store), [], split='val')
    dataset[0]['keypoint'][:] = 0
    assert dataset[0]['keypoint'].all()


def test_workers_read_the_same(ann_file, tmp_path):
    write_store(read_annotations(str(ann_file)), tmp_path / 'clips.store')
    dataset = SkeletonDataset(str(tmp_path / 'clips.store'), [], split='xsub_train')
    loader = DataLoader(dataset, batch_size=None, num_workers=2, collate_fn=lambda item: item)
    assert all(same(dataset[index]['keypoint'], item['keypoint']) for index, item in enumerate(loader))


def test_what_the_data_set_keeps_does_not_grow_with_the_frames(tmp_path):
    sizes = []
    for frames in (2, 200):
        clips = [
            dict(frame_dir=f'{i}', label=0, total_frames=frames, keypoint=np.ones((1, frames, 25, 3))) for i in range(9)
        ]
        path = tmp_path / f'{frames}.store'
        write_store(dict(split=dict(all=[clip['frame_dir'] for clip in clips]), annotations=clips), path)
        sizes.append(len(SkeletonDataset(str(path), [], split='all').data_bytes))
        os.remove(path / FRAMES)  # opened, it needs the frames for nothing but frames
    assert sizes[1] < sizes[0] + 100


def test_an_interrupted_write_leaves_what_was_there(content, store):
    def interrupted(clips):
        yield clips[0]
        raise KeyboardInterrupt

    before = (store / INDEX).read_bytes()
    with pytest.raises(KeyboardInterrupt):
        write_store(content, store, progress=interrupted)
    assert (store / INDEX).read_bytes() == before
    assert {path.name for path in store.parent.iterdir()} == {'clips.pkl', 'clips.store'}


def truncate(store):
    (store / FRAMES).write_bytes((store / FRAMES).read_bytes()[:-1])


def point_at(*place):
    def change(store):
        index = pickle.loads((store / INDEX).read_bytes())
        index['annotations'][0]['keypoint'] = place
        (store / INDEX).write_bytes(pickle.dumps(index))

    return change


@pytest.mark.parametrize(
    'damage, message',
    [
        (truncate, 'do not fit together'),
        (lambda store: (store / FRAMES).unlink(), 'not a store'),
        (lambda store: (store / INDEX).unlink(), 'not a store'),
        (lambda store: (store / INDEX).write_bytes(pickle.dumps([1])), 'do not fit together'),
        (point_at(0, 'O', 1, 1, 1, 1), 'do not fit together'),
        (point_at(0, '<f4', 1, 1 << 40, 1, 1), 'do not fit together'),
        (point_at(-64, '<f4', 1, 1, 1, 1), 'do not fit together'),
        (point_at(0), 'do not fit together'),
    ],
)
def test_a_damaged_store_is_named(store, damage, message):
    damage(store)
    with pytest.raises(AnnotationError, match=rf'clips\.store.*{message}'):
        read_annotations(str(store))


def test_the_tool_packs_and_does_not_overwrite_unasked(ann_file, tmp_path, monkeypatch, capsys):
    def pack(path):
        monkeypatch.setattr('sys.argv', ['pack.py', str(path)])
        runpy.run_path(str(ROOT / 'tools/data/pack.py'), run_name='__main__')

    source = shutil.copy(ann_file, tmp_path / 'mine.pkl')
    pack(source)
    assert '24 clips' in capsys.readouterr().out
    assert len(read_annotations(str(tmp_path / 'mine.store'))['annotations']) == 24
    with pytest.raises(SystemExit, match=r'mine\.store already exists. Use --overwrite'):
        pack(source)
    with pytest.raises(SystemExit, match='There is no annotation file'):
        pack(tmp_path / 'none.pkl')
