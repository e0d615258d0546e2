"""Files of every format that are cut, have a word for a number, or people of different joints end in one line that
names them."""

import json
import pickle
import re
import shutil
from itertools import islice

import joblib
import numpy as np
import pytest
from as_written import FORMATS, c3d

from usdrl_mmaction.errors import RecordingError
from usdrl_mmaction.recordings.readers import read_clip

TREES, LINES = ('.json', '.pkl', '.pk'), ('.txt', '.csv', '.trc', '.amc', '.skeleton', '.bvh')
TRIES = 12  # places of a file that are damaged: some hold what is not read, such as boxes
BY_NAME = (
    'by name',
    'by number',
    'MoveNet',
    'PoseNet',
    'to_json',
)  # a joint may be left out; columns are of one length
ARRAYS = ('MediaPipe Pose, arrays', 'WHAM', 'HybrIK')  # of all frames


@pytest.fixture(scope='module')
def written(tmp_path_factory):
    """A format's file, or folder."""
    made = {}

    def write(form):
        if form.package:
            pytest.importorskip(form.package)
        if form.name not in made:
            folder = tmp_path_factory.mktemp('format') / 'clip'
            folder.mkdir()
            made[form.name] = form.write(folder)
        return made[form.name]

    return write


def copy(path, folder):
    """A copy, and the file of it that is to be damaged."""
    shutil.copytree(path if path.is_dir() else path.parent, folder / 'broken')
    place = folder / 'broken' if path.is_dir() else folder / 'broken' / path.name
    return place, sorted(place.iterdir())[12] if path.is_dir() else place


def refused(path):
    """Whether a file is refused in one line; if not, it gives a clip."""
    try:
        clip = read_clip(path)
    except RecordingError as error:
        message = str(error)
        assert str(path) in message and '\n' not in message and len(message) < 400 + 2 * len(str(path)), message
        return True
    assert clip.keypoint.ndim == 4 and np.isfinite(clip.keypoint).all()
    return False


@pytest.mark.parametrize('form', FORMATS, ids=lambda form: form.name)
def test_a_file_that_is_cut(form, written, tmp_path):
    path, file = copy(written(form), tmp_path)
    content = file.read_bytes()
    at = int(0.6 * len(content))
    if file.suffix in LINES:  # in the middle of a line, between two numbers
        at = content.rindex(b'\n', 0, at) + 1 if b'\n' in content[:at] else 0
        row = content[at : content.index(b'\n', at)]
        at += max(row.rfind(mark, 0, len(row) // 2 + 1) for mark in (b' ', b',', b'\t'))
    file.write_bytes(content[:at])
    assert refused(path)


def load(file):
    if file.suffix == '.json':
        return json.loads(file.read_text())
    return joblib.load(file) if file.name.endswith(('output.pkl', '_v.pkl')) else pickle.loads(file.read_bytes())


def save(file, tree):
    file.write_text(json.dumps(tree)) if file.suffix == '.json' else file.write_bytes(pickle.dumps(tree))


def places(tree, fits):
    """Every part of a file that fits, as what holds it and its key there."""
    for key, part in list(tree.items() if isinstance(tree, dict) else enumerate(tree)):
        if key in ('faceLandmarks', 'leftHandLandmarks'):
            continue
        if fits(part):
            yield tree, key
        elif isinstance(part, dict | list):
            yield from places(part, fits)


def any_is_refused(path, file, fits, damage):
    """Whether a file is refused with damage at one of some places of it."""
    sound = file.read_bytes()
    number = sum(1 for _ in places(load(file), fits))
    for place in np.random.default_rng(0).integers(number // 3, number, TRIES).tolist():
        file.write_bytes(sound)
        tree = load(file)
        holder, key = next(islice(places(tree, fits), place, None))
        holder[key] = damage(holder[key])
        save(file, tree)
        if refused(path):
            return True
    return False


@pytest.mark.parametrize('form', FORMATS, ids=lambda form: form.name)
def test_a_word_where_a_number_is_expected(form, written, tmp_path):
    path, file = copy(written(form), tmp_path)
    if file.suffix in LINES:
        sound = file.read_text().split('\n')
        outcomes = []
        for number in np.linspace(len(sound) // 2, len(sound) - 2, TRIES).astype(int).tolist():
            words = list(re.finditer(r'(?<=[\s,])-?\d[^\s,]*', sound[number]))
            if len(words) > 1:
                start, end = words[len(words) // 3].span()
                broken = f'{sound[number][:start]}left{sound[number][end:]}'
                file.write_text('\n'.join([*sound[:number], broken, *sound[number + 1 :]]))
                outcomes.append(refused(path))
        assert any(outcomes)
    elif file.suffix in TREES:
        fits = lambda part: isinstance(part, float | np.ndarray)  # noqa: E731
        damage = lambda part: ['left'] if isinstance(part, np.ndarray) else 'left'  # noqa: E731
        assert any_is_refused(path, file, fits, damage)


UNNAMED = [form for form in FORMATS if not any(word in form.name for word in (*BY_NAME, *ARRAYS))]


@pytest.mark.parametrize('form', UNNAMED, ids=lambda form: form.name)
def test_people_of_different_joints(form, written, tmp_path):
    path, file = copy(written(form), tmp_path)
    if file.suffix in TREES:  # in other files, all joints of all people are in a row
        assert any_is_refused(path, file, is_pose, shorter)


def is_pose(part):
    if isinstance(part, np.ndarray):
        return part.ndim > 1
    if not isinstance(part, list) or len(part) < 15:
        return False
    row = isinstance(part[0], list) and isinstance(part[0][0], float)
    return row or isinstance(part[0], float) or (isinstance(part[0], dict) and 'x' in part[0])


def shorter(pose):
    if isinstance(pose, np.ndarray):
        return pose[..., :-1, :] if len(pose) != 45 else pose[..., :24, :]
    return pose[:-3] if isinstance(pose[0], float) else pose[:-1]


@pytest.mark.parametrize('after_name', [
    b'\x3f\x01\xff\x09' + 9 * b'\xff',  # 255⁹ letters
    b'\xff\xff',  # what follows is beyond the end
    b'\x40\x01',  # what follows begins a byte later
])  # fmt: skip
def test_a_c3d_file_with_damaged_parameters_asks_for_no_memory(after_name, tmp_path):
    pytest.importorskip('ezc3d')
    path = c3d(tmp_path)
    content = bytearray(path.read_bytes())
    place = content.index(b'LABELS') + len('LABELS')
    content[place : place + len(after_name)] = after_name
    path.write_bytes(content)
    with pytest.raises(RecordingError, match='its parameters are damaged'):
        read_clip(path)
