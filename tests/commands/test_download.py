"""The annotation files of OpenMMLab, from a mirror."""

import hashlib

import pytest


def test_a_mirror_in_a_folder(tmp_path, run_command, capsys):
    mirror, out = tmp_path / 'mirror', tmp_path / 'out'
    mirror.mkdir()
    for name in ('ntu60_3d', 'ntu60_2d'):
        (mirror / f'{name}.pkl').write_bytes(name.encode() * 1000)
    run_command('download', 'ntu60_3d', 'ntu60_2d', '--mirror', mirror, '--out-dir', out)
    for name in ('ntu60_3d', 'ntu60_2d'):
        content = (out / f'{name}.pkl').read_bytes()
        assert content == name.encode() * 1000
        assert (out / f'{name}.pkl.sha256').read_text().split()[0] == hashlib.sha256(content).hexdigest()
    assert f'{out}/ntu60_2d.pkl: 0 MB' in capsys.readouterr().out


def test_an_existing_file_is_checked_and_not_downloaded_again(tmp_path, run_command):
    (tmp_path / 'ntu60_3d.pkl').write_bytes(b'clips')
    arguments = ('download', 'ntu60_3d', '--mirror', tmp_path / 'nowhere', '--out-dir', tmp_path)
    run_command(*arguments)
    (tmp_path / 'ntu60_3d.pkl').write_bytes(b'clups')
    with pytest.raises(SystemExit, match=r'error: .*ntu60_3d.pkl has the sha256 .* Delete it to download it again'):
        run_command(*arguments)


def test_a_mirror_without_the_file(tmp_path, run_command):
    with pytest.raises(SystemExit, match=rf'error: .*put the file at {tmp_path}/out/ntu120_3d.pkl by hand'):
        run_command('download', 'ntu120_3d', '--mirror', tmp_path, '--out-dir', tmp_path / 'out')
