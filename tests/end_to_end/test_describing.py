"""A model of every kind is trained, moved away from its config and data, and asked in another process."""

import json
import pickle
import subprocess
import sys

import numpy as np
import pytest
from mmengine.runner import Runner
from raw_files import moving

from usdrl_mmaction.apis import ActionClassifier, SkeletonInferencer
from usdrl_mmaction.datasets.synthetic import make_untrimmed

KINDS = ('pretrain_synthetic', 'linear_synthetic', 'finetune_synthetic', 'early_synthetic', 'detect_synthetic')
ASK = """
import json, sys
import numpy as np
from usdrl_mmaction.apis import SkeletonInferencer
for name in sys.argv[1:]:
    ask = SkeletonInferencer(name, device='cpu', threshold=0.05)
    results = ask(['one.npz', 'two.npz'], features='.pth' in name and 'detect' not in name)
    json.dump(results, open(name + '.json', 'w'))
"""
READ = """
import sys, torch
for name in sys.argv[1:]:
    assert torch.load(name, weights_only=True)['meta']['description']['encoder']['type'] == 'DSTE'
assert 'mmengine' not in sys.modules
"""


@pytest.fixture
def recordings(tmp_path):
    away = tmp_path / 'away'
    away.mkdir()
    for name, persons in (('one', 1), ('two', 2)):
        np.savez(away / f'{name}.npz', keypoint=moving(persons, frames=80))
    return away


@pytest.fixture
def videos(tmp_path):
    path = tmp_path / 'videos.pkl'
    content = make_untrimmed(4, seed=1)
    names = [item['frame_dir'] for item in content['annotations']]
    content['split'] = dict(xsub_train=names[:3], xsub_val=names[3:])
    path.write_bytes(pickle.dumps(content))
    return path


def test_every_kind_answers_alike_elsewhere(tiny, videos, recordings, tmp_path):
    expected = {}
    for name in KINDS:
        options = {'train_cfg.max_epochs': 1} if name not in ('linear_synthetic',) else {}
        cfg = tiny(name, options | {'work_dir': str(tmp_path / name)})
        if name == 'detect_synthetic':
            cfg.merge_from_dict(
                {f'{part}_dataloader.dataset.ann_file': str(videos) for part in ('train', 'val', 'test')}
            )
        cfg.param_scheduler = None
        Runner.from_cfg(cfg).train()
        checkpoint = tmp_path / name / 'epoch_1.pth'
        ask = SkeletonInferencer(cfg, checkpoint, device='cpu', threshold=0.05)
        inputs = [str(recordings / 'one.npz'), str(recordings / 'two.npz')]
        expected[f'{name}.pth'] = ask(inputs, features='detect' not in name)
        checkpoint.rename(recordings / f'{name}.pth')
    clips = [moving(1, frames=40 + number) * (1 + number % 2) for number in range(8)]
    few = ActionClassifier(layout='nturgb+d', convolutions=False).fit(clips, ['a', 'b'] * 4)
    few.save(recordings / 'few')
    expected['few'] = SkeletonInferencer(recordings / 'few', device='cpu')(inputs)
    subprocess.run([sys.executable, '-c', ASK, *expected], cwd=recordings, check=True, timeout=200)
    for name, results in expected.items():
        found = json.loads((recordings / f'{name}.json').read_text())
        for one, other in zip(found, results, strict=True):
            one.pop('name'), other.pop('name')
            assert_alike(one, other)
    assert any('segments' in result and result['segments'] for result in expected['detect_synthetic.pth'])
    names = [f'{name}.pth' for name in KINDS]
    done = subprocess.run([sys.executable, '-c', READ, *names], cwd=recordings, capture_output=True, text=True)
    assert not done.returncode, done.stderr


def assert_alike(one, other):
    """The same structure, numbers to 1e-6."""
    if isinstance(other, dict):
        assert set(one) == set(other)
        for key in other:
            assert_alike(one[key], other[key])
    elif isinstance(other, list):
        assert len(one) == len(other)
        for pair in zip(one, other, strict=True):
            assert_alike(*pair)
    else:
        assert one == (pytest.approx(other, abs=1e-6) if isinstance(other, float) else other)
