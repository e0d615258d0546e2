"""The findings of ``usdrl doctor`` in described environments and in two real ones."""

import os
import subprocess
import sys
import venv
from pathlib import Path

import pytest

from usdrl_mmaction.compat import doctor

HEALTHY = doctor.Environment(
    python=(3, 11, 7),
    versions={
        'torch': '2.13.0+cpu',
        'mmengine': '0.10.7',
        'mmaction2': '1.2.0',
        'mmcv-lite': '2.1.0',
        'importlib-metadata': '8.0.0',
        'usdrl-mmaction': '0.1.0',
    },
    modules=set(doctor.MODULES),
    drn_missing=False,
    configs=3,
    probe={
        'gpus': [],
        'resume': None,
        'repair': None,
        'models': True,
        'locate': 'mmengine.utils.package_utils',
        'multimodal': False,
    },
)


def with_versions(**changes):
    versions = HEALTHY.versions | {name.replace('_', '-'): version for name, version in changes.items()}
    return HEALTHY._replace(versions={name: version for name, version in versions.items() if version})


def without_module(name):
    return HEALTHY._replace(modules=HEALTHY.modules - {name})


def with_probe(**changes):
    return HEALTHY._replace(probe=HEALTHY.probe | changes)


def without_probe(name, **changes):
    return HEALTHY._replace(probe={key: value for key, value in (HEALTHY.probe | changes).items() if key != name})


def of_verdict(environment, verdict):
    return [finding for finding in doctor.diagnose(environment) if finding.verdict == verdict]


def test_a_healthy_environment():
    assert {finding.verdict for finding in doctor.diagnose(HEALTHY)} == {'ok', 'note'}


FAULTS = {
    'old python': (HEALTHY._replace(python=(3, 9, 1)), 'python', 'older than 3.10', 'venv'),
    'no torch': (with_versions(torch=None), 'torch', 'absent', "pip install 'torch>=2.6'"),
    'old torch': (with_versions(torch='2.5.1'), 'torch', 'older than 2.6', "pip install 'torch>=2.6'"),
    'no mmengine': (with_versions(mmengine=None), 'mmengine', 'absent', 'mmengine>=0.10.6'),
    'both engines': (
        with_versions(onedl_mmengine='0.10.12'),
        'mmengine',
        'mmengine 0.10.7 and onedl-mmengine 0.10.12',
        'pip uninstall -y mmengine onedl-mmengine',
    ),
    'engine gone': (without_module('mmengine'), 'mmengine', 'its files are gone', 'pip uninstall -y mmengine'),
    'Adafactor': (
        with_versions(mmengine='0.10.5', transformers='4.50.0'),
        'mmengine',
        'Adafactor is already registered',
        'mmengine>=0.10.6',
    ),
    'no mmcv': (with_versions(mmcv_lite=None), 'mmcv', 'absent', "pip install 'usdrl-mmaction[lite]'"),
    'new mmcv': (with_versions(mmcv_lite='2.2.0'), 'mmcv', 'takes 2.0 to 2.1', "pip install 'mmcv-lite>=2.0,<2.2'"),
    'both mmcvs': (
        with_versions(mmcv='2.1.0'),
        'mmcv',
        'both write the folder mmcv',
        "pip uninstall -y mmcv mmcv-lite && pip install 'usdrl-mmaction[lite]'",
    ),
    'mmcv gone': (without_module('mmcv'), 'mmcv', 'its files are gone', 'pip uninstall -y mmcv mmcv-lite'),
    'mmdet': (with_versions(mmdet='3.3.0'), 'mmdet', 'compiled operators', "pip install 'usdrl-mmaction[full]'"),
    'importlib': (
        without_module('importlib_metadata'),
        'importlib_metadata',
        'without declaring it',
        'pip install importlib_metadata',
    ),
    'no mmaction': (without_module('mmaction'), 'mmaction2', 'absent', "pip install 'mmaction2>=1.2'"),
    'checkpoints': (
        without_probe('resume', **{'resume repaired error': 'UnpicklingError: no'}),
        'checkpoints',
        'UnpicklingError: no',
        'torch>=2.6',
    ),
    'models': (
        without_probe('models', **{'models error': 'KeyError: 1'}),
        'mmaction.models',
        'KeyError: 1',
        "python -c 'import usdrl_mmaction",
    ),
    'configs': (HEALTHY._replace(configs=0), 'usdrl_mmaction', 'without its configs', 'pip install --force-reinstall'),
}


@pytest.mark.parametrize(('environment', 'subject', 'detail', 'remedy'), FAULTS.values(), ids=FAULTS.keys())
def test_each_fault_is_found_alone_and_has_a_remedy(environment, subject, detail, remedy):
    (fault,) = of_verdict(environment, 'FAULT')
    assert fault.subject == subject and detail in fault.detail and remedy in fault.remedy


REPAIRED = {
    'fork': (with_versions(mmengine=None, onedl_mmengine='0.10.12'), 'mmengine'),
    'drn': (HEALTHY._replace(drn_missing=True), 'mmaction2'),
    'setuptools': (with_probe(locate='usdrl_mmaction.compat.mmengine'), 'setuptools'),
    'checkpoints': (without_probe('resume', **{'resume repaired': None}), 'checkpoints'),
    'transformers': (with_versions(transformers='5.0.0'), 'transformers'),
}


@pytest.mark.parametrize(('environment', 'subject'), REPAIRED.values(), ids=REPAIRED.keys())
def test_what_the_package_repairs_is_not_a_fault(environment, subject):
    (repaired,) = of_verdict(environment, 'repaired')
    assert repaired.subject == subject
    assert not of_verdict(environment, 'FAULT')


def test_an_older_engine_without_transformers_is_fine():
    assert not of_verdict(with_versions(mmengine='0.10.5'), 'FAULT')


def test_mmdet_asks_for_the_full_extra():
    (fault,) = of_verdict(with_versions(mmcv='2.1.0', mmdet='3.3.0'), 'FAULT')
    assert fault.remedy.endswith("pip install 'usdrl-mmaction[full]'")


def test_gpu_is_information_only():
    (note,) = of_verdict(with_probe(gpus=['NVIDIA H100']), 'note')
    assert note.detail == 'NVIDIA H100'


def test_a_probe_that_crashes_is_a_finding(monkeypatch):
    monkeypatch.setattr(doctor, 'PROBE', 'import os; os.abort()')
    assert 'python ended with exit code' in doctor.run_probe()['models error']


def run_doctor(*python):
    root = Path(doctor.__file__).parents[2]
    process = subprocess.run(
        [*python, '-m', 'usdrl_mmaction_cli', 'doctor'],
        env=os.environ | {'PYTHONPATH': str(root)},
        capture_output=True,
        text=True,
    )
    return process.returncode, process.stdout + process.stderr


def test_this_environment_has_no_fault():
    code, report = run_doctor(sys.executable)
    assert code == 0 and 'Nothing is wrong.' in report, report


def test_it_needs_the_standard_library_alone():
    code, report = run_doctor(sys.executable, '-S')
    assert code == 1 and 'FAULT     torch               absent' in report and 'Traceback' not in report, report


@pytest.fixture
def python_without_mmcv(tmp_path):
    """An environment with everything that this one has, except mmcv."""
    venv.create(tmp_path, symlinks=True)
    (site,) = (tmp_path / 'lib').glob('python*/site-packages')
    for folder in reversed([Path(entry) for entry in sys.path if entry.endswith('-packages')]):
        for entry in folder.iterdir():
            if not entry.name.startswith(('mmcv', '__pycache__', '__editable__')) and not (site / entry.name).exists():
                (site / entry.name).symlink_to(entry)
    return tmp_path / 'bin' / 'python'


def test_without_mmcv_the_doctor_names_the_command(python_without_mmcv):
    code, report = run_doctor(python_without_mmcv)
    assert code == 1, report
    assert 'FAULT     mmcv' in report and "pip install 'usdrl-mmaction[lite]'" in report
    assert 'Traceback' not in report
