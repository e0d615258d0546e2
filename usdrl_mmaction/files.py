"""Files: writing them whole or not at all, their checksums, and the error for one that does not exist."""

import difflib
import hashlib
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import rich.progress
from rich.console import Console

from .errors import MissingFileError, SaveError, UsdrlError

DRAFT = '.draft'  # suffix of a file that is being written
BLOCK = 1 << 20
LARGE = 1 << 30  # bytes whose checksum takes seconds


@contextmanager
def replacing(path: str | Path, sync: bool = False) -> Iterator[Path]:
    """A path next to ``path`` to write a file or folder to. It replaces ``path`` when the block ends, and is removed if
    the block raises. The parents of ``path`` are made.

    Args:
        sync (bool): Whether the content of a file must reach the disk before its name does.
    """
    path = Path(path)
    draft = path.with_name(f'{path.name}.{os.getpid()}{DRAFT}')
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        remove(draft)
        yield draft
        if sync:
            with draft.open('rb+') as file:
                os.fsync(file.fileno())
        if path.is_dir() and draft.is_dir():  # a folder never gives way to a file
            shutil.rmtree(path)
        draft.replace(path)
    except UsdrlError:
        raise
    except OSError as error:
        raise SaveError(error.errno, error.strerror or str(error), str(path)) from error
    finally:
        remove(draft)


def remove(path: Path):
    """Removes a file or folder, if it exists."""
    if path.is_dir():
        shutil.rmtree(path, ignore_errors=True)
    else:
        with suppress(OSError):
            path.unlink()


def sha256_of(path: str | Path) -> str:
    """The SHA-256 of a file, in hexadecimal. A large file has a progress bar."""
    path, digest = Path(path), hashlib.sha256()
    bar = dict(console=Console(stderr=True), transient=True, disable=path.stat().st_size < LARGE)
    with rich.progress.open(path, 'rb', description=f'Checking {path.name}', **bar) as file:
        while block := file.read(BLOCK):
            digest.update(block)
    return digest.hexdigest()


def missing(path: str | Path, what: str = 'file', todo: str = '') -> MissingFileError:
    """The error for a file or folder that does not exist. It suggests the most similar name in its folder."""
    path = Path(path)
    names = []
    with suppress(OSError):
        names = [other.name for other in path.parent.iterdir()]
    close = difflib.get_close_matches(path.name, names, 1)
    hint = f' Did you mean {path.parent / close[0]}?' if close else ''
    return MissingFileError(f'There is no {what} {path} (seen from {Path.cwd()}).{hint}{f" {todo}" if todo else ""}')
