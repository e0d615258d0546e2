"""A published folder is what the Hugging Face hub serves; ``hf://OWNER/NAME`` is read from a server on loopback."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hub_server import ENVIRONMENT, hub_of

from usdrl_mmaction.apis import ActionClassifier, load
from usdrl_mmaction.checkpoints import hub
from usdrl_mmaction.errors import DownloadError, UsageError

pytest.importorskip('huggingface_hub')
ASK = """
import sys, numpy as np, usdrl_mmaction
model = usdrl_mmaction.load('hf://somebody/actions')
np.save('answers.npy', model.predict_proba(list(np.load('clips.npy'))))
assert model.classes_.tolist() == ['a', 'b']
"""


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
        environment = {**ENVIRONMENT, 'HF_ENDPOINT': address, 'HF_HOME': str(tmp_path / 'cache')}
        run(tmp_path, environment)
    np.testing.assert_allclose(np.load(tmp_path / 'answers.npy'), model.predict_proba(clips), atol=1e-6)
    (tmp_path / 'answers.npy').unlink()
    run(tmp_path, environment | {'HF_HUB_OFFLINE': '1'})  # from the cache
    assert (tmp_path / 'answers.npy').exists()
    with pytest.raises(AssertionError, match=r'DownloadError: hf://somebody/actions cannot be fetched'):
        run(tmp_path, environment | {'HF_HUB_OFFLINE': '1', 'HF_HOME': str(tmp_path / 'empty')})


def test_a_transfer_that_ends_early_is_one_line(saved, tmp_path):
    with hub_of(saved[0], cut=300) as address:
        environment = {**ENVIRONMENT, 'HF_ENDPOINT': address, 'HF_HOME': str(tmp_path / 'cache')}
        with pytest.raises(AssertionError, match=r'DownloadError: hf://somebody/actions cannot be fetched \(.*300'):
            run(tmp_path, environment)


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
