"""Checkpoints of a run, to be damaged."""

import shutil

import pytest
import torch


@pytest.fixture(scope='module')
def written(tmp_path_factory):
    """Two checkpoints of a run, written once."""
    folder = tmp_path_factory.mktemp('written')
    for number, time in ((1, '20260101_000001'), (2, '20260101_000002')):
        content = {
            'meta': {'epoch': number, 'iter': 2 * number, 'time': time},
            'state_dict': {'weight': torch.arange(1000.0) + number},
            'message_hub': {},
        }
        torch.save(content, folder / f'epoch_{number}.pth')
    (folder / 'last_checkpoint').write_text(str(folder / 'epoch_2.pth'))
    return folder


@pytest.fixture
def work_dir(written, tmp_path):
    folder = tmp_path / 'work'
    shutil.copytree(written, folder)
    (folder / 'last_checkpoint').write_text(str(folder / 'epoch_2.pth'))
    return folder
