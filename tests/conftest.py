"""What the tests share: where things are, small annotation files, and configs shrunk to run in seconds."""

import pickle
from pathlib import Path

import numpy as np
import pytest

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope='session')
def golden() -> Path:
    """Numbers computed with the authors' code, beside the checkout where they are kept."""
    folder = ROOT.parent / 'shared' / 'golden'
    if not folder.is_dir():
        pytest.skip('no golden numbers beside this checkout')
    return folder


@pytest.fixture(scope='session')
def ann_file(tmp_path_factory) -> Path:
    """24 random clips of 3 classes with 25 joints, 20 to 90 frames long; half of them have two persons."""
    rng = np.random.default_rng(0)
    annotations = []
    for i in range(24):
        frames = int(rng.integers(20, 90))
        keypoint = rng.normal(size=(1 + i % 2, frames, 25, 3)).astype(np.float32)
        annotations.append(dict(frame_dir=f'clip{i}', label=i % 3, total_frames=frames, keypoint=keypoint))
    names = [annotation['frame_dir'] for annotation in annotations]
    path = tmp_path_factory.mktemp('data') / 'clips.pkl'
    path.write_bytes(
        pickle.dumps(dict(split=dict(xsub_train=names[:16], xsub_val=names[16:]), annotations=annotations))
    )
    return path
