"""An annotation file is there whole, or as it was before."""

import pickle

import pytest

from usdrl_mmaction.datasets.conversion import save


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
