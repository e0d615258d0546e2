"""A published folder is what the Hugging Face hub serves; ``hf://OWNER/NAME`` is read from a server on loopback."""

import hashlib
import json
import os
import subprocess
import sys
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import pytest

from usdrl_mmaction.apis import ActionClassifier, load
from usdrl_mmaction.checkpoints import hub
from usdrl_mmaction.errors import DownloadError, UsageError

pytest.importorskip('huggingface_hub')
COMMIT = 'c' * 40
ASK = """
import sys, numpy as np, usdrl_mmaction
model = usdrl_mmaction.load('hf://somebody/actions')
np.save('answers.npy', model.predict_proba(list(np.load('clips.npy'))))
assert model.classes_.tolist() == ['a', 'b']
"""


@contextmanager
def hub_of(folder: Path):
    """The two kinds of request that fetch a file of a model, as the hub answers them."""

    class Handler(BaseHTTPRequestHandler):
        def do_HEAD(self):
            self.answer(body=False)

        def do_GET(self):
            self.answer(body=True)

        def answer(self, body: bool):
            name = self.path.split('?')[0].split('/')[-1]
            path = folder / name
            if not self.path.startswith('/somebody/actions/resolve/') or not path.is_file():
                self.send_response(404)
                self.send_header('X-Error-Code', 'EntryNotFound')
                self.send_header('Content-Length', '0')
                return self.end_headers()
            content = path.read_bytes()
            self.send_response(200)
            self.send_header('X-Repo-Commit', COMMIT)
            self.send_header('ETag', f'"{hashlib.sha256(content).hexdigest()}"')
            self.send_header('Content-Length', str(len(content)))
            self.end_headers()
            if body:
                self.wfile.write(content)

        def log_message(self, *_):
            pass

    with ThreadingHTTPServer(('127.0.0.1', 0), Handler) as server:
        threading.Thread(target=server.serve_forever, kwargs={'poll_interval': 0.01}, daemon=True).start()
        try:
            yield f'http://127.0.0.1:{server.server_port}'
        finally:
            server.shutdown()


@pytest.fixture(scope='module')
def saved(tmp_path_factory):
    """A folder of a classifier, and clips."""
    folder = tmp_path_factory.mktemp('hub')
    rng = np.random.default_rng(0)
    clips = [np.cumsum(rng.normal(size=(20, 25, 3)), axis=0).astype(np.float32) for _ in range(6)]
    model = ActionClassifier(layout='nturgb+d', convolutions=False).fit(clips, ['a', 'b'] * 3)
    model.save(folder / 'model')
    return folder / 'model', clips, model


def test_a_folder_is_a_repository_of_the_hub(saved):
    folder, _, _ = saved
    assert {path.name for path in folder.iterdir()} == {'model.safetensors', 'config.json', 'README.md'}
    from huggingface_hub import ModelCard

    card = ModelCard.load(folder / 'README.md')
    written = card.data.to_dict()
    assert written['library_name'] == 'usdrl-mmaction' and 'skeleton' in written['tags']
    assert 'Classes: a, b' in card.text and 'usdrl infer' in card.text
    assert json.loads((folder / 'config.json').read_text())['encoder']['type'] == 'DSTE'


def test_a_model_of_the_hub_answers_as_that_of_the_folder(saved, tmp_path):
    folder, clips, model = saved
    np.save(tmp_path / 'clips.npy', np.stack(clips))
    with hub_of(folder) as address:
        environment = {'HF_ENDPOINT': address, 'HF_HOME': str(tmp_path / 'cache'), 'no_proxy': '127.0.0.1'}
        environment |= {'HF_HUB_DISABLE_XET': '1', 'HF_HUB_DISABLE_TELEMETRY': '1'}
        run(tmp_path, environment)
    np.testing.assert_allclose(np.load(tmp_path / 'answers.npy'), model.predict_proba(clips), atol=1e-6)
    (tmp_path / 'answers.npy').unlink()
    run(tmp_path, environment | {'HF_HUB_OFFLINE': '1'})  # from the cache
    assert (tmp_path / 'answers.npy').exists()
    with pytest.raises(AssertionError, match=r'DownloadError: hf://somebody/actions cannot be fetched'):
        run(tmp_path, environment | {'HF_HUB_OFFLINE': '1', 'HF_HOME': str(tmp_path / 'empty')})


def run(folder: Path, environment: dict):
    options = dict(cwd=folder, env={**os.environ, **environment}, capture_output=True, text=True, timeout=100)
    done = subprocess.run([sys.executable, '-c', ASK], **options)
    assert not done.returncode, done.stderr[-600:]


@pytest.mark.parametrize('address', ['hf://', 'hf://name', 'hf://a/b/c', 'hf://../x', 'hf://a/b c', 'hf://a/b@'])
def test_what_is_no_address(address):
    with pytest.raises(UsageError, match='is no model of the hub: write hf://OWNER/NAME'):
        load(address)


def test_without_the_package_there_is_one_line_to_type(monkeypatch):
    monkeypatch.setattr(hub, 'find_spec', lambda name: None)
    with pytest.raises(UsageError, match=r"needs huggingface_hub: pip install 'usdrl-mmaction\[hub\]'"):
        load('hf://a/b')


def test_errors_of_the_hub_are_one_line(monkeypatch):
    def refuse(*_, **__):
        raise OSError('first line\nsecond line')

    monkeypatch.setattr('huggingface_hub.hf_hub_download', refuse)
    with pytest.raises(DownloadError, match=r'hf://a/b cannot be fetched \(OSError: first line\)\.$'):
        load('hf://a/b')
