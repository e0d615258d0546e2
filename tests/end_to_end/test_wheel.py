"""A wheel carries the usdrl command, configs, tools and the zoo, and needs no checkout near it.

Every test runs Python without its ``site`` module, with the installed wheel before the packages of this environment on
the path: torch and the rest need not be installed again, and an editable install of the checkout is not seen.
"""

import json
import os
import shutil
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from zipfile import ZipFile

import pytest
import torch

from usdrl_mmaction import __version__

ROOT = Path(__file__).resolve().parents[2]
FOLDERS = ('usdrl_mmaction', 'configs', 'tools')
FILES = ('usdrl_mmaction_cli.py', 'model-index.yml', 'setup.cfg', 'pyproject.toml', 'README.md', 'LICENSE')
MIM = 'usdrl_mmaction/.mim'
CLI = 'usdrl_mmaction_cli.py'
CHECKOUT_ONLY = f'{MIM}/tools/dev/'


@pytest.fixture(scope='module')
def wheel(tmp_path_factory):
    """Built from a copy, which has none of the leftovers that a build in the checkout would take along."""
    if not (find_spec('pip') and find_spec('setuptools')):
        pytest.skip('building a wheel takes pip and setuptools')
    folder = tmp_path_factory.mktemp('wheel')
    source = folder / 'source'
    for name in FOLDERS:
        shutil.copytree(ROOT / name, source / name, symlinks=True)
    for name in FILES:
        shutil.copy(ROOT / name, source)
    pip('wheel', source, '--no-build-isolation', '--wheel-dir', folder)
    (built,) = folder.glob('*.whl')
    return built


@pytest.fixture(scope='module')
def site(wheel, tmp_path_factory):
    folder = tmp_path_factory.mktemp('site')
    pip('install', wheel, '--target', folder)
    return folder


def pip(command, what, *options):
    arguments = [command, what, '--no-deps', '--no-index', '--disable-pip-version-check', *options]
    done = subprocess.run([sys.executable, '-m', 'pip', *arguments], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.fixture(scope='module')
def distutils(tmp_path_factory):
    """A folder with distutils, which mmengine imports: from Python 3.12 on it is setuptools', by way of ``site``."""
    folder = tmp_path_factory.mktemp('distutils')
    if sys.version_info >= (3, 12):
        (folder / 'distutils').symlink_to(Path(find_spec('setuptools').origin).parent / '_distutils')
    return folder


@pytest.fixture
def python(site, distutils, tmp_path):
    """Runs a command in a folder where nothing is but data, and gives what it printed."""

    def run(*arguments, **variables):
        packages = [path for path in sys.path if Path(path).name in ('site-packages', 'dist-packages')]
        paths = [str(site), *packages, str(distutils)]
        variables |= {'PYTHONPATH': os.pathsep.join(paths), 'TORCH_HOME': str(tmp_path)}
        done = subprocess.run(
            [sys.executable, '-S', '-W', 'ignore', *map(str, arguments)],
            capture_output=True, text=True, cwd=tmp_path, env={**os.environ, **variables}, timeout=120,
        )  # fmt: skip
        assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
        return done.stdout + done.stderr

    return run


def test_the_wheel_holds_what_the_checkout_does(wheel):
    source = wheel.parent / 'source'
    with ZipFile(wheel) as archive:
        packed = {name: archive.read(name) for name in archive.namelist()}
    expected = {f'{MIM}/model-index.yml': source / 'model-index.yml', CLI: source / CLI}
    for folder, kinds in (('configs', ('.py', '.yml', '.md')), ('tools', ('.py', '.sh'))):
        files = [path for path in (source / folder).rglob('*') if path.suffix in kinds]
        names = {f'{MIM}/{path.relative_to(source)}': path for path in files}
        expected |= {name: path for name, path in names.items() if not name.startswith(CHECKOUT_ONLY)}
    kinds = ('.py', '.json', '.pth', '.html', '.md')
    package = [path for path in (source / 'usdrl_mmaction').rglob('*') if path.suffix in kinds]
    expected |= {str(path.relative_to(source)): path for path in package if '.mim' not in path.parts}
    assert {name for name in packed if '.dist-info/' not in name} == set(expected)
    assert all(packed[name] == path.read_bytes() for name, path in expected.items())


def test_mim_finds_the_package_and_its_configs(site):
    """mim goes from the distribution to the first line of top_level.txt, and looks a config up by its bare name."""
    info = site / f'usdrl_mmaction-{__version__}.dist-info'
    assert 'Name: usdrl-mmaction\n' in (info / 'METADATA').read_text()
    assert (info / 'top_level.txt').read_text().split() == ['usdrl_mmaction', 'usdrl_mmaction_cli']
    assert not [path for path in site.rglob('*') if path.is_symlink()]
    names = [path.name for path in (site / 'usdrl_mmaction').rglob('*.py')]
    for config in (site / MIM / 'configs/usdrl').rglob('*.py'):
        assert names.count(config.name) == 1, config.name


def test_configs_and_names_resolve(python, site, tmp_path):
    (tmp_path / 'mine.py').write_text("_base_ = 'usdrl_mmaction::usdrl/pretrain_synthetic.py'\n")
    (tmp_path / 'mirror').mkdir()
    theirs = {
        'module.backbone.spe': torch.zeros(1, 50, 8),
        'module.backbone.ske_emb.t_embedding.0.weight': torch.zeros(8, 150),
        'module.backbone.ske_emb.s_embedding.0.weight': torch.zeros(8, 192),
    }
    torch.save({'state_dict': theirs}, tmp_path / 'mirror/ntu60_xs_joint_dste.pth.tar')
    code = """
import usdrl_mmaction
from mmengine.config import Config
from mmengine.runner import CheckpointLoader
from usdrl_mmaction.checkpoints.zoo import checkpoint_path, models

print('FROM', usdrl_mmaction.__file__)
print('TYPE', Config.fromfile('mine.py').model.type)
for name, entry in models().items():
    if entry['url'] is None:
        print('HERE', checkpoint_path(name))
print('KEYS', *CheckpointLoader.load_checkpoint('usdrl://dste_ntu60_xsub_joint', 'cpu')['state_dict'])
"""
    said = python('-c', code, USDRL_ZOO='mirror')
    assert f'FROM {site}/usdrl_mmaction/__init__.py' in said
    assert 'TYPE MPCT' in said
    assert 'KEYS backbone.spatial_position backbone.embeddings.0.temporal.0.weight' in said
    assert str(ROOT) not in said


def test_the_tools_of_the_wheel_train_a_config_of_the_wheel(python, site, ann_file, tmp_path):
    """As ``mim train usdrl_mmaction pretrain_synthetic.py`` has them do it."""
    said = python(
        site / MIM / 'tools/train.py', site / MIM / 'configs/usdrl/pretrain_synthetic.py', '--launcher', 'none',
        '--work-dir', 'work', '--cfg-options', f'train_dataloader.dataset.ann_file={ann_file}',
        'train_dataloader.batch_size=8', 'model.backbone.embed_dims=16', 'model.head.in_channels=16',
        'train_cfg.max_epochs=1', 'default_hooks.checkpoint.interval=1',
    )  # fmt: skip
    assert 'epoch 1/1  loss: ' in said
    assert (tmp_path / 'work/epoch_1.pth').exists()


TINY = (
    'train_dataloader.batch_size=8', 'model.backbone.embed_dims=16', 'model.head.in_channels=16',
    'train_cfg.max_epochs=1', 'default_hooks.checkpoint.interval=1', 'default_hooks.health.min_rank=0',
)  # fmt: skip


def test_the_commands_of_the_wheel(python, site, tmp_path):
    def usdrl(*arguments):
        said = python(site / 'bin/usdrl', *arguments)
        assert str(ROOT) not in said
        return said

    assert 'usdrl COMMAND' in usdrl('--help')
    usdrl('synthetic', '--clips', 54, '--videos', 2)
    assert 'no problems found' in usdrl('inspect', 'data/synthetic/synthetic.pkl')
    usdrl('train', 'pretrain_synthetic', '--cfg-options', *TINY)
    assert (tmp_path / 'work_dirs/pretrain_synthetic/epoch_1.pth').exists()
    usdrl('report', 'work_dirs/pretrain_synthetic')
    assert (tmp_path / 'work_dirs/pretrain_synthetic/report.html').exists()
    usdrl('infer', 'data/synthetic/synthetic_other.pkl', '--out', 'results')
    assert len(json.loads((tmp_path / 'results/results.json').read_text())) == 13
    assert 'Nothing is wrong.' in usdrl('doctor')
