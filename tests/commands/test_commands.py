"""``usdrl`` lists its commands, runs them as the launchers in tools/ do, and reports unknown ones."""

import re
import subprocess
import sys

import pytest
from conftest import ROOT

from usdrl_mmaction.apis.export import WRITERS
from usdrl_mmaction.commands import COMMANDS, execute, parse
from usdrl_mmaction.commands.convert_pkummd import SPLIT_FILES
from usdrl_mmaction.evaluation.functional.detection import THETAS
from usdrl_mmaction.evaluation.metrics.detection_metric import REPORTS

LAUNCHERS = [path for path in (ROOT / 'tools').rglob('*.py') if 'dev' not in path.parts]


def usdrl(*arguments):
    command = [sys.executable, '-m', 'usdrl_mmaction_cli', *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=120)


def test_the_commands_are_listed():
    done = usdrl('--help')
    listed = re.findall(
        r'^  ([\w-]+) {2,}\w', done.stdout.split('commands:')[1].split('usdrl COMMAND')[0], re.MULTILINE
    )
    assert done.returncode == 0 and listed == [*COMMANDS]
    bare = usdrl()
    assert bare.returncode == 2 and bare.stdout == done.stdout


def test_an_unknown_command_is_answered_with_the_most_similar_one():
    done = usdrl('convert_pkumm', '1')
    assert done.returncode == 2
    assert "there is no command 'convert_pkumm'. Did you mean 'convert-pkummd'?" in done.stderr


@pytest.mark.parametrize('name', COMMANDS)
def test_each_command_has_help_with_its_name(name, run_command, capsys):
    with pytest.raises(SystemExit) as end:
        run_command(name, '--help')
    assert not end.value.code and capsys.readouterr().out.startswith(f'usage: usdrl {name} ')


def test_help_and_wrong_options_need_the_standard_library_alone():
    """Without site-packages: torch alone takes more than a second to import."""

    def answer(*arguments):
        command = [sys.executable, '-S', '-m', 'usdrl_mmaction_cli', *arguments]
        return subprocess.run(command, capture_output=True, text=True, cwd=ROOT, timeout=60)

    for arguments in ([], ['--help'], ['train', '--help'], ['infer', '--help']):
        assert answer(*arguments).stdout.startswith(' '.join(['usage: usdrl', *arguments[:-1]])), arguments
    for arguments, told in (
        (['infer', 'a.csv', '--devise', 'cpu'], 'unrecognized arguments: --devise cpu'),
        (['train'], 'the following arguments are required: config'),
        (['export', 'a', 'b', 'c', '--format', 'x'], "invalid choice: 'x'"),
        (['train', 'a', '--cfg-options', 'lr'], "--cfg-options takes KEY=VALUE, not 'lr'"),
    ):
        done = answer(*arguments)
        assert done.returncode == 2 and told in done.stderr, done.stderr
        assert done.stderr.startswith(f'usage: usdrl {arguments[0]} ')


def test_options_name_the_values_that_there_are():
    """``arguments.py`` imports no module of a command, and repeats a few names."""

    def accepted(name, *argv):
        return vars(parse(name, [*map(str, argv)]))

    for form in WRITERS:
        assert accepted('export', 'config', 'checkpoint', 'out', '--format', form)['format'] == form
    for mode in REPORTS:
        assert accepted('postprocess', 'tracks', '--mode', mode)['mode'] == mode
    assert accepted('postprocess', 'tracks')['thetas'] == [*THETAS]
    assert [accepted('convert-pkummd', part, 'a', 'b', 'c')['part'] for part in SPLIT_FILES] == [*SPLIT_FILES]
    with pytest.raises(SystemExit, match="no variant 'nothing'; there are: random encoder, "):
        execute('ablate', parse('ablate', ['--variants', 'nothing']))


def test_each_command_has_a_launcher_but_the_doctor():
    commands = [re.search(r"run\('(.*)'\)", path.read_text()).group(1) for path in LAUNCHERS]
    assert sorted(commands) == sorted({*COMMANDS} - {'doctor'})


def test_a_launcher_runs_its_command():
    tool = ROOT / 'tools/data/convert_pkummd.py'
    done = subprocess.run([sys.executable, tool, '--help'], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0 and done.stdout.startswith('usage: usdrl convert-pkummd ')


def test_no_launcher_hides_a_standard_module():
    names = {path.stem for path in LAUNCHERS}
    assert not names & sys.stdlib_module_names - {'test'}  # the name that MMAction2 gave
