"""Checkpoint files that are there whole or not at all, and reading those that are damaged, cut short or hostile."""

import os
import re
from pathlib import Path

import torch
from mmengine.fileio import LocalBackend, register_backend
from mmengine.runner import CheckpointLoader

from usdrl_mmaction.errors import CheckpointError

from .authors import check_sums

DRAFT = '.draft'  # ends the name of a file that is being written
LAST = 'last_checkpoint'  # in the work dir: the path of the newest checkpoint
FORBIDDEN = re.compile(r'GLOBAL (\S+)')  # how torch names what it refused


class DraftBackend(LocalBackend):
    """Local files, written beside their place and renamed."""

    def put(self, obj: bytes, filepath: str | Path):
        path = Path(filepath)
        path.parent.mkdir(parents=True, exist_ok=True)
        draft = path.with_name(path.name + DRAFT)
        try:
            with draft.open('wb') as file:
                file.write(obj)
                file.flush()
                os.fsync(file.fileno())  # the name must not reach the disk before the content
            draft.replace(path)
        except OSError:
            draft.unlink(missing_ok=True)
            raise


register_backend('draft', DraftBackend)


@CheckpointLoader.register_scheme(prefixes='', force=True)
def load_from_file(filename: str, map_location=None) -> dict:
    """The content of a checkpoint file, for MMEngine's runner and whatever else loads one: data, and nothing is run."""
    path = Path(filename).expanduser()
    if not path.is_file():
        pretraining = Path('configs/usdrl', f'{path.parent.name}.py')
        todo = f'Train {pretraining}, or set' if path.parent.name.startswith('pretrain_') else 'Set'
        raise CheckpointError(
            f'There is no checkpoint {path} (seen from {os.getcwd()}). {todo} load_from to a file, to usdrl://NAME, or '
            'to None to begin at random.'
        )
    try:
        check_sums(path)
    except Exception as error:
        raise damaged(path, error) from error
    return read(path, map_location=map_location)


def newest_checkpoint(folder: Path) -> tuple[Path | None, list[str]]:
    """The checkpoint to go on from, the last that was written of those that can be read, and why others were passed
    over. Where there is none at all, training has not come so far."""
    last = folder / LAST
    named = [folder / last.read_text().strip()] if last.exists() and last.read_text().strip() else []
    progress, skipped = {}, []
    for path in sorted({*folder.glob('*.pth'), *named}):
        try:
            progress[path] = progress_of(path)
        except CheckpointError as error:
            skipped.append(str(error))
    for path in sorted(progress, key=progress.get, reverse=True):
        try:
            check_sums(path)
        except Exception as error:
            skipped.append(str(damaged(path, error)))
        else:
            return path, skipped
    if skipped:
        raise CheckpointError(
            f'No checkpoint in {folder} can be resumed: {" ".join(skipped)} Put a copy of one back, or remove them and '
            f'{LAST} to begin anew.'
        )
    return None, []


def progress_of(path: Path) -> tuple[str, int]:
    """When a checkpoint was saved, and after how many iterations. The tensors stay on the disk."""
    if not path.is_file():
        raise CheckpointError(f'{path} is not there.')
    meta = read(path, map_location='cpu', mmap=True).get('meta')
    if not isinstance(meta, dict) or not isinstance(meta.get('iter'), int):
        raise CheckpointError(f'{path} holds no state of training.')
    return str(meta.get('time', '')), meta['iter']


def read(path: Path, **how) -> dict:
    try:
        content = torch.load(path, weights_only=True, **how)
    except Exception as error:  # a damaged file makes torch raise whatever the damage spells
        forbidden = FORBIDDEN.search(str(error))
        if forbidden:
            raise CheckpointError(
                f"{path} asks for '{forbidden[1]}'. A checkpoint holds tensors, containers, numbers and strings, "
                'nothing else is read from it, and nothing in it was run. Do not open it with other programs.'
            ) from error
        raise damaged(path, error) from error
    if not isinstance(content, dict):
        raise CheckpointError(f'{path} is no checkpoint: it holds a {type(content).__name__}, not a dict.')
    return content


def damaged(path: Path, reason) -> CheckpointError:
    line = (str(reason).strip() or type(reason).__name__).splitlines()[0]
    return CheckpointError(f'{path} is damaged or cut short ({line}). Use another, or download it again.')


def last_good(runner) -> str:
    """The last checkpoint of a run, for people."""
    path = Path(runner.work_dir, LAST)
    return path.read_text().strip() if path.exists() else 'none, for none was due yet'
