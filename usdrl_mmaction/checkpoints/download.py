"""Downloads a file once: resumes after a cut connection, checks the file, and renames it into place."""

import os
from contextlib import contextmanager, nullcontext
from http.client import HTTPException
from pathlib import Path
from urllib.error import HTTPError
from urllib.parse import quote
from urllib.request import Request, urlopen

from filelock import FileLock, Timeout
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn, TransferSpeedColumn

from usdrl_mmaction.errors import DownloadError
from usdrl_mmaction.files import BLOCK, replacing, sha256_of

COLUMNS = TextColumn('{task.description}'), BarColumn(), DownloadColumn(), TransferSpeedColumn(), TimeRemainingColumn()


def download(url: str, target: Path, size: int | None = None, sha256: str | None = None, timeout: float = 30):
    """Downloads ``url`` to ``target`` unless that exists, and checks the file in either case.

    Without a ``sha256``, that of the first download is recorded in ``target``.sha256 and expected from then on. If
    several processes call this at once, one downloads and the others wait. ``timeout`` is the seconds that a server may
    be silent.
    """
    record = Path(f'{target}.sha256')
    expected, advice = sha256, ''
    if sha256 is None and record.exists():
        expected = record.read_text().split()[0]
        advice = f' That was recorded on first use: delete {record} too if a new version of the file was published.'
    with nullcontext() if target.exists() else exclusive(target):
        if target.exists():
            found = check(target, size, expected, f'Delete it to download it again.{advice}')
        else:
            found = fetch(url, target, size, expected, timeout, advice)
    if expected is None and os.access(target.parent, os.W_OK):
        with replacing(record) as draft:
            draft.write_text(f'{found}  {target.name}\n')


def location(base: str, name: str) -> str:
    """The URL of a file in a folder or at a server."""
    return f'{base.rstrip("/")}/{quote(name)}' if '://' in base else Path(base, name).expanduser().absolute().as_uri()


@contextmanager
def exclusive(target: Path):
    """One process at a time. The kernel holds the lock, and releases it however the process ends."""
    target.parent.mkdir(parents=True, exist_ok=True)
    lock = FileLock(f'{target}.lock')
    try:
        held = lock.acquire(timeout=0)
    except Timeout:
        Console(stderr=True).print(f'Another process is fetching {target}: waiting for it.', soft_wrap=True)
        held = lock.acquire()
    with held:
        yield


def fetch(url: str, target: Path, size: int | None, sha256: str | None, timeout: float, advice: str) -> str:
    """Receives a file as ``target``.part, checks it and renames it; returns its sha256."""
    part, version = Path(f'{target}.part'), Path(f'{target}.part.version')
    try:
        receive_all(url, part, version, size, timeout)
    except (OSError, HTTPException, ValueError) as error:
        again = f'Run this again to continue from byte {length(part)}' if version.exists() else 'Try again later'
        todo = f'{again}, or put the file at {target} by hand.'
        raise DownloadError(f'{url} cannot be fetched ({error}). {todo}') from error
    version.unlink(missing_ok=True)
    try:
        found = check(part, size, sha256, f'It came from {url} and has been removed.{advice}')
    except DownloadError:
        part.unlink()
        raise
    part.replace(target)
    return found


def receive_all(url: str, part: Path, version: Path, size: int | None, timeout: float):
    """Requests the rest after every cut, as long as more bytes come."""
    while size is None or length(part) != size:
        reached = length(part)
        try:
            return receive(url, part, version, timeout)
        except (OSError, HTTPException):
            if length(part) <= reached:
                raise


def receive(url: str, part: Path, version: Path, timeout: float):
    """Requests the rest if the server still has the version that ``part`` is from, or else all."""
    have = length(part)
    headers = {'User-Agent': 'usdrl-mmaction'}
    if have and version.exists():
        headers |= {'Range': f'bytes={have}-', 'If-Range': version.read_text()}
    with open_url(Request(url, headers=headers), timeout) as response:
        if response.headers.get_content_type() == 'text/html':
            raise HTTPException('the server answers with a web page')
        continues = response.headers.get('Content-Range', '').startswith(f'bytes {have}-')
        if response.status == 206 and not continues:
            raise HTTPException(f'the server does not continue at byte {have}, as requested')
        lacking = response.headers.get('Content-Length')
        start = have if continues else 0
        total = start + int(lacking) if lacking else None
        with part.open('ab' if continues else 'wb') as file, Progress(*COLUMNS, console=Console(stderr=True)) as bar:
            if not continues:  # keep what identifies the server's version, which a weak ETag does not
                etag = response.headers.get('ETag', '')
                version.unlink(missing_ok=True)
                if validator := etag if etag.startswith('"') else response.headers.get('Last-Modified'):
                    version.write_text(validator)
            task = bar.add_task(part.stem, total=total, completed=start)
            while block := response.read1(BLOCK):
                file.write(block)
                bar.advance(task, len(block))
    if total is not None and length(part) != total:
        raise HTTPException(f'the connection ended at byte {length(part)} of {total}')


def open_url(request: Request, timeout: float):
    try:
        return urlopen(request, timeout=timeout)
    except HTTPError as error:
        if error.code != 416:
            raise
    request.remove_header('Range')  # the file has shrunk, and has nothing from there on
    return urlopen(request, timeout=timeout)


def length(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0


def check(path: Path, size: int | None, sha256: str | None, todo: str) -> str:
    """The sha256 of a file. Raises if its size or sha256 is not the known one."""
    if size is not None and length(path) != size:
        raise DownloadError(f'{path} has {length(path)} bytes instead of {size}. {todo}')
    found = sha256_of(path)
    if sha256 is not None and found != sha256:
        raise DownloadError(f'{path} has the sha256 {found} instead of {sha256}. {todo}')
    return found
