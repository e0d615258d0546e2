"""Checks of mmcv and mmcv-lite."""

import warnings

from .mmengine import origin


def require():
    """MMAction2 imports mmcv without declaring it: ``ModuleNotFoundError: No module named 'mmcv'``."""
    if origin('mmcv') is None:
        raise ImportError(
            'usdrl_mmaction needs mmcv, which is not installed.\nInstall one of the two, never both:\n'
            "    pip install 'usdrl-mmaction[lite]'    mmcv-lite: all that skeletons need, nothing to compile\n"
            "    pip install 'usdrl-mmaction[full]'    mmcv with compiled operators, and mmdet"
        )


def expect_lite():
    """Silence mmcv-lite's warning about the operators that it leaves out."""
    warnings.filterwarnings('ignore', message='Fail to import ``MultiScaleDeformableAttention``')
