"""The command writes the report to the work dir or to a given file, and reports errors in one line."""

import pytest


@pytest.fixture
def work_dir(tmp_path):
    (tmp_path / 'run').mkdir()
    (tmp_path / 'run/results.json').write_text('{"linear": {"random": 0.5}}')
    return tmp_path / 'run'


def test_the_report_is_written_to_the_work_dir(run_command, work_dir, capsys):
    run_command('report', work_dir)
    assert '<title>run</title>' in (work_dir / 'report.html').read_text()
    assert capsys.readouterr().out.startswith(f'wrote {work_dir / "report.html"} (')


def test_the_report_is_written_to_the_given_file(run_command, work_dir, tmp_path):
    run_command('report', work_dir, '--out', tmp_path / 'new/page.html')
    assert (tmp_path / 'new/page.html').is_file() and not (work_dir / 'report.html').exists()


def test_what_was_left_out_is_reported(run_command, work_dir, capsys):
    (work_dir / 'broken.pkl').write_bytes(b'not a pickle')
    run_command('report', work_dir)
    assert capsys.readouterr().out.startswith(f'left out: run: {work_dir / "broken.pkl"} is not a whole pickle file')


@pytest.mark.parametrize('folder', ['empty', 'missing'])
def test_no_run_is_an_error_of_one_line(run_command, tmp_path, folder):
    (tmp_path / 'empty').mkdir()
    with pytest.raises(SystemExit, match=r'^error: .*(contains no run|There is no folder)') as error:
        run_command('report', tmp_path / folder)
    assert '\n' not in str(error.value)
    assert not (tmp_path / folder / 'report.html').exists()
