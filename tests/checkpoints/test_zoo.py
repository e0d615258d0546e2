"""``usdrl://NAME`` is a checkpoint wherever MMEngine takes one."""

import hashlib
import json
from pathlib import Path

import pytest
import torch
from file_server import serving
from mmaction.registry import MODELS
from mmengine.runner import CheckpointLoader, Runner

from usdrl_mmaction.checkpoints import zoo
from usdrl_mmaction.checkpoints.zoo import checkpoint_path, models
from usdrl_mmaction.errors import DownloadError
from usdrl_mmaction.models import DSTE

DOWNLOAD = {'size': None, 'sha256': None, 'convert': False}


@pytest.fixture
def index(tmp_path, monkeypatch):
    """Writes an index for the test, and keeps torch's hub folder in the test's own."""
    monkeypatch.setattr(zoo, 'INDEX', tmp_path / 'package/index.json')
    monkeypatch.setenv('TORCH_HOME', str(tmp_path))
    monkeypatch.setattr(torch.hub, '_hub_dir', None)
    monkeypatch.delenv('USDRL_ZOO', raising=False)
    zoo.INDEX.parent.mkdir()
    return lambda **entries: zoo.INDEX.write_text(json.dumps(entries))


@pytest.fixture
def encoder():
    return DSTE(embed_dims=16)


def saved(encoder, path):
    state = {f'backbone.{name}': value for name, value in encoder.state_dict().items()}
    torch.save({'meta': {}, 'state_dict': state}, path)
    return {'size': path.stat().st_size, 'sha256': hashlib.sha256(path.read_bytes()).hexdigest()}


def test_a_model_of_the_package_is_what_a_config_loads(index, encoder, tiny):
    known = saved(encoder, zoo.INDEX.with_name('tiny.pth'))
    index(tiny={'file': 'tiny.pth', 'url': None, 'convert': False, **known})
    runner = Runner.from_cfg(tiny('linear_synthetic', {'load_from': 'usdrl://tiny'}))
    runner.load_or_resume()
    for name, value in encoder.state_dict().items():
        assert runner.model.backbone.state_dict()[name].equal(value), name


def test_a_model_of_the_package_initializes_a_backbone(index, encoder):
    known = saved(encoder, zoo.INDEX.with_name('tiny.pth'))
    index(tiny={'file': 'tiny.pth', 'url': None, 'convert': False, **known})
    init = dict(type='Pretrained', checkpoint='usdrl://tiny', prefix='backbone.')
    built = MODELS.build(dict(type='DSTE', embed_dims=16, init_cfg=init))
    built.init_weights()
    assert built.spatial_position.equal(encoder.spatial_position)


def test_a_damaged_model_of_the_package_is_named(index, encoder):
    known = saved(encoder, zoo.INDEX.with_name('tiny.pth'))
    index(tiny={'file': 'tiny.pth', 'url': None, 'convert': False, **known, 'sha256': '0' * 64})
    with pytest.raises(DownloadError, match=r'tiny\.pth has the sha256 .* It belongs to usdrl-mmaction: install'):
        checkpoint_path('tiny')


def test_an_authors_file_comes_in_our_names_and_then_works_off_line(index, golden, monkeypatch):
    file = 'dste_joint_h16.pth.tar'
    monkeypatch.setenv('no_proxy', '127.0.0.1')
    with serving() as server:
        server.files[file] = (golden / file).read_bytes()
        index(theirs={**DOWNLOAD, 'file': file, 'url': f'{server.url}/{file}', 'convert': True})
        first = CheckpointLoader.load_checkpoint('usdrl://theirs', 'cpu')
        assert len(server.asked) == 1
    again = CheckpointLoader.load_checkpoint('usdrl://theirs', 'cpu')
    assert first['meta'] == again['meta'] and first['meta']['encoder']['embed_dims'] == 16
    arguments = {key: value for key, value in first['meta']['encoder'].items() if key != 'type'}
    prefix = 'backbone.'
    weights = {name.removeprefix(prefix): v for name, v in again['state_dict'].items() if name.startswith(prefix)}
    DSTE(**arguments).load_state_dict(weights)
    assert (Path(torch.hub.get_dir()) / f'usdrl/{file}.sha256').exists()


def test_a_mirror_replaces_the_server(index, encoder, tmp_path, monkeypatch):
    (tmp_path / 'mirror').mkdir()
    saved(encoder, tmp_path / 'mirror/far.pth')
    index(far={**DOWNLOAD, 'file': 'far.pth', 'url': 'http://127.0.0.1:9/far.pth'})
    with pytest.raises(DownloadError, match=rf'http://127.0.0.1:9/far.pth .*{tmp_path}/hub/usdrl/far.pth by hand'):
        checkpoint_path('far')
    monkeypatch.setenv('USDRL_ZOO', str(tmp_path / 'mirror'))
    assert checkpoint_path('usdrl://far') == tmp_path / 'hub/usdrl/far.pth'
    monkeypatch.delenv('USDRL_ZOO')
    assert checkpoint_path('far').read_bytes() == (tmp_path / 'mirror/far.pth').read_bytes()


def test_an_unknown_name_is_answered_with_the_known_ones(index):
    index(dste_near={}, sttr_far={})
    with pytest.raises(
        DownloadError, match=r"no model 'dste_nearr'\. Did you mean 'usdrl://dste_near'\? It has: dste_"
    ):
        CheckpointLoader.load_checkpoint('usdrl://dste_nearr')
    with pytest.raises(DownloadError, match=r"no model 'zzz'\. It has: dste_near, sttr_far\."):
        checkpoint_path('zzz')


def test_the_index_of_the_package_is_complete():
    assert 'dste_ntu60_xsub_joint' in models()
    for name, entry in models().items():
        assert set(entry) == {'about', 'file', 'url', 'size', 'sha256', 'convert'}, name
        assert Path(entry['file']).name == entry['file']
        assert entry['about']
        if entry['url'] is None:
            checkpoint_path(name)
        else:
            assert entry['url'].endswith(f'/{entry["file"]}')


def test_files_of_the_package_are_in_its_index_and_small():
    files = {path.name: path.stat().st_size for path in zoo.INDEX.parent.glob('*.pth')}
    assert set(files) == {entry['file'] for entry in models().values() if entry['url'] is None}
    assert all(size < 2e6 for size in files.values()), files
