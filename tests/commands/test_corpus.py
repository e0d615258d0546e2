"""The corpus is windows of takes in any layout and generated clips, as clips of one body."""

import hashlib
import pickle

import numpy as np
import pytest

from usdrl_mmaction.body import BODY, PELVIS, THORAX
from usdrl_mmaction.datasets import read_annotations
from usdrl_mmaction.datasets.synthetic.movement import make_movement
from usdrl_mmaction.skeletons import LAYOUTS, joint_mapping


@pytest.fixture
def takes(tmp_path):
    """Four long takes in 20 joints that are known by their names."""
    names = LAYOUTS['kinect_v1'].names
    mapping = joint_mapping(LAYOUTS['nturgb+d'].names, names, estimate=True)
    clips = [mapping(item['keypoint'][:1]) for item in make_movement(60)['annotations']]
    long = [np.concatenate(clips[i : i + 15], axis=1) for i in range(0, 60, 15)]
    items = [dict(frame_dir=f'take{i}', label=-1, total_frames=x.shape[1], keypoint=x) for i, x in enumerate(long)]
    meta = dict(joints=list(names), fps=30, licence='anything')
    path = tmp_path / 'takes.pkl'
    path.write_bytes(pickle.dumps(dict(split=dict(train=[]), annotations=items, meta=meta)))
    return path


def test_windows_and_generated_clips(run_command, takes, tmp_path, capsys):
    out = tmp_path / 'corpus.pkl'
    run_command('corpus', takes, '--movements', 20, '--actions', 18, '--out', out)
    content = read_annotations(str(out))
    clips = {item['frame_dir']: item['keypoint'] for item in content['annotations']}
    train = [clips[name] for name in content['split']['train']]
    recorded = len(train) - 38
    frames = sum(item['total_frames'] for item in pickle.loads(takes.read_bytes())['annotations'])
    assert sum(clip.shape[1] for clip in train[:recorded]) == pytest.approx(2 * frames, rel=0.35)
    assert all(24 <= clip.shape[1] <= 129 for clip in train[:recorded])
    for clip in train:
        assert clip.shape[2:] == (len(BODY), 3) and np.isfinite(clip).all()
        torso = np.linalg.norm(clip[0, :, THORAX].astype(float) - clip[0, :, PELVIS], axis=-1)
        assert np.quantile(torso[torso > 0], 0.8) == pytest.approx(1, abs=0.1)
    meta = content['meta']
    assert (meta['layout'], meta['movements'], meta['actions'], meta['seed']) == ('body', 20, 18, 0)
    sha256 = hashlib.sha256(takes.read_bytes()).hexdigest()
    assert meta['sources'] == [dict(file='takes.pkl', sha256=sha256, clips=recorded, licence='anything')]
    assert f'takes.pkl: {recorded} windows. anything' in capsys.readouterr().out


def test_the_same_seed_gives_the_same_corpus(run_command, takes, tmp_path):
    paths = [tmp_path / name for name in ('a.pkl', 'b.pkl', 'c.pkl')]
    for path, seed in zip(paths, (0, 0, 1), strict=True):
        run_command('corpus', takes, '--movements', 2, '--actions', 2, '--seed', seed, '--out', path)
    one, again, other = (path.read_bytes() for path in paths)
    assert one == again != other


def test_some_clips_are_mirrored(run_command, takes, tmp_path):
    """Left stays on the left: a mirrored clip has its shoulders where they were."""
    out = tmp_path / 'corpus.pkl'
    run_command('corpus', takes, '--movements', 0, '--actions', 0, '--out', out)
    left, right = BODY.shoulders
    across = [
        np.median(item['keypoint'][0, :, right, 0].astype(float) - item['keypoint'][0, :, left, 0])
        for item in read_annotations(str(out))['annotations']
    ]
    assert np.mean(np.array(across) > 0) > 0.8
