"""A checkpoint is there whole or not at all; a run resumes from the newest that can be read."""

import os
from pathlib import Path

import pytest
import torch
from checkpoints.damage import flip, tensor_bytes

from usdrl_mmaction.checkpoints.saving import DraftBackend, newest_checkpoint
from usdrl_mmaction.errors import CheckpointError


class Killed(BaseException):
    pass


def test_a_kill_at_any_byte_leaves_what_was_there(tmp_path, monkeypatch):
    path, old, new = tmp_path / 'epoch_1.pth', b'old content', bytes(range(256)) * 40
    path.write_bytes(old)
    opened = Path.open

    class Dying:
        def __init__(self, file, at):
            self.file, self.at = file, at

        def __enter__(self):
            return self

        def __exit__(self, *_):
            self.file.close()

        def write(self, content):
            self.file.write(content[: self.at])
            raise Killed

    for byte in (0, 1, 4096, len(new) - 1, len(new)):
        with monkeypatch.context() as patch, pytest.raises(Killed):
            patch.setattr(Path, 'open', lambda self, mode, at=byte: Dying(opened(self, mode), at))
            DraftBackend().put(new, path)
        assert path.read_bytes() == old
    DraftBackend().put(new, path)
    assert path.read_bytes() == new and os.listdir(tmp_path) == ['epoch_1.pth']


def test_the_newest_is_the_last_that_was_saved(work_dir):
    assert newest_checkpoint(work_dir) == (work_dir / 'epoch_2.pth', [])
    os.utime(work_dir / 'epoch_1.pth')  # copied, say
    (work_dir / 'last_checkpoint').unlink()
    assert newest_checkpoint(work_dir) == (work_dir / 'epoch_2.pth', [])
    assert newest_checkpoint(work_dir.parent / 'nothing') == (None, [])


@pytest.mark.parametrize('size', [0, 1, 100, 2000, -100, -1])
def test_one_that_was_cut_short_is_passed_over_and_named(work_dir, size):
    broken = work_dir / 'epoch_2.pth'
    os.truncate(broken, size if size >= 0 else broken.stat().st_size + size)
    path, skipped = newest_checkpoint(work_dir)
    assert path == work_dir / 'epoch_1.pth'
    assert len(skipped) == 1 and f'{broken} is damaged or cut short' in skipped[0]


def test_so_is_one_with_a_flipped_bit_which_torch_would_load(work_dir):
    broken = work_dir / 'epoch_2.pth'
    flip(broken, tensor_bytes(broken) + 41)
    assert torch.load(broken, weights_only=True)['state_dict']['weight'][10] != 12
    path, skipped = newest_checkpoint(work_dir)
    assert path == work_dir / 'epoch_1.pth' and 'the checksum of' in skipped[0]


def test_so_are_weights_alone_and_a_name_without_a_file(work_dir):
    torch.save({'state_dict': {}}, work_dir / 'weights.pth')
    (work_dir / 'last_checkpoint').write_text('/gone/epoch_3.pth')
    path, skipped = newest_checkpoint(work_dir)
    assert path == work_dir / 'epoch_2.pth'
    gone, weights = skipped
    assert gone.startswith('There is no checkpoint /gone/epoch_3.pth (seen from')
    assert weights.endswith('weights.pth holds no state of training.')


def test_if_none_is_left_that_is_reported(work_dir):
    for path in work_dir.glob('*.pth'):
        os.truncate(path, 50)
    with pytest.raises(CheckpointError, match=r'No checkpoint in .*epoch_1.pth is damaged.*epoch_2.pth is damaged'):
        newest_checkpoint(work_dir)


def test_a_checkpoint_elsewhere_is_found_by_its_name(work_dir, tmp_path):
    elsewhere = tmp_path / 'epoch_3.pth'
    content = torch.load(work_dir / 'epoch_2.pth')
    torch.save(content | {'meta': {'epoch': 3, 'iter': 6, 'time': '20260101_000003'}}, elsewhere)
    (work_dir / 'last_checkpoint').write_text(str(elsewhere))
    assert newest_checkpoint(work_dir)[0] == elsewhere
