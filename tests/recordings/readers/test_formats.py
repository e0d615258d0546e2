"""Every format is read as its tool writes it, by read_clip and by the commands; docs/formats.md lists what is read."""

import json
import re
from pathlib import Path

import numpy as np
import pytest
from as_written import FORMATS, FPS, SHOWN, T, world

from usdrl_mmaction.body import BODY
from usdrl_mmaction.commands import run
from usdrl_mmaction.datasets import read_annotations
from usdrl_mmaction.errors import RecordingError
from usdrl_mmaction.recordings import readers
from usdrl_mmaction.recordings.clip import Clip
from usdrl_mmaction.recordings.readers import Reader, read_clip, register_reader
from usdrl_mmaction.recordings.recording import find_recordings, known_layout, read_body

WORLD = world(SHOWN)
PAGE = Path(__file__).resolve().parents[3] / 'docs/formats.md'


def write(form, folder):
    if form.package:
        pytest.importorskip(form.package)
    folder.mkdir(parents=True)
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


def row(form, folder) -> str:
    """What is read of a format, as a row of the table."""
    path = write(form, folder)
    clip = read_clip(path)
    kind = 'a folder of `*' if path.is_dir() else '`'
    suffix = next(path.iterdir()).suffix if path.is_dir() else path.suffix
    people = {1: 'one', 2: 'several'}[len(clip.keypoint)]
    names, fps = 'yes' if clip.joints else 'no', f'{clip.fps:g}' if clip.fps else '`--fps`'
    return f'| {form.name} | {kind}{suffix}` | yes | {known_layout(clip)} | {names} | {people} | {fps} |'


def test_the_docs_list_what_is_read(tmp_path):
    rows = [row(form, tmp_path / str(number)) for number, form in enumerate(FORMATS)]
    listed = re.findall(r'^\| .* \| yes \| .*$', PAGE.read_text(), re.MULTILINE)
    assert len(rows) >= 25 and listed == rows, 'docs/formats.md should have:\n' + '\n'.join(rows)


def test_every_format_converts(tmp_path, capsys):
    """All in one folder, a folder for each, as the annotations of one layout."""
    for number, form in enumerate(FORMATS):
        if not form.package and form.view:
            write(form, tmp_path / f'{len(form.view(np.zeros(3)))}d/{number:02d}/clip')
    for channels in (2, 3):
        out = tmp_path / f'{channels}.pkl'
        run('convert', [str(tmp_path / f'{channels}d'), str(out), '--layout=body', '--no-labels', '--workers=1'])
        clips = read_annotations(str(out))['annotations']
        assert len(clips) == len(list((tmp_path / f'{channels}d').iterdir())) > 15
        assert {clip['keypoint'].shape[2:] for clip in clips} == {(19, channels)}


# --- Formats that are not in the table ------------------------------------------------------------------------------
def read_mine(content, path):
    return Clip(np.array(content['shots'], np.float32)[None], joints=tuple(content['parts']), fps=content['rate'])


MINE = Reader('mine', ('.json', '.mine'), read_mine, lambda content: 'shots' in content)
CONTENT = {'shots': world(SHOWN)[0].tolist(), 'parts': SHOWN, 'rate': FPS}


def test_a_reader_can_be_registered(tmp_path):
    (tmp_path / 'a.json').write_text(json.dumps(CONTENT))
    known = readers.readers()
    register_reader(MINE)
    try:
        clip = read_clip(tmp_path / 'a.json')
        assert '.mine' in readers.suffixes()
    finally:
        known.remove(MINE)
    np.testing.assert_allclose(clip.keypoint[0], WORLD[0], atol=1e-6)
    assert clip.joints == SHOWN and clip.fps == FPS


def test_a_package_can_have_readers(tmp_path, monkeypatch):
    """A distribution with an entry point, as pip would install it, of the reader that the docs show."""
    shown = re.search(r'```python\n(.*?)```', PAGE.read_text(), re.DOTALL)[1]
    assert 'register_reader(READER)\n' in shown
    (tmp_path / 'mine.py').write_text(shown.replace('register_reader(READER)\n', ''))
    folder = tmp_path / 'mine-1.0.dist-info'
    folder.mkdir()
    (folder / 'METADATA').write_text('Metadata-Version: 2.1\nName: mine\nVersion: 1.0\n')
    (folder / 'entry_points.txt').write_text('[usdrl_mmaction.readers]\nmine = mine:READER\n')
    (tmp_path / 'a.json').write_text(json.dumps(CONTENT))
    monkeypatch.syspath_prepend(tmp_path)
    readers.readers.cache_clear()
    try:
        assert read_clip(tmp_path / 'a.json').fps == FPS
    finally:
        readers.readers.cache_clear()


@pytest.mark.parametrize(
    'name, text, found',
    [
        ('a.json', '{"takes": [1], "who": "x"}', r"a dict of 'takes', 'who'\."),
        ('a.json', '[{"t": 0, "q": [1, 2]}]', r"a list of 1, the first dict of 't', 'q'\."),
        ('a.xyz', '1', r"no reader for '\.xyz'\. Known are \.json, "),
    ],
)
def test_a_format_that_nobody_foresaw_is_shown(tmp_path, name, text, found):
    (tmp_path / name).write_text(text)
    with pytest.raises(RecordingError, match=f'{name}: .*{found}.*docs/formats.md') as error:
        read_clip(tmp_path / name)
    assert '\n' not in str(error.value)
