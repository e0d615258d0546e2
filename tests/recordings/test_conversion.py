"""An annotation file is there whole, or as it was before."""

import pickle

import pytest

from usdrl_mmaction.errors import AnnotationError
from usdrl_mmaction.recordings.conversion import save


class Unpicklable:
    def __reduce__(self):
        raise RuntimeError('interrupted')


def test_an_interrupted_write_leaves_the_old_file_and_no_draft(tmp_path):
    path = tmp_path / 'new folder' / 'my.pkl'
    save({'annotations': [1]}, path)
    with pytest.raises(RuntimeError, match='interrupted'):
        save({'annotations': [b'x' * 2**20, Unpicklable()]}, path)
    assert pickle.loads(path.read_bytes()) == {'annotations': [1]}
    assert list(path.parent.iterdir()) == [path]


def test_a_place_that_cannot_be_written_is_named(tmp_path):
    (tmp_path / 'folder').mkdir()
    with pytest.raises(AnnotationError, match=r'folder cannot be written: Is a directory\. Choose another place'):
        save({'annotations': []}, tmp_path / 'folder')
    (tmp_path / 'file').touch()
    with pytest.raises(AnnotationError, match=r'my\.pkl cannot be written: File exists'):
        save({'annotations': []}, tmp_path / 'file' / 'my.pkl')
    assert {path.name for path in tmp_path.iterdir()} == {'folder', 'file'}
