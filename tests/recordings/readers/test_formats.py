"""Every format is read as its tool writes it: joints, people, frames and their rate."""

import numpy as np
import pytest
from as_written import FORMATS, SHOWN, T, world

from usdrl_mmaction.body import BODY
from usdrl_mmaction.recordings.readers import read_clip
from usdrl_mmaction.recordings.recording import find_recordings, read_body

WORLD = world(SHOWN)


def write(form, folder):
    if form.package:
        pytest.importorskip(form.package)
    folder.mkdir()
    return form.write(folder)


@pytest.mark.parametrize('form', FORMATS, ids=lambda form: form.name)
def test_a_format_is_read_as_its_tool_writes_it(form, tmp_path):
    path = write(form, tmp_path / 'clip')
    clip = read_clip(path)
    assert clip.keypoint.shape[:2] == (form.people, T)
    assert clip.fps == pytest.approx(form.fps, rel=1e-2) if form.fps else clip.fps is None
    assert bool(clip.joints) == form.names
    (recording,) = find_recordings(str(path))
    body = read_body(recording).keypoint[:, :, [BODY.joint(name) for name in SHOWN]]
    if form.view:
        expected = form.view(WORLD[: form.people])
        same = [min(range(form.people), key=lambda m: np.abs(expected[m] - person).max()) for person in body]
        assert sorted(same) == list(range(form.people))
        size = np.ptp(expected[0], axis=(0, 1)).max()
        np.testing.assert_allclose(body, expected[same], atol=0.002 * size)
