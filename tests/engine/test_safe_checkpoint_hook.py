"""A run keeps its checkpoints through a full disk, and resumes from the newest that can be read."""

import os
import shutil
from pathlib import Path

import pytest
import torch
from mmengine.runner import Runner

from usdrl_mmaction.checkpoints.saving import DraftBackend, newest_checkpoint
from usdrl_mmaction.errors import CheckpointError, SaveError
from usdrl_mmaction.files import DRAFT


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


def test_a_run_with_nothing_to_resume_starts_from_what_it_was_given(tiny, tmp_path):
    pretrained = Runner.from_cfg(tiny('pretrain_synthetic')).model
    torch.save({'state_dict': pretrained.state_dict()}, tmp_path / 'weights.pth')
    changes = {'train_cfg.max_epochs': 1, 'resume': True, 'begin_from': str(tmp_path / 'weights.pth')}
    runner = Runner.from_cfg(tiny('linear_ntu60', {**changes, 'randomness.seed': 1}))
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
    runner = Runner.from_cfg(tiny('linear_ntu60', options))
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


def test_too_little_space_is_reported_before_the_first_epoch(tiny, monkeypatch):
    cfg = tiny('pretrain_synthetic')
    runner = Runner.from_cfg(cfg)
    monkeypatch.setattr(shutil, 'disk_usage', lambda folder: shutil._ntuple_diskusage(10**6, 10**6 - 99, 99))
    with pytest.raises(SaveError, match=r'0 MB free, and a checkpoint takes about [1-9]\d* MB'):
        runner.train()
    assert runner.iter == 0


def test_an_out_dir_that_cannot_be_written_to_is_reported_before_the_first_epoch(tiny, tmp_path):
    (tmp_path / 'file').write_text('')
    runner = Runner.from_cfg(tiny('pretrain_synthetic', {'default_hooks.checkpoint.out_dir': str(tmp_path / 'file')}))
    with pytest.raises(SaveError, match='Not a directory'):
        runner.train()
    assert runner.iter == 0
