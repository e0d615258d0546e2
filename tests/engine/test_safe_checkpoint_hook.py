"""Checkpoints survive kills, full disks and damage; a run goes on from the newest that can be read."""

import os
import shutil
from pathlib import Path

import pytest
import torch
from mmengine.runner import Runner, load_checkpoint

from usdrl_mmaction.checkpoints.saving import DraftBackend, newest_checkpoint
from usdrl_mmaction.errors import CheckpointError, MissingFileError, SaveError
from usdrl_mmaction.files import DRAFT


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


def flip(path, byte):
    content = bytearray(path.read_bytes())
    content[byte] ^= 1
    path.write_bytes(content)


def tensor_bytes(path):
    """Where the tensor lies in a checkpoint file."""
    return path.read_bytes().index(torch.arange(1000.0).add(2).numpy().tobytes())


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


def test_if_none_is_left_that_is_said(work_dir):
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


def names(folder):
    return sorted(path.name for path in Path(folder).glob('*.pth*'))


def test_a_run_keeps_the_last_ones_and_sweeps_up_drafts(tiny):
    cfg = tiny('pretrain_synthetic', {'train_cfg.max_epochs': 4, 'default_hooks.checkpoint.max_keep_ckpts': 2})
    Path(cfg.work_dir).mkdir()
    Path(cfg.work_dir, f'epoch_7.pth{DRAFT}').write_bytes(b'half')
    Runner.from_cfg(cfg).train()
    assert names(cfg.work_dir) == ['epoch_3.pth', 'epoch_4.pth']
    assert Path(cfg.work_dir, 'last_checkpoint').read_text() == str(Path(cfg.work_dir, 'epoch_4.pth'))


def test_a_run_resumes_from_what_can_be_read_and_overwrites_the_rest(tiny, caplog):
    cfg = tiny('pretrain_synthetic', {'train_cfg.max_epochs': 2})
    Runner.from_cfg(cfg).train()
    os.truncate(Path(cfg.work_dir, 'epoch_2.pth'), 5000)
    runner = Runner.from_cfg(tiny('pretrain_synthetic', {'train_cfg.max_epochs': 3, 'resume': True}))
    runner.logger.addHandler(caplog.handler)
    runner.train()
    assert any('Passed over' in text and 'epoch_2.pth is damaged' in text for text in caplog.messages)
    assert newest_checkpoint(Path(cfg.work_dir))[0].name == 'epoch_3.pth'
    assert newest_checkpoint(Path(cfg.work_dir))[1] == []


def test_a_run_with_nothing_to_resume_begins_from_what_it_was_given(tiny, tmp_path):
    pretrained = Runner.from_cfg(tiny('pretrain_synthetic')).model
    torch.save({'state_dict': pretrained.state_dict()}, tmp_path / 'weights.pth')
    changes = {'train_cfg.max_epochs': 1, 'resume': True, 'begin_from': str(tmp_path / 'weights.pth')}
    runner = Runner.from_cfg(tiny('linear_synthetic', {**changes, 'randomness.seed': 1}))
    runner.train()
    assert runner.model.backbone.spatial_position.equal(pretrained.backbone.spatial_position)
    assert runner.epoch == 1


def test_weights_alone_cannot_be_resumed(tiny, tmp_path):
    torch.save({'state_dict': {}}, tmp_path / 'weights.pth')
    runner = Runner.from_cfg(tiny('pretrain_synthetic', {'resume': True, 'load_from': str(tmp_path / 'weights.pth')}))
    with pytest.raises(CheckpointError, match=r'no state of training to resume\. .*load_from, without --resume'):
        runner.train()


def no_space(self, obj, filepath):
    raise OSError(28, 'No space left on device', str(filepath))


def test_a_full_disk_costs_nothing_that_was_saved(tiny, monkeypatch):
    cfg = tiny('pretrain_synthetic', {'default_hooks.checkpoint.max_keep_ckpts': 1})
    put = DraftBackend.put

    def fills_up(self, obj, filepath):
        (no_space if str(filepath).endswith('epoch_2.pth') else put)(self, obj, filepath)

    monkeypatch.setattr(DraftBackend, 'put', fills_up)
    with pytest.raises(SaveError, match=r'No space left on device\. The last good one: .*epoch_1\.pth'):
        Runner.from_cfg(cfg).train()
    assert newest_checkpoint(Path(cfg.work_dir)) == (Path(cfg.work_dir, 'epoch_1.pth'), [])


def test_the_best_so_far_stays_until_a_better_one_is_there(tiny, monkeypatch):
    options = {
        'train_cfg.val_interval': 1,
        'default_hooks.checkpoint': dict(save_best='acc/top1', interval=1),
        'default_hooks.checkpoint.rule': 'greater',
    }
    runner = Runner.from_cfg(tiny('linear_synthetic', options))
    hook = next(hook for hook in runner.hooks if type(hook).__name__ == 'SafeCheckpointHook')
    runner.train()
    scores = iter([2.0, 3.0])
    hook._save_best_checkpoint(runner, {'acc/top1': next(scores)})
    (before,) = Path(runner.work_dir).glob('best_*.pth')
    monkeypatch.setattr(DraftBackend, 'put', no_space)
    runner.train_loop._epoch += 1
    with pytest.raises(SaveError):
        hook._save_best_checkpoint(runner, {'acc/top1': next(scores)})
    assert before.exists()


def test_too_little_room_is_said_before_the_first_epoch(tiny, monkeypatch):
    cfg = tiny('pretrain_synthetic')
    runner = Runner.from_cfg(cfg)
    monkeypatch.setattr(shutil, 'disk_usage', lambda folder: shutil._ntuple_diskusage(10**6, 10**6 - 99, 99))
    with pytest.raises(SaveError, match=r'room for 0 MB, and a checkpoint takes about [1-9]\d* MB'):
        runner.train()
    assert runner.iter == 0


def test_an_out_dir_that_cannot_be_written_to_is_said_before_the_first_epoch(tiny, tmp_path):
    (tmp_path / 'file').write_text('')
    runner = Runner.from_cfg(tiny('pretrain_synthetic', {'default_hooks.checkpoint.out_dir': str(tmp_path / 'file')}))
    with pytest.raises(SaveError, match='Not a directory'):
        runner.train()
    assert runner.iter == 0
