"""Checkpoints that survive a kill at any moment, a full disk and a damaged file."""

import shutil
from contextlib import contextmanager
from pathlib import Path

from mmaction.registry import HOOKS
from mmengine.dist import broadcast_object_list, is_main_process
from mmengine.fileio import LocalBackend
from mmengine.hooks import CheckpointHook

from usdrl_mmaction.checkpoints.saving import LAST, DraftBackend, last_good, newest_checkpoint
from usdrl_mmaction.errors import CheckpointError, SaveError
from usdrl_mmaction.files import DRAFT, remove

BYTES = 3 * 4  # of a parameter and its two moments in Adam


@HOOKS.register_module()
class SafeCheckpointHook(CheckpointHook):
    """``CheckpointHook`` that writes a new file before it replaces or removes an old one, and resumes from the newest
    checkpoint that can be read. Without any, the run starts from ``begin_from`` of the config, if that is given. Takes
    the arguments of ``CheckpointHook``.

    Free space is checked before the first epoch. On other file systems than local ones (``out_dir='s3://…'``) it writes
    as ``CheckpointHook`` does.
    """

    def before_run(self, runner):
        if not runner._resume or runner._load_from is not None or '://' in str(self.out_dir):
            return
        folder = Path(runner.work_dir)
        if self.out_dir is not None:
            folder = Path(self.out_dir, folder.name)
        found = [newest_checkpoint(folder) if is_main_process() else None]
        broadcast_object_list(found)
        path, skipped = found[0]
        for reason in skipped:
            runner.logger.warning(f'Passed over while looking for a checkpoint to resume: {reason}')
        runner._resume = path is not None
        runner._load_from = str(path) if path else runner.cfg.get('begin_from')

    def after_load_checkpoint(self, runner, checkpoint):
        meta = checkpoint.get('meta')
        resumable = isinstance(meta, dict) and {'epoch', 'iter'} <= set(meta) and 'message_hub' in checkpoint
        if runner._resume and not resumable:
            raise CheckpointError(
                f'{runner._load_from} holds weights, but no state of training to resume. To start a run with these '
                'weights, give the file as load_from, without --resume.'
            )

    def before_train(self, runner):
        super().before_train(runner)
        numbers = sum(value.numel() for value in runner.model.state_dict().values())  # all of one that is sharded
        if not isinstance(self.file_backend, LocalBackend) or not is_main_process():
            return
        self.file_backend = DraftBackend()
        self.backend_args = {'backend': 'draft'}
        folder = Path(self.out_dir)
        for draft in folder.glob(f'*{DRAFT}'):
            remove(draft)  # of a run that was killed
        with self.nothing_lost(runner):
            self.file_backend.put(b'', folder / 'test')
            (folder / 'test').unlink()
        check_space(folder, runner, BYTES * numbers, self.max_keep_ckpts)

    def _save_checkpoint_with_step(self, runner, step, meta):
        outdated = self.keep(runner, step)
        name = self.filename_tmpl.format(step)
        self.last_ckpt = self.file_backend.join_path(self.out_dir, name)
        runner.message_hub.update_info('last_ckpt', self.last_ckpt)
        with self.nothing_lost(runner):
            runner.save_checkpoint(
                self.out_dir,
                name,
                self.file_client_args,
                save_optimizer=self.save_optimizer,
                save_param_scheduler=self.save_param_scheduler,
                meta=meta,
                by_epoch=self.by_epoch,
                backend_args=self.backend_args,
                **self.args,
            )
            if is_main_process():
                DraftBackend().put(self.last_ckpt.encode(), Path(runner.work_dir, LAST))
                for path in outdated:
                    self.file_backend.remove(path)

    def keep(self, runner, step: int) -> list[str]:
        """Count a checkpoint among those to keep; the paths of those that it drives out."""
        if self.max_keep_ckpts <= 0 or step in self.keep_ckpt_ids:
            return []
        steps = [*self.keep_ckpt_ids, step]
        self.keep_ckpt_ids.append(step)  # which drops the first one when it is full
        runner.message_hub.update_info('keep_ckpt_ids', list(self.keep_ckpt_ids))
        names = map(self.filename_tmpl.format, steps[: -self.max_keep_ckpts])
        paths = [self.file_backend.join_path(self.out_dir, name) for name in names]
        return [path for path in paths if self.file_backend.isfile(path)]

    def _save_best_checkpoint(self, runner, metrics):
        backend, outdated = self.file_backend, []
        if isinstance(backend, DraftBackend):
            self.file_backend = DraftBackend()
            self.file_backend.remove = outdated.append  # the best so far goes when a better one is there
        with self.nothing_lost(runner):
            super()._save_best_checkpoint(runner, metrics)
            for path in outdated:
                backend.remove(path)
        self.file_backend = backend

    @contextmanager
    def nothing_lost(self, runner):
        try:
            yield
        except OSError as error:
            raise SaveError(
                f'No checkpoint can be written to {self.out_dir}: {error.strerror}. The last good one: '
                f'{last_good(runner)}. Make it writable, then continue with --resume.'
            ) from error


def check_space(folder: Path, runner, size: int, max_keep: int):
    """Raises without space for one checkpoint, and warns without space for as many as are to be kept."""
    free = shutil.disk_usage(folder).free
    there = sum(path.stat().st_size for path in folder.glob('*.pth'))
    if free < size:
        raise SaveError(
            f'{folder} has {free / 1e6:.0f} MB free, and a checkpoint takes about {size / 1e6:.0f} MB. Free some '
            'space, or choose another --work-dir.'
        )
    if max_keep > 0 and free + there < (max_keep + 1) * size:
        runner.logger.warning(
            f'{folder} has {(free + there) / 1e6:.0f} MB for checkpoints. max_keep_ckpts={max_keep}, and the one being '
            f'written, take {(max_keep + 1) * size / 1e6:.0f} MB. Free some space, or keep fewer.'
        )
