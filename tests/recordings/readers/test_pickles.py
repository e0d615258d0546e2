"""Pickles of pose estimators, also as joblib compresses them, are read without running anything in them."""

import os
import pickle

import joblib
import numpy as np
import pytest

from usdrl_mmaction.errors import RecordingError
from usdrl_mmaction.recordings.readers.pickles import read_pickled

CONTENT = {
    1: {'joints3d': np.arange(24.0).reshape(2, 4, 3), 'ids': np.arange(2), 'name': 'a', 'flat': np.zeros((0, 3))}
}


@pytest.mark.parametrize('compress', [0, 3, ('gzip', 3), ('bz2', 3), ('xz', 3)])
def test_arrays_of_joblib_are_read_unchanged(tmp_path, compress):
    content = {**CONTENT, 'fortran': np.asfortranarray(np.arange(6.0).reshape(2, 3))}
    joblib.dump(content, tmp_path / 'a.pkl', compress=compress)
    found = read_pickled(tmp_path / 'a.pkl')
    for key in ('joints3d', 'ids', 'flat'):
        np.testing.assert_array_equal(found[1][key], CONTENT[1][key])
    np.testing.assert_array_equal(found['fortran'], content['fortran'])
    assert found[1]['name'] == 'a'


class Mine:
    def __reduce__(self):
        return os.mkdir, ('made_by_a_pickle',)


@pytest.mark.parametrize('dump', [joblib.dump, lambda content, path: path.write_bytes(pickle.dumps(content))])
def test_nothing_in_a_pickle_runs(tmp_path, monkeypatch, dump):
    monkeypatch.chdir(tmp_path)
    dump({**CONTENT, 'other': Mine()}, tmp_path / 'a.pkl')
    with pytest.raises(RecordingError, match=r"a.pkl asks for 'posix.mkdir'.*nothing in it was run"):
        read_pickled(tmp_path / 'a.pkl')
    assert not (tmp_path / 'made_by_a_pickle').exists()


def test_arrays_of_objects_and_cut_files_are_refused(tmp_path):
    joblib.dump({'a': np.array([{}, 'x'], object)}, tmp_path / 'a.pkl')
    with pytest.raises(RecordingError, match=r'a\.pkl'):
        read_pickled(tmp_path / 'a.pkl')
    joblib.dump(CONTENT, tmp_path / 'b.pkl')
    (tmp_path / 'b.pkl').write_bytes((tmp_path / 'b.pkl').read_bytes()[:200])
    with pytest.raises(RecordingError, match=r'b\.pkl is not a whole pickle file'):
        read_pickled(tmp_path / 'b.pkl')
