"""The repairs of ``usdrl_mmaction.compat``: what they fix, what they keep and what they still refuse."""

import io
import os
import pickle
import subprocess
import sys
from pathlib import Path

import mmaction
import mmengine
import mmengine.config.config
import mmengine.hub.hub
import mmengine.runner.checkpoint
import numpy as np
import pytest
import torch
from file_server import serving
from mmaction.registry import MODELS, TRANSFORMS
from mmaction.utils import dependency
from mmengine.config import Config, ConfigDict
from mmengine.config.utils import MODULE2PACKAGE, _get_package_and_cfg_path
from mmengine.evaluator import BaseMetric
from mmengine.logging import HistoryBuffer
from mmengine.model import BaseModel
from mmengine.runner import Runner
from mmengine.utils import package_utils

from usdrl_mmaction import compat
from usdrl_mmaction.errors import CheckpointError

compat.apply()


@pytest.fixture
def stock_torch():
    """torch's list of safe types without those of this package."""
    allowed = torch.serialization.get_safe_globals()
    torch.serialization.clear_safe_globals()
    yield
    torch.serialization.clear_safe_globals()
    torch.serialization.add_safe_globals(allowed)


class Clips(torch.utils.data.Dataset):
    metainfo = ConfigDict(classes=['wave', 'fall'], parts=dict(left=np.arange(3)))

    def __len__(self):
        return 4

    def __getitem__(self, index):
        return torch.full((2,), float(index))


class Line(BaseModel):
    def __init__(self):
        super().__init__()
        self.linear = torch.nn.Linear(2, 1)

    def forward(self, *inputs, mode='tensor'):
        outputs = self.linear(torch.stack(inputs))
        return dict(loss=outputs.square().mean()) if mode == 'loss' else list(outputs)


class Accuracy(BaseMetric):
    def process(self, data_batch, data_samples):
        self.results += data_samples

    def compute_metrics(self, results):
        return dict(acc=np.float32(0.5))


def tiny_runner(work_dir, epochs, **kwargs):
    loader = dict(batch_size=2, dataset=Clips(), sampler=dict(type='DefaultSampler', shuffle=False))
    return Runner(
        model=Line(),
        work_dir=str(work_dir),
        train_dataloader=loader,
        val_dataloader=loader,
        train_cfg=dict(by_epoch=True, max_epochs=epochs),
        val_cfg=dict(),
        val_evaluator=[Accuracy()],
        optim_wrapper=dict(optimizer=dict(type='AdamW', lr=0.1)),
        param_scheduler=dict(type='OneCycleLR', eta_max=0.1, total_steps=10),
        default_hooks=dict(checkpoint=dict(type='CheckpointHook', save_best='acc', rule='greater')),
        default_scope='mmaction',
        experiment_name=f'{Path(work_dir).name}_{epochs}',
        log_level='ERROR',
        **kwargs,
    )


@pytest.fixture(scope='module')
def checkpoint(tmp_path_factory):
    """A real one: message hub, OneCycleLR, AdamW, ``save_best`` and a data set's meta information."""
    work_dir = tmp_path_factory.mktemp('runner')
    tiny_runner(work_dir, epochs=1).train()
    return work_dir / 'epoch_1.pth'


def test_runner_resumes_under_weights_only(checkpoint):
    runner = tiny_runner(checkpoint.parent, epochs=2, load_from=str(checkpoint), resume=True)
    runner.train()
    assert runner.epoch == 2 and runner.iter == 4
    assert runner.message_hub.get_scalar('train/loss').mean() > 0
    loaded = torch.load(checkpoint, weights_only=True)
    assert loaded['message_hub']['runtime_info']['best_score'] == np.float32(0.5)
    assert loaded['meta']['dataset_meta']['parts']['left'].tolist() == [0, 1, 2]


def test_stock_torch_refuses_the_checkpoint(checkpoint, stock_torch):
    with pytest.raises(pickle.UnpicklingError, match='was not an allowed global by default'):
        torch.load(checkpoint, weights_only=True)
    compat.mmengine.allow_checkpoint_types()
    torch.load(checkpoint, weights_only=True)


@pytest.mark.parametrize('value', [np.arange(3), np.zeros(2, np.float32), np.float64(0.5), np.bool_(True)])
def test_arrays_saved_by_numpy_1_and_2(value):
    buffer = io.BytesIO()
    torch.save(value, buffer, _use_new_zipfile_serialization=False)
    modern = buffer.getvalue().replace(b'numpy.core.', b'numpy._core.')
    assert b'numpy._core.' in modern
    for content in (modern, modern.replace(b'numpy._core.', b'numpy.core.')):
        np.testing.assert_array_equal(torch.load(io.BytesIO(content), weights_only=True), value)


class Call:
    """Pickles as a call of ``function``."""

    def __init__(self, function, *args):
        self.call = function, args

    def __reduce__(self):
        return self.call


ATTACKS = {
    'system': lambda command: Call(os.system, command),
    'eval': lambda command: Call(eval, f'__import__("os").system({command!r})'),
    'method': lambda command: Call(getattr, HistoryBuffer, '__init__'),
    'class method': lambda command: Call(getattr, ConfigDict, 'fromkeys'),
    'array method': lambda command: Call(getattr, np.ndarray, 'tofile'),
}


@pytest.mark.parametrize('attack', ATTACKS.values(), ids=ATTACKS.keys())
def test_a_pickle_that_runs_code_is_refused(tmp_path, attack):
    path = tmp_path / 'untrusted.pth'
    torch.save(dict(state_dict=dict(), extra=attack(f'touch {tmp_path}/executed')), path)
    with pytest.raises(pickle.UnpicklingError):
        torch.load(path, weights_only=True)
    with pytest.raises(CheckpointError, match=r'nothing in it was run|is damaged'):
        mmengine.runner.checkpoint._load_checkpoint(str(path), map_location='cpu')
    assert not (tmp_path / 'executed').exists()


def test_a_pickle_from_a_server_is_refused(tmp_path, monkeypatch):
    monkeypatch.setenv('TORCH_HOME', str(tmp_path))
    content = io.BytesIO()
    torch.save(dict(state_dict=dict(), extra=Call(os.system, f'touch {tmp_path}/executed')), content)
    with serving() as server:
        server.files['untrusted.pth'] = content.getvalue()
        with pytest.raises(pickle.UnpicklingError):
            mmengine.runner.checkpoint._load_checkpoint(f'{server.url}/untrusted.pth')
    assert not (tmp_path / 'executed').exists()


@pytest.mark.parametrize('key', ['config', 'cfg'])
def test_a_config_in_a_checkpoint_is_not_run(checkpoint, tmp_path, key):
    """``config`` is what MMEngine would run, ``cfg`` what it writes."""
    content = torch.load(checkpoint, weights_only=True)
    content['meta'][key] = f'__import__("pathlib").Path({str(tmp_path / "executed")!r}).touch()'
    torch.save(content, tmp_path / 'untrusted.pth')
    runner = tiny_runner(tmp_path, epochs=2, load_from=str(tmp_path / 'untrusted.pth'), resume=True)
    runner.train()
    assert runner.epoch == 2 and not (tmp_path / 'executed').exists()


def test_the_fallback_to_untrusted_pickles_is_taken_out(tmp_path, monkeypatch):
    def falls_back(file, map_location=None, weights_only=None):
        return torch.load(file, map_location, weights_only=False)

    monkeypatch.setattr(mmengine.runner.checkpoint, '_safe_torch_load', falls_back, raising=False)
    compat.mmengine.keep_loading_weights_only()
    torch.save(Call(os.system, f'touch {tmp_path}/executed'), tmp_path / 'untrusted.pth')
    with pytest.raises(pickle.UnpicklingError):
        mmengine.runner.checkpoint._safe_torch_load(tmp_path / 'untrusted.pth')
    assert not (tmp_path / 'executed').exists()


def test_methods_named_in_a_checkpoint():
    assert all(compat.mmengine.named_method(HistoryBuffer, name) for name in compat.mmengine.HISTORY_STATISTICS)
    assert all(
        compat.mmengine.named_method(compat.mmengine.OneCycle, name) for name in compat.mmengine.ONE_CYCLE_CURVES
    )
    with pytest.raises(pickle.UnpicklingError, match="the attribute 'update'"):
        compat.mmengine.named_method(HistoryBuffer, 'update')


def test_packages_are_found():
    home = str(Path(mmaction.__file__).parent)
    assert mmengine.hub.hub.get_installed_path('mmaction2') == home
    assert mmengine.config.config.get_installed_path('mmaction') == home
    assert mmengine.utils.get_installed_path('usdrl_mmaction') == str(Path(compat.__file__).parents[1])
    assert mmengine.config.config.is_installed('mmaction2') and mmengine.utils.is_installed('mmaction')
    assert not package_utils.is_installed('no-such-package')
    with pytest.raises(ModuleNotFoundError, match='no-such-package'):
        package_utils.get_installed_path('no-such-package')


def test_a_folder_left_behind_is_not_a_package(tmp_path, monkeypatch):
    (tmp_path / 'left_behind').mkdir()
    monkeypatch.syspath_prepend(tmp_path)
    assert not compat.mmengine.is_installed('left_behind')


def test_configs_of_other_packages_are_inherited(tmp_path):
    config = tmp_path / 'config.py'
    config.write_text("_base_ = 'mmaction::_base_/default_runtime.py'")
    assert Config.fromfile(config).default_scope == 'mmaction'
    name = 'usdrl_mmaction::usdrl/pretrain_ntu60.py'
    assert _get_package_and_cfg_path(name) == ('usdrl_mmaction', 'usdrl/pretrain_ntu60.py')


def test_sound_package_lookup_is_kept(monkeypatch):
    def sound(package):
        return compat.mmengine.get_installed_path(package)

    monkeypatch.setattr(package_utils, 'get_installed_path', sound)
    compat.mmengine.locate_packages()
    assert package_utils.get_installed_path is sound


def test_pose_compact_runs():
    clip = dict(keypoint=np.full((1, 2, 17, 2), 20.0), img_shape=(60, 80))
    compact = TRANSFORMS.build(dict(type='mmaction.PoseCompact', threshold=1))
    assert compact(clip)['keypoint'].shape == (1, 2, 17, 2)


def test_numpy_names_that_exist_are_kept(monkeypatch):
    monkeypatch.setattr(np, 'Inf', 'kept', raising=False)
    compat.mmaction.restore_numpy_names()
    assert np.Inf == 'kept'


@pytest.mark.skipif(not compat.mmaction.drn_is_missing(), reason='this MMAction2 ships DRN')
def test_drn_says_that_the_wheel_lacks_it():
    from mmaction.models import DRN

    with pytest.raises(NotImplementedError, match=r'not in the wheel of mmaction2 1\.2\.0'):
        DRN()
    with pytest.raises(NotImplementedError, match='install MMAction2 from its source'):
        MODELS.build(dict(type='mmaction.DRN'))


def test_an_existing_drn_is_kept(monkeypatch):
    monkeypatch.setattr(compat.mmaction, 'drn_is_missing', lambda: False)
    monkeypatch.delitem(sys.modules, 'mmaction.models.localizers.drn', raising=False)
    compat.mmaction.stand_in_for_drn()
    assert 'mmaction.models.localizers.drn' not in sys.modules


@pytest.mark.parametrize(('needed', 'kept'), [(('no_such_module', 'name'), False), (('json', 'dumps'), True)])
def test_multimodal_models_are_left_out_where_they_cannot_be_imported(monkeypatch, needed, kept):
    monkeypatch.setattr(compat.mmaction, 'VINDLU_IMPORTS', [needed])
    monkeypatch.setattr(dependency, 'WITH_MULTIMODAL', True)
    monkeypatch.delitem(sys.modules, 'mmaction.models.multimodal', raising=False)
    compat.mmaction.leave_out_broken_multimodal()
    assert dependency.WITH_MULTIMODAL is kept


def test_without_mmcv_the_extras_are_named(monkeypatch):
    monkeypatch.setitem(sys.modules, 'mmcv', None)
    with pytest.raises(ImportError, match=r'(?s)usdrl-mmaction\[lite\].*usdrl-mmaction\[full\]'):
        compat.apply()


def test_a_second_run_changes_nothing():
    def state():
        functions = package_utils.is_installed, mmengine.config.config.get_installed_path
        stand_in = sys.modules.get('mmaction.models.localizers.drn')
        loading = mmengine.runner.checkpoint.load_url, mmengine.runner.CheckpointLoader.load_checkpoint.__func__
        return set(torch.serialization.get_safe_globals()), dict(MODULE2PACKAGE), functions, stand_in, loading

    before = state()
    compat.apply()
    assert state() == before


def test_reached_by_custom_imports_after_the_runner(tmp_path):
    config = tmp_path / 'config.py'
    config.write_text("custom_imports = dict(imports=['usdrl_mmaction'])")
    code = (
        'import mmengine.runner, torch\n'
        'from mmengine.config import Config\n'
        f'Config.fromfile({str(config)!r})\n'
        'import mmaction.models, mmengine.config.config as config\n'
        "assert config.is_installed('mmaction2')\n"
        'from usdrl_mmaction import compat\n'
        'from mmengine.logging import HistoryBuffer\n'
        'assert compat.mmengine.loads_weights_only(HistoryBuffer([1], [1]))\n'
    )
    root = Path(compat.__file__).parents[2]
    subprocess.run([sys.executable, '-c', code], cwd=root, check=True)
