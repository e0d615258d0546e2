"""A checkpoint is read as it was written, or the error is reported; nothing in it is run."""

import os
import pickle

import pytest
import torch
from checkpoints.damage import flip, tensor_bytes
from mmengine.runner import CheckpointLoader, load_checkpoint

from usdrl_mmaction.checkpoints.reading import load_from_local, read_weights
from usdrl_mmaction.errors import CheckpointError, MissingFileError


@pytest.mark.parametrize(
    'damage, message',
    [
        (lambda path: os.truncate(path, 2000), 'is damaged or cut short'),
        (lambda path: flip(path, tensor_bytes(path)), 'the checksum of'),
        (lambda path: torch.save(torch.zeros(3), path), 'it holds a Tensor, not a dict'),
        (lambda path: path.write_text('<html>'), 'is damaged or cut short'),
    ],
)
def test_loading_says_what_is_wrong(work_dir, damage, message):
    path = work_dir / 'epoch_2.pth'
    damage(path)
    with pytest.raises(CheckpointError, match=message):
        load_checkpoint(torch.nn.Linear(2, 2), str(path))


def test_mmengine_reads_files_by_this_reader_under_the_name_that_it_expects():
    assert CheckpointLoader._get_checkpoint_loader('epoch_1.pth') is load_from_local
    assert load_from_local.__name__ == 'load_from_local'


def test_loading_what_is_not_there_says_what_is(work_dir):
    (work_dir / 'epoch_2.pth').unlink()
    with pytest.raises(
        MissingFileError, match=r'no checkpoint .*epoch_2\.pth \(seen from .* Did you mean .*epoch_1\.pth\?'
    ):
        load_checkpoint(torch.nn.Linear(2, 2), str(work_dir / 'epoch_2.pth'))


def test_files_of_before_torch_1_6_are_read(tmp_path):
    path = tmp_path / 'old.pth'
    torch.save({'weight': torch.ones(2, 2), 'bias': torch.ones(2)}, path, _use_new_zipfile_serialization=False)
    layer = torch.nn.Linear(2, 2)
    load_checkpoint(layer, str(path))
    assert layer.weight.eq(1).all()


class Malicious:
    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return (open, (str(self.path), 'w'))


@pytest.mark.parametrize(
    'zipped, message', [(True, r"asks for '\w+\.open'.* nothing in it was run"), (False, 'is damaged or cut short')]
)
def test_code_in_a_checkpoint_is_not_run(tmp_path, zipped, message):
    trap, source = tmp_path / 'trap', tmp_path / 'bad.pth'
    content = {'state_dict': {'weight': torch.zeros(3)}, 'extra': Malicious(trap)}
    if zipped:
        torch.save(content, source)
    else:
        source.write_bytes(pickle.dumps(content))
    with pytest.raises(CheckpointError, match=rf'bad\.pth {message}'):
        read_weights(source)
    assert not trap.exists()
