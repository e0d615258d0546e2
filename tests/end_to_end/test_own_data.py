"""The worked example of docs/own-data.md, as it stands on the page but for the number of epochs."""

import os
import re
import shlex
from pathlib import Path
from unittest import mock

import numpy as np
import pytest

from usdrl_mmaction import commands
from usdrl_mmaction.checkpoints.reading import read_weights
from usdrl_mmaction.datasets import read_annotations
from usdrl_mmaction.datasets.synthetic import make_trimmed
from usdrl_mmaction.skeletons import LAYOUTS

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / 'docs/own-data.md').read_text()
EXAMPLE = PAGE.split('## File formats')[0]
BLOCKS = re.findall(r'^ *```bash\n(.*?)```', EXAMPLE, re.DOTALL | re.MULTILINE)
BRIEF = ['default_hooks.checkpoint.interval=1']
JOINTS = ('left_shoulder', 'right_shoulder', 'left_elbow', 'right_elbow', 'left_wrist', 'right_wrist', 'left_hip',
          'right_hip', 'left_knee', 'right_knee', 'left_ankle', 'right_ankle')  # fmt: skip


def write_csv(path: Path, keypoint: np.ndarray):
    """A synthetic person as a camera sees it, in pixels; the joints of the face are the head.  # (T, 25, 3)"""
    source = LAYOUTS['nturgb+d']
    joints = [source.joint(name if name in JOINTS else 'head') for name in LAYOUTS['coco'].names]
    x, y = keypoint[:, joints, 0] * 300 + 960, 540 - keypoint[:, joints, 1] * 300
    header = ','.join(f'{name}_{axis}' for name in LAYOUTS['coco'].names for axis in 'xy')
    rows = np.stack([x, y], axis=-1).reshape(len(keypoint), -1) * keypoint.any((1, 2))[:, None]
    np.savetxt(path, rows, '%.2f', delimiter=',', header=header, comments='')


@pytest.fixture
def place(tmp_path, monkeypatch):
    """A folder of two actions, 48 recordings of them and a new one."""
    clips = [clip for clip in make_trimmed(432)['annotations'] if clip['label'] in (3, 7)]
    for number, clip in enumerate(clips[1:]):
        path = tmp_path / 'recordings' / {3: 'walk', 7: 'fall'}[clip['label']] / f'clip_{number}.csv'
        path.parent.mkdir(parents=True, exist_ok=True)
        write_csv(path, clip['keypoint'][0])
    write_csv(tmp_path / 'new.csv', clips[0]['keypoint'][0])
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run(command: str):
    """A command line of the page, in this process."""
    program, name, *arguments = shlex.split(re.sub(r'epoch_\d+', 'epoch_1', command), comments=True)
    assert program == 'usdrl'
    if name == 'train':
        arguments += BRIEF
        if epochs := {'pretrain_custom': 1, 'finetune_custom': 11}.get(arguments[0]):  # a tenth is its warm-up
            arguments.append(f'train_cfg.max_epochs={epochs}')
    with mock.patch.dict(os.environ), mock.patch('sys.argv', ['usdrl']):
        try:
            commands.run(name, arguments)
        except SystemExit as end:
            assert not end.code, (command, end.code)


def test_from_files_to_a_trained_model(place, capfd):
    told = []
    for command in (line for block in BLOCKS for line in block.replace('\\\n', ' ').splitlines() if line.strip()):
        run(command)
        told.append(capfd.readouterr().out)
    converted, inspected, trained, tested, asked, fitted, known, taught, again, _, adapted, finetuned = told
    assert '2 classes' in converted and 'no problems found' in inspected
    split = read_annotations('my.pkl')['split']
    recordings = list(place.glob('recordings/*/*.csv'))
    assert len(split['train']) + len(split['val']) == len(recordings)
    assert len(list(place.glob('work_dirs/inspect/my/*.png'))) == 4
    before, after = (read_weights(f'work_dirs/{name}_custom/epoch_1.pth') for name in ('pretrain', 'linear'))
    shared = [name for name in after if name.startswith('backbone.')]
    assert shared and all(after[name].equal(before[name]) for name in shared)
    assert all('acc/top1' in each for each in (trained, tested, adapted, finetuned))
    assert float(re.findall(r'acc/top1: ([\d.]+)', trained)[-1]) > 0.8  # by the encoder in the package
    assert re.search(r'new\.csv .*%', asked), asked[-700:]
    assert float(re.search(r'accuracy ([\d.]+)%', fitted)[1]) > 80 and 'new.csv' in known
    assert sum(map(int, re.findall(r'(?:walk|fall) (\d+)', taught))) == len(recordings)
    assert re.search(r'new\.csv .*(fall|walk|unknown)', again), again[-700:]
