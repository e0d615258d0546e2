"""A file or folder is written whole or not at all; what is not there is named, with what is."""

import hashlib

import pytest

from usdrl_mmaction.errors import ConfigError, SaveError
from usdrl_mmaction.files import missing, replacing, sha256_of


def test_a_file_takes_the_place_of_the_old_one_when_it_is_whole(tmp_path):
    path = tmp_path / 'new' / 'result.txt'
    for text in ('first', 'second'):
        with replacing(path, sync=True) as draft:
            draft.write_text(text)
            assert not path.exists() or path.read_text() == 'first'
        assert path.read_text() == text
    assert list(path.parent.iterdir()) == [path]


def test_a_folder_takes_the_place_of_the_old_one(tmp_path):
    path = tmp_path / 'store'
    for name in ('first', 'second'):
        with replacing(path) as draft:
            draft.mkdir()
            (draft / name).write_text('')
    assert [item.name for item in path.iterdir()] == ['second'] and list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize(
    'error, raised, message',
    [
        (ConfigError('contradicts'), ConfigError, '^contradicts$'),
        (missing('clips.pkl'), FileNotFoundError, 'There is no file clips.pkl'),
        (
            OSError(28, 'No space left on device'),
            SaveError,
            r'result\.txt cannot be written: No space left on device\.',
        ),
        (OSError('the pipe broke'), SaveError, r'result\.txt cannot be written: the pipe broke\.'),
    ],
)
def test_what_fails_leaves_the_old_file(tmp_path, error, raised, message):
    path = tmp_path / 'result.txt'
    path.write_text('old')
    with pytest.raises(raised, match=message), replacing(path) as draft:
        draft.write_text('half')
        raise error
    assert path.read_text() == 'old' and list(tmp_path.iterdir()) == [path]


def test_a_missing_file_is_named_with_the_one_most_like_it(tmp_path):
    (tmp_path / 'epoch_10.pth').touch()
    error = missing(tmp_path / 'epoch_1.pth', 'checkpoint', 'Train it.')
    assert str(error).startswith(f'There is no checkpoint {tmp_path}/epoch_1.pth (seen from ')
    assert str(error).endswith(f'Did you mean {tmp_path}/epoch_10.pth? Train it.')
    assert 'Did you mean' not in str(missing(tmp_path / 'nowhere' / 'x.pkl'))


@pytest.mark.parametrize('large', [False, True])
def test_sha256(tmp_path, monkeypatch, large):
    content = bytes(range(256)) * 9000
    monkeypatch.setattr('usdrl_mmaction.files.LARGE', 0 if large else 1 << 30)
    (tmp_path / 'file').write_bytes(content)
    assert sha256_of(tmp_path / 'file') == hashlib.sha256(content).hexdigest()
