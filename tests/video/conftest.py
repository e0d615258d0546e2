"""What the tests of videos need besides what all tests do: no network, and a video of a man, in parts."""

import socket
from importlib.util import find_spec
from pathlib import Path

import cv2
import numpy as np
import pytest
from commands.conftest import run_command  # noqa: F401
from conftest import ROOT

from usdrl_mmaction.recordings.video import open_estimator

collect_ignore_glob = [] if find_spec('mediapipe') and find_spec('rtmlib') else ['test_*.py']


@pytest.fixture(autouse=True)
def no_network(monkeypatch):
    """Whoever asks for a host or a connection fails."""

    def refuse(*args, **kwargs):
        raise AssertionError('something asked for the network')

    for name in ('connect', 'connect_ex', 'sendto'):
        monkeypatch.setattr(socket.socket, name, refuse)
    monkeypatch.setattr(socket, 'getaddrinfo', refuse)
    open_estimator.cache_clear()
    yield
    open_estimator.cache_clear()


@pytest.fixture(scope='session')
def beam() -> Path:
    """A man walks over a balance beam, upright in the picture: 100 frames, 60 a second, 1080 × 1920."""
    path = ROOT.parent / 'shared/data/video/balance_beam.mp4'
    if not path.is_file():
        pytest.skip('no video beside this checkout')
    return path


@pytest.fixture(scope='session')
def frames(beam) -> np.ndarray:
    """The frames of the video in a third of its size.  # (T, H, W, 3)"""
    video = cv2.VideoCapture(str(beam))
    return np.stack([cv2.resize(video.read()[1], (360, 640), interpolation=cv2.INTER_AREA) for _ in range(100)])


@pytest.fixture
def write_frames():
    def write(path: Path, frames: np.ndarray, fps: float = 60) -> Path:
        path.parent.mkdir(parents=True, exist_ok=True)
        writer = cv2.VideoWriter(str(path), cv2.VideoWriter_fourcc(*'mp4v'), fps, frames.shape[2:0:-1])
        for frame in frames:
            writer.write(np.ascontiguousarray(frame))
        writer.release()
        return path

    return write
