"""An annotation file is written whole or not at all."""

import pickle

import pytest

from usdrl_mmaction.datasets.annotations import save_annotations
from usdrl_mmaction.errors import SaveError


class Unpicklable:
    def __reduce__(self):
        raise RuntimeError('interrupted')


def test_an_interrupted_write_leaves_the_old_file_and_no_draft(tmp_path):
    path = tmp_path / 'new folder' / 'my.pkl'
    save_annotations({'annotations': [1]}, path)
    with pytest.raises(RuntimeError, match='interrupted'):
        save_annotations({'annotations': [b'x' * 2**20, Unpicklable()]}, path)
    assert pickle.loads(path.read_bytes()) == {'annotations': [1]}
    assert list(path.parent.iterdir()) == [path]


def test_a_place_that_cannot_be_written_is_named(tmp_path):
    (tmp_path / 'folder').mkdir()
    with pytest.raises(SaveError, match=r'folder cannot be written: .*choose another place'):
        save_annotations({'annotations': []}, tmp_path / 'folder')
    (tmp_path / 'file').touch()
    with pytest.raises(SaveError, match=r'my\.pkl cannot be written: (File exists|Not a directory)'):
        save_annotations({'annotations': []}, tmp_path / 'file' / 'my.pkl')
    assert {path.name for path in tmp_path.iterdir()} == {'folder', 'file'}
