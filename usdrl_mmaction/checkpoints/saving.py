"""Saves checkpoints whole or not at all, and finds the checkpoint of a work dir to resume from."""

from pathlib import Path

from mmengine.fileio import LocalBackend, register_backend

from usdrl_mmaction.errors import CheckpointError, UsdrlError
from usdrl_mmaction.files import replacing

from .reading import read_checkpoint, verify

LAST = 'last_checkpoint'  # in the work dir: the path of the newest checkpoint


class DraftBackend(LocalBackend):
    """Local files, written whole or not at all."""

    def put(self, obj: bytes, filepath: str | Path):
        with replacing(filepath, sync=True) as draft:
            draft.write_bytes(obj)


register_backend('draft', DraftBackend)


def newest_checkpoint(folder: Path) -> tuple[Path | None, list[str]]:
    """The checkpoint to resume from, which is the newest that can be read, and why others were skipped. None without
    any checkpoint."""
    last = folder / LAST
    named = [folder / last.read_text().strip()] if last.exists() and last.read_text().strip() else []
    progress, skipped = {}, []
    for path in sorted({*folder.glob('*.pth'), *named}):
        try:
            progress[path] = progress_of(path)
        except UsdrlError as error:
            skipped.append(str(error))
    for path in sorted(progress, key=progress.get, reverse=True):
        try:
            verify(path)
        except CheckpointError as error:
            skipped.append(str(error))
        else:
            return path, skipped
    if skipped:
        raise CheckpointError(
            f'No checkpoint in {folder} can be resumed: {" ".join(skipped)} Put a copy of one back, or remove them and '
            f'{LAST} to start again.'
        )
    return None, []


def progress_of(path: Path) -> tuple[str, int]:
    """When a checkpoint was saved, and after how many iterations."""
    meta = read_checkpoint(path, mmap=True).get('meta')
    if not isinstance(meta, dict) or not isinstance(meta.get('iter'), int):
        raise CheckpointError(f'{path} holds no state of training.')
    return str(meta.get('time', '')), meta['iter']


def last_good(runner) -> str:
    """The last checkpoint of a run, for messages."""
    path = Path(runner.work_dir, LAST)
    return path.read_text().strip() if path.exists() else 'none yet'
