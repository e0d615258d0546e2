"""A diagnosis of this environment. Only the standard library is imported here."""

import json
import re
import subprocess
import sys
from functools import partial
from importlib import metadata
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple

from .mmaction import drn_is_missing

MODULES = ('importlib_metadata', 'mmaction', 'mmcv', 'mmengine', 'torch')
LITE, FULL = "pip install 'usdrl-mmaction[lite]'", "pip install 'usdrl-mmaction[full]'"
TORCH_FLOOR, MMENGINE_FLOOR = "pip install 'torch>=2.6'", "pip install 'mmengine>=0.10.6'"

# Runs in a separate process, so that the report survives imports that fail or crash.
PROBE = """
import io, json, warnings
from importlib import import_module
warnings.simplefilter('ignore')
seen = {}

def attempt(name, step):
    try:
        seen[name] = step()
    except BaseException as error:
        seen[name + ' error'] = f'{type(error).__name__}: {error}'.splitlines()[0][:200]

def gpus():
    import torch
    return [torch.cuda.get_device_name(index) for index in range(torch.cuda.device_count())]

def resume():
    import torch
    from mmengine.logging import HistoryBuffer
    buffer = io.BytesIO()
    torch.save(HistoryBuffer([1], [1]), buffer)
    buffer.seek(0)
    torch.load(buffer, weights_only=True)

attempt('gpus', gpus)
attempt('resume', resume)
attempt('repair', lambda: import_module('usdrl_mmaction.compat').apply())
attempt('resume repaired', resume)
attempt('models', lambda: bool(import_module('mmaction.models')))
attempt('locate', lambda: import_module('mmengine.utils').is_installed.__module__)
attempt('multimodal', lambda: import_module('mmaction.utils.dependency').WITH_MULTIMODAL)
print(json.dumps(seen))
"""


class Finding(NamedTuple):
    """One line of the report; ``remedy`` is the command that fixes a ``FAULT``."""

    verdict: str
    subject: str
    detail: str
    remedy: str = ''


ok, note, repaired, fault = (partial(Finding, verdict) for verdict in ('ok', 'note', 'repaired', 'FAULT'))


class Environment(NamedTuple):
    """The facts that the findings are based on."""

    python: tuple
    versions: dict  # distribution → version
    modules: set  # those of MODULES that are on the path
    drn_missing: bool
    configs: int
    probe: dict  # what PROBE printed


def diagnose(environment):
    """Every finding on an ``Environment``, in the order in which faults are best fixed."""
    return [finding for check in CHECKS if (finding := check(environment))]


def examine():
    """The ``Environment`` of this interpreter."""
    modules = {name for name in MODULES if (spec := find_spec(name)) is not None and spec.origin is not None}
    versions = {}
    for distribution in metadata.distributions():
        versions.setdefault(re.sub(r'[-_.]+', '-', distribution.name).lower(), distribution.version)
    configs = Path(__file__).parents[1] / '.mim' / 'configs'
    drn_missing, number_of_configs = 'mmaction' in modules and drn_is_missing(), len([*configs.glob('usdrl/**/*.py')])
    return Environment(sys.version_info[:3], versions, modules, drn_missing, number_of_configs, run_probe())


def run_probe():
    process = subprocess.run([sys.executable, '-c', PROBE], capture_output=True, text=True)
    try:
        return json.loads(process.stdout.splitlines()[-1])
    except (IndexError, ValueError):
        lines = process.stderr.strip().splitlines() or ['nothing was printed']
        return {'models error': f'python ended with exit code {process.returncode}: {lines[-1]}'}


def check_python(environment):
    found = '.'.join(map(str, environment.python))
    if environment.python < (3, 10):
        return fault('python', f'{found}, older than 3.10', 'python3.11 -m venv .venv')
    return ok('python', found)


def check_torch(environment):
    found = environment.versions.get('torch')
    if found is None or 'torch' not in environment.modules:
        return fault('torch', 'absent', TORCH_FLOOR)
    if number(found) < (2, 6):
        return fault('torch', f'{found}, older than 2.6', TORCH_FLOOR)
    return ok('torch', found)


def check_mmengine(environment):
    found = {
        name: environment.versions[name] for name in ('mmengine', 'onedl-mmengine') if name in environment.versions
    }
    again = f'pip uninstall -y mmengine onedl-mmengine && {MMENGINE_FLOOR}'
    if not found:
        return fault('mmengine', 'absent', MMENGINE_FLOOR)
    if problem := double_or_gone('mmengine', found, environment):
        return fault('mmengine', problem, again)
    if 'onedl-mmengine' in found:
        return repaired('mmengine', f'{listed(found)}: its fallback to untrusted pickles is switched off when imported')
    if number(found['mmengine']) < (0, 10, 6) and 'transformers' in environment.versions:
        detail = f'{listed(found)} fails with transformers: "Adafactor is already registered"'
        return fault('mmengine', detail, MMENGINE_FLOOR)
    return ok('mmengine', listed(found))


def check_setuptools(environment):
    found = environment.versions.get('setuptools')
    if environment.probe.get('locate') != 'usdrl_mmaction.compat.mmengine':
        return None
    return repaired('setuptools', f'{found or "absent"}: MMEngine finds no packages until usdrl_mmaction is imported')


def check_mmcv(environment):
    found = {name: environment.versions[name] for name in ('mmcv', 'mmcv-lite') if name in environment.versions}
    extra = FULL if 'mmdet' in environment.versions else LITE
    again = f'pip uninstall -y mmcv mmcv-lite && {extra}'
    if not found:
        remedy = f'{LITE}   (or {FULL}: compiled operators and mmdet)'
        return fault('mmcv', 'absent: neither mmcv nor mmcv-lite is installed', remedy)
    if problem := double_or_gone('mmcv', found, environment):
        return fault('mmcv', problem, again)
    ((name, version),) = found.items()
    if not (2, 0) <= number(version) < (2, 2):
        return fault('mmcv', f'{listed(found)}: MMAction2 1.2 takes 2.0 to 2.1', f"pip install '{name}>=2.0,<2.2'")
    return ok('mmcv', listed(found))


def check_mmdet(environment):
    found = environment.versions.get('mmdet')
    if found is None:
        return None
    if 'mmcv' not in environment.versions:
        detail = f'{found} needs the compiled operators of mmcv, which mmcv-lite leaves out'
        return fault('mmdet', detail, f'pip uninstall -y mmcv-lite && {FULL}')
    return ok('mmdet', found)


def check_importlib_metadata(environment):
    if 'importlib_metadata' not in environment.modules:
        detail = 'absent: MMAction2 imports it without declaring it'
        return fault('importlib_metadata', detail, 'pip install importlib_metadata')
    return ok('importlib_metadata', environment.versions.get('importlib-metadata', 'present'))


def check_mmaction(environment):
    found = environment.versions.get('mmaction2')
    if 'mmaction' not in environment.modules:
        return fault('mmaction2', 'absent', "pip install 'mmaction2>=1.2'")
    if environment.drn_missing:
        return repaired('mmaction2', f'{found} lacks mmaction/models/localizers/drn, which usdrl_mmaction replaces')
    return ok('mmaction2', found or 'from a source checkout')


def check_multimodal(environment):
    found = environment.versions.get('transformers')
    if found is None or environment.probe.get('multimodal') is not False:
        return None
    return repaired('transformers', f'{found}: MMAction2 cannot build VindLU on it, so VindLU is left out')


def check_checkpoints(environment):
    seen = environment.probe
    if 'resume' in seen:
        return ok('checkpoints', "torch.load reads MMEngine's")
    if 'resume repaired' in seen:
        return repaired('checkpoints', "torch.load refuses MMEngine's types until usdrl_mmaction allows them by name")
    if 'repair error' in seen:
        return note('checkpoints', 'not tried: usdrl_mmaction does not import')
    remedy = "pip install -U 'torch>=2.6' 'mmengine>=0.10.6'"
    return fault('checkpoints', seen.get('resume repaired error', 'not tried'), remedy)


def check_models(environment):
    if 'models' in environment.probe:
        return ok('mmaction.models', 'imports')
    error = environment.probe.get('repair error') or environment.probe['models error']
    remedy = "the commands above; for the whole error: python -c 'import usdrl_mmaction, mmaction.models'"
    return fault('mmaction.models', f'does not import: {error}', remedy)


def check_package(environment):
    found = environment.versions.get('usdrl-mmaction')
    if environment.configs == 0:
        detail = f'{found or "a copy that is not installed"}, without its configs'
        return fault('usdrl_mmaction', detail, 'pip install --force-reinstall --no-deps usdrl-mmaction')
    if found is None:
        return note('usdrl_mmaction', f'not installed, read from {Path(__file__).parents[1]}')
    return ok('usdrl_mmaction', f'{found}, {environment.configs} configs')


def check_gpu(environment):
    names = environment.probe.get('gpus')
    return note('gpu', ', '.join(names) if names else 'none: everything runs on the CPU')


def number(version):
    return tuple(int(part) for part in re.findall(r'\d+', version)[:3])


def double_or_gone(module, found, environment):
    """What is wrong with two distributions of one module, or one without its files."""
    if len(found) > 1:
        return f'{listed(found)}: both write the folder {module}'
    return None if module in environment.modules else f'{listed(found)} is recorded, but its files are gone'


def listed(versions):
    return ' and '.join(f'{name} {version}' for name, version in versions.items())


CHECKS = [check for name, check in globals().items() if name.startswith('check_')]  # in the order of this file
