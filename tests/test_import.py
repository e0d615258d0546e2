"""``import usdrl_mmaction`` costs nothing, and everything that it stands for is there as soon as it is asked for."""

import subprocess
import sys

import pytest
from conftest import ROOT

STACK = ('torch', 'mmengine', 'mmaction', 'mmcv', 'scipy', 'sklearn', 'matplotlib')
NOTHING = f"""
import sys, usdrl_mmaction
loaded = [name for name in {STACK} if name in sys.modules]
assert not loaded, loaded
"""
REGISTERED = """
from mmaction import registry
from mmengine.registry import RUNNERS
for kind, name in dict(RUNNERS='UsdrlRunner', MODELS='DSTE', DATASETS='SkeletonDataset', TRANSFORMS='ToBody',
                       HOOKS='InterruptHook', LOOPS='FitLoop', METRICS='DetectionMetric',
                       OPTIM_WRAPPERS='AmpOptimWrapper').items():
    found = getattr(registry, kind).get(name)
    assert found and found.__module__.startswith('usdrl_mmaction.'), (kind, found)
assert RUNNERS.get('UsdrlRunner')
from mmengine.runner.checkpoint import CheckpointLoader
assert CheckpointLoader._get_checkpoint_loader('usdrl://body').__module__ == 'usdrl_mmaction.checkpoints.zoo'
"""


@pytest.mark.parametrize(
    'code',
    [
        NOTHING + REGISTERED,
        'from mmaction.registry import DATASETS\nassert DATASETS.get("PoseDataset")\nimport usdrl_mmaction'
        + REGISTERED,
        'import usdrl_mmaction as usdrl\nassert usdrl.models.DSTE and usdrl.skeletons.LAYOUTS and usdrl.BodyEncoder\n'
        'assert not hasattr(usdrl, "nothing")',
    ],
    ids=['first', 'after a registry was asked', 'names'],
)
def test_in_a_new_process(code):
    done = subprocess.run([sys.executable, '-c', code], cwd=ROOT, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
