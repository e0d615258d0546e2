"""What the tests with MMDetection and MMPose need besides what all tests do."""

from importlib.util import find_spec

import torch
from commands.conftest import run_command  # noqa: F401
from torch import library

FULL = find_spec('mmdet') and find_spec('mmpose')
collect_ignore_glob = [] if FULL else ['test_*.py']


def pytest_configure():
    """torchvision from PyPI is built for CUDA. Beside a torch for the CPU it finds none of its operators, and cannot be
    imported because two of them are nowhere defined; MMPose imports it for a transform."""
    for name in ('nms', 'qnms'):
        if FULL and not torch.cuda.is_available() and not hasattr(torch.ops.torchvision, name):
            library.define(f'torchvision::{name}', '(Tensor dets, Tensor scores, float iou_threshold) -> Tensor')
