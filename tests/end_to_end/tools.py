"""What the tests of whole runs share: how a tool is started, and the options of short runs."""

import pickle
import subprocess
import sys
from pathlib import Path
from unittest import mock

import mmaction
import numpy as np
from conftest import ROOT

from usdrl_mmaction import commands

STOCK = Path(mmaction.__file__).parent / '.mim'
STGCNPP = STOCK / 'configs/skeleton/stgcnpp/stgcnpp_8xb16-joint-u100-80e_ntu60-xsub-keypoint-3d.py'
IMPORTED = (
    'import sys, runpy, usdrl_mmaction; sys.argv = sys.argv[1:]; runpy.run_path(sys.argv[0], run_name="__main__")'
)
FILES = ROOT / 'configs/usdrl'
NARROW = 'model.backbone.embed_dims=16'
BRIEF = ['train_dataloader.num_workers=0', 'train_dataloader.persistent_workers=False',
         'default_hooks.checkpoint.interval=1']  # fmt: skip
PRETRAIN_HEAD, LINEAR_HEAD = 'model.head.in_channels=16', 'model.cls_head.in_channels=16'
LOADERS = ('train_dataloader', 'val_dataloader', 'test_dataloader')


def command(tool, *args):
    whole_log = ['--verbose'] if str(tool) == 'tools/train.py' else []
    return [sys.executable, str(tool), *map(str, args), *whole_log]


def run(tool, *args, cwd=ROOT):
    done = subprocess.run(command(tool, *args), capture_output=True, text=True, cwd=cwd, timeout=250)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    return done.stdout + done.stderr


def ours(name: str, *arguments):
    """A command of ours, in this process."""
    with mock.patch('sys.argv'):
        commands.run(name, [*map(str, arguments)])


def write_clips(path: Path, shape: tuple[int, ...], splits: tuple[str, str], **meta) -> Path:
    """80 random clips of three classes."""
    rng = np.random.default_rng(0)
    annotations = [
        dict(frame_dir=f'{i}', label=i % 3, total_frames=shape[1], keypoint=rng.normal(size=shape).astype(np.float32))
        for i in range(80)
    ]
    names = [annotation['frame_dir'] for annotation in annotations]
    split = dict(zip(splits, (names[:64], names[64:]), strict=True))
    path.write_bytes(pickle.dumps(dict(split=split, annotations=annotations, meta=meta)))
    return path
