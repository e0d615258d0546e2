"""The work dir of the tests."""

from pathlib import Path

import pytest


@pytest.fixture
def work_dir(tmp_path) -> Path:
    folder = tmp_path / 'work'
    folder.mkdir()
    return folder
