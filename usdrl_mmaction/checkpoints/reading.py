"""Reads checkpoints: checks their checksums, loads data alone, and reports errors in one line."""

import re
import zipfile
from pathlib import Path

import mmengine  # noqa: F401  a checkpoint may hold its types, which are allowed by its import
import torch
from torch import Tensor

from usdrl_mmaction.errors import CheckpointError
from usdrl_mmaction.files import missing

FORBIDDEN = re.compile(r'GLOBAL (\S+)')  # how torch names what it refused
REASON = re.compile(r'WeightsUnpickler error:\s*(.+)')  # follows torch's advice to read the file as code


def read_checkpoint(path: str | Path, map_location='cpu', mmap: bool = False) -> dict:
    """The content of a checkpoint file: tensors, containers, numbers and strings. Nothing in the file is run.

    Args:
        mmap (bool): Leave the tensors on the disk, and do not check their checksums.
    """
    path = Path(path).expanduser()
    if not path.is_file():
        raise missing(path, 'checkpoint')
    if not mmap:
        verify(path)
    try:
        content = torch.load(path, map_location=map_location, weights_only=True, mmap=mmap)
    except Exception as error:  # a damaged file makes torch raise anything
        forbidden = FORBIDDEN.search(str(error))
        if forbidden:
            raise CheckpointError(
                f"{path} asks for '{forbidden[1]}'. A checkpoint holds tensors, containers, numbers and strings; "
                'nothing else is read from it, and nothing in it was run. Do not open it with other programs.'
            ) from error
        raise damaged(path, error) from error
    if not isinstance(content, dict):
        raise CheckpointError(f'{path} is not a checkpoint: it holds a {type(content).__name__}, not a dict.')
    return content


def verify(path: Path):
    """Checks the checksums of the zip format, which torch writes and does not check when it reads."""
    try:
        if not zipfile.is_zipfile(path):
            return  # the format of torch before 1.6, without checksums, or not a checkpoint
        with zipfile.ZipFile(path) as archive:
            packed = [entry.filename for entry in archive.infolist() if entry.compress_type != zipfile.ZIP_STORED]
            broken = packed[0] if packed else archive.testzip()
    except Exception as error:  # as above
        raise damaged(path, error) from error
    if broken:
        raise damaged(path, f'the checksum of {broken} is wrong')


def damaged(path: Path, reason: str | Exception) -> CheckpointError:
    found = REASON.search(str(reason))
    line = found[1] if found else (str(reason).strip() or type(reason).__name__).splitlines()[0]
    return CheckpointError(
        f'{path} is damaged or cut short ({line.split(". ")[0]}). Use another, or download it again.'
    )


def load_from_local(filename: str, map_location=None) -> dict:
    """``read_checkpoint`` for everything that loads a file through MMEngine."""
    path = Path(filename).expanduser()
    if path.is_file():
        return read_checkpoint(path, map_location)
    config = path.parent.name
    todo = f'Run usdrl train {config}, or set' if config.startswith('pretrain_') else 'Set'
    raise missing(path, 'checkpoint', f'{todo} load_from to a file, to usdrl://NAME, or to None to start at random.')


def weights_of(checkpoint: dict, source: str | Path) -> dict[str, Tensor]:
    """The ``state_dict`` of a checkpoint."""
    weights = checkpoint.get('state_dict')
    if not isinstance(weights, dict) or not all(isinstance(value, Tensor) for value in weights.values()):
        found = sorted(map(str, checkpoint))[:5]
        raise CheckpointError(f"{source} holds no 'state_dict' of tensors; it holds {found}.")
    return weights


def read_weights(path: str | Path) -> dict[str, Tensor]:
    """The ``state_dict`` of a checkpoint file."""
    return weights_of(read_checkpoint(path), path)
