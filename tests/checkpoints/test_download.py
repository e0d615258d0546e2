"""A file comes whole or not at all, however the server behaves and whoever else asks for it."""

import hashlib
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pytest
from file_server import serving

from usdrl_mmaction.checkpoints import download as transfer
from usdrl_mmaction.checkpoints.download import download, location
from usdrl_mmaction.errors import DownloadError

CONTENT = np.random.default_rng(0).bytes(300_000)
SHA256 = hashlib.sha256(CONTENT).hexdigest()


@pytest.fixture
def server(monkeypatch):
    monkeypatch.setenv('no_proxy', '127.0.0.1')
    with serving() as server:
        server.files['model.pth'] = CONTENT
        yield server


@pytest.fixture
def url(server):
    return f'{server.url}/model.pth'


@pytest.fixture
def target(tmp_path):
    return tmp_path / 'cache/model.pth'


def names(target):
    """The files in the folder, without the lock, which stays as a file that nobody holds."""
    return sorted(path.name for path in target.parent.iterdir() if path.suffix != '.lock')


def cut_download(url, target, server, at=100_000):
    """Have the first bytes of a file, from a server that then fails for good."""
    server.cuts = [at, 0]
    with pytest.raises(DownloadError):
        download(url, target)
    assert names(target) == ['model.pth.part', 'model.pth.part.version']
    server.asked.clear()


def test_a_good_file_comes_once(url, target, server):
    for _ in range(2):
        download(url, target, len(CONTENT), SHA256)
        assert target.read_bytes() == CONTENT
    assert server.asked == [None]
    assert names(target) == ['model.pth']


def test_a_cut_connection_is_taken_up_again(url, target, server):
    server.cuts = [100_000, 50_000]
    download(url, target, sha256=SHA256)
    assert server.asked == [None, 'bytes=100000-', 'bytes=150000-']
    assert target.read_bytes() == CONTENT
    assert names(target) == ['model.pth']


def test_another_process_continues_where_one_stopped(url, target, server):
    cut_download(url, target, server)
    download(url, target, sha256=SHA256)
    assert server.asked == ['bytes=100000-']
    assert target.read_bytes() == CONTENT


@pytest.mark.parametrize('etag', ['"2"', 'W/"1"', None])
def test_parts_of_two_versions_are_not_joined(url, target, server, etag):
    cut_download(url, target, server)
    server.etag = etag
    server.files['model.pth'] = CONTENT[::-1]
    download(url, target)
    assert target.read_bytes() == CONTENT[::-1]


def test_a_server_without_versions_is_asked_for_everything(url, target, server):
    server.etag, server.cuts = None, [100_000]
    download(url, target)
    assert server.asked == [None, None]
    assert target.read_bytes() == CONTENT


def test_a_server_that_knows_no_ranges_sends_everything(url, target, server):
    server.ranges = False
    cut_download(url, target, server)
    download(url, target, sha256=SHA256)
    assert target.read_bytes() == CONTENT


def test_a_server_that_always_cuts_at_the_same_place_is_given_up(url, target, server):
    server.ranges, server.cuts = False, [100_000] * 9
    with pytest.raises(DownloadError, match='the connection ended at byte 100000 of 300000'):
        download(url, target)
    assert len(server.asked) == 2


def test_a_file_that_has_shrunk_is_downloaded_again(url, target, server):
    cut_download(url, target, server)
    server.files['model.pth'] = CONTENT[:70_000]
    download(url, target)
    assert server.asked == ['bytes=100000-', None]
    assert target.read_bytes() == CONTENT[:70_000]


@pytest.mark.parametrize('known', [{'sha256': '0' * 64}, {'size': 299_999}])
def test_wrong_bytes_are_refused_removed_and_named(url, target, known):
    with pytest.raises(DownloadError) as refused:
        download(url, target, **known)
    assert str(target) in str(refused.value) and url in str(refused.value) and 'has been removed' in str(refused.value)
    assert (SHA256 in str(refused.value)) == ('sha256' in known)
    assert names(target) == []


def test_a_web_page_is_not_a_file(url, target, server):
    server.kind = 'text/html; charset=utf-8'
    with pytest.raises(DownloadError, match='answers with a web page'):
        download(url, target)
    assert names(target) == []


def test_a_checksum_is_recorded_on_first_use_and_holds(url, target, server):
    download(url, target)
    assert (target.parent / 'model.pth.sha256').read_text() == f'{SHA256}  model.pth\n'
    target.unlink()
    server.files['model.pth'] = CONTENT[::-1]
    with pytest.raises(DownloadError, match=r'instead of .* recorded on first use: delete .*model\.pth\.sha256 too'):
        download(url, target)
    assert names(target) == ['model.pth.sha256']


def test_a_file_that_changed_on_disk_is_named_and_left(url, target):
    download(url, target)
    target.write_bytes(CONTENT[:-1] + b'!')
    with pytest.raises(DownloadError, match=f'{target} has the sha256 .* instead of {SHA256}'):
        download(url, target)
    assert target.exists()


def test_a_file_put_there_by_hand_needs_no_server(target):
    target.parent.mkdir()
    target.write_bytes(CONTENT)
    download('http://127.0.0.1:9/model.pth', target)
    assert names(target) == ['model.pth', 'model.pth.sha256']


@pytest.mark.skipif(os.name != 'posix' or os.geteuid() == 0, reason='root writes everywhere')
def test_a_folder_that_cannot_be_written_serves_what_it_has(target):
    target.parent.mkdir()
    target.write_bytes(CONTENT)
    target.parent.chmod(0o500)
    download('http://127.0.0.1:9/model.pth', target)
    assert names(target) == ['model.pth']


def test_a_server_that_is_gone(target):
    url = 'http://127.0.0.1:9/model.pth'
    with pytest.raises(DownloadError, match=rf'{url} cannot be fetched \(.*refused.*put the file at {target} by hand'):
        download(url, target)
    assert names(target) == []


def test_a_file_that_the_server_does_not_have(target, server):
    with pytest.raises(DownloadError, match=r'nothing\.pth cannot be fetched \(HTTP Error 404'):
        download(f'{server.url}/nothing.pth', target)


def test_a_silent_server_is_left_and_what_came_is_kept(url, target, server):
    server.stalls = [100_000, 0]
    with pytest.raises(DownloadError, match=r'timed out.*continue from byte 100000'):
        download(url, target, timeout=0.2)
    download(url, target, sha256=SHA256)
    assert server.asked == [None, 'bytes=100000-', 'bytes=100000-']


@pytest.mark.parametrize('as_url', [True, False])
def test_a_folder_in_place_of_a_server(tmp_path, target, as_url):
    folder = tmp_path / 'a mirror'
    folder.mkdir()
    (folder / 'model.pth').write_bytes(CONTENT)
    download(location(folder.as_uri() if as_url else str(folder), 'model.pth'), target, sha256=SHA256)
    assert target.read_bytes() == CONTENT
    with pytest.raises(DownloadError, match='No such file'):
        download(location(str(folder), 'other.pth'), target.with_name('other.pth'))


def elsewhere(url, target):
    """The download in a process of its own, which needs nothing of the package but the module."""
    code = (
        'import importlib.util as u, sys; from pathlib import Path; '
        f's = u.spec_from_file_location("transfer", {transfer.__file__!r}); m = u.module_from_spec(s); '
        's.loader.exec_module(m); m.download(sys.argv[1], Path(sys.argv[2]), sha256=sys.argv[3])'
    )
    command = [sys.executable, '-c', code, url, str(target), SHA256]
    return subprocess.Popen(command, stderr=subprocess.PIPE, text=True)


def wait_for(condition):
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_two_processes_make_one_download(url, target, server):
    server.gate = threading.Event()
    first = elsewhere(url, target)
    wait_for(lambda: server.asked)
    second = elsewhere(url, target)
    assert 'Another process is fetching' in second.stderr.readline()
    server.gate.set()
    assert first.wait(60) == second.wait(60) == 0
    assert server.asked == [None]
    assert target.read_bytes() == CONTENT


def test_a_killed_process_leaves_its_lock_and_its_part_to_the_next(url, target, server):
    server.gate = threading.Event()
    first = elsewhere(url, target)
    wait_for(lambda: Path(f'{target}.part').exists() and Path(f'{target}.part').stat().st_size == 150_000)
    second = elsewhere(url, target)
    assert 'Another process is fetching' in second.stderr.readline()
    first.send_signal(signal.SIGKILL)
    first.wait()
    server.gate.set()
    assert second.wait(60) == 0
    assert server.asked == [None, 'bytes=150000-']
    assert target.read_bytes() == CONTENT
