"""A pose estimator that sees white squares as people stands in the table of back ends; no real one is installed."""

import sys
from types import ModuleType

import pytest
from commands.conftest import run_command  # noqa: F401
from square_videos import SquareFinder

from usdrl_mmaction.recordings import video
from usdrl_mmaction.recordings.video import BACKENDS, Backend


@pytest.fixture(autouse=True)
def nothing_installed(monkeypatch):
    """None of the known estimators, whatever this environment has."""
    for backend in BACKENDS.values():
        for package in backend.packages:
            monkeypatch.setitem(sys.modules, package, None)
    video.open_estimator.cache_clear()
    yield
    video.open_estimator.cache_clear()


@pytest.fixture
def squares(monkeypatch) -> type:
    """The back end that sees squares, in the table of back ends."""
    module = ModuleType('square_finder')
    module.PoseEstimator = SquareFinder
    monkeypatch.setitem(sys.modules, 'square_finder', module)
    monkeypatch.setattr(SquareFinder, 'opened', 0)
    monkeypatch.setitem(BACKENDS, 'squares', Backend('square_finder', {'numpy': 'numpy'}, 'pip install numpy'))
    return SquareFinder
