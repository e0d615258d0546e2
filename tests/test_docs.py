"""What the README and the pages of docs/ tell a person to type exists: commands, configs, tools, targets and flags."""

import re
import runpy
from pathlib import Path

import pytest

from usdrl_mmaction.commands import COMMANDS, run
from usdrl_mmaction.commands.common import find_config

ROOT = Path(__file__).resolve().parent.parent
README = (ROOT / 'README.md').read_text()
GUIDE = (ROOT / 'docs/mmaction2.md').read_text().replace('\n', ' ')
PAGES = [
    *(ROOT / name for name in ('README.md', 'CONTRIBUTING.md', 'configs/usdrl/README.md')),
    *sorted((ROOT / 'docs').rglob('*.md')),
]
COMMAND = re.compile(r'\busdrl ([a-z][a-z_-]*)([^|]*)')
TOOL = re.compile(r'tools/[\w/]+\.(?:py|sh)')
FLAG = re.compile(r'(?<=\s)--[a-z][\w-]*')


def lines(page: Path) -> list[str]:
    """What stands in blocks of bash and between backticks, without comments."""
    text = page.read_text()
    blocks = '\n'.join(re.findall(r'^ *```bash\n(.*?)```', text, re.DOTALL | re.MULTILINE)).replace('\\\n', ' ')
    return [line.split('#')[0].strip() for line in [*blocks.splitlines(), *re.findall(r'`([^`\n]+)`', text)]]


LINES = [line for page in PAGES for line in lines(page)]
SHOWN = [match.groups() for line in LINES for match in COMMAND.finditer(line)]
NAMES = sorted({name for name, _ in SHOWN})
MADE = {model for name, rest in SHOWN if name in ('enrol', 'fit') for model in re.findall(r'--model (\w+)', rest)}
# MMAction2's own tools are named as well.
TOOLS = sorted({tool for line in LINES for tool in TOOL.findall(line)} - {'tools/data/skeleton/gen_ntu_rgbd_raw.py'})


def config_of(name: str, rest: str) -> str | None:
    """The config of this package that a command is shown with."""
    words = rest.split()
    if name in ('infer', 'stream'):
        words = words[words.index('--model') + 1 :] if '--model' in words else []
    elif name not in ('train', 'test', 'export', 'memory'):
        return None
    return words[0] if words and words[0] not in MADE and re.fullmatch(r'[a-z]\w+', words[0]) else None


def test_there_are_commands_to_check():
    assert {'train', 'test', 'infer', 'synthetic', 'convert', 'reproduce', 'doctor'} <= set(NAMES)
    assert {'tools/train.py', 'tools/dist_train.sh', 'tools/dev/benchmark.py'} <= set(TOOLS)


@pytest.mark.parametrize('name', NAMES)
def test_commands_take_the_flags_they_are_shown_with(name, capsys, monkeypatch):
    assert name in COMMANDS
    flags = {flag for shown, rest in SHOWN if shown == name for flag in FLAG.findall(rest)}
    if name == 'train':
        told = re.search(r"Flags are MMAction2's \(`([^`]+)`", GUIDE).group(1)
        flags |= {flag for flag in told.split() if flag.startswith('--')}
    monkeypatch.setattr('sys.argv', ['usdrl'])
    assert flags <= flags_in_help(lambda: run(name, ['--help']), capsys, monkeypatch)


@pytest.mark.parametrize('name', sorted({config for shown in SHOWN if (config := config_of(*shown))}))
def test_configs_named_without_a_folder_are_found(name):
    assert find_config(name).is_file()


@pytest.mark.parametrize('path', sorted({m for line in LINES for m in re.findall(r'configs/usdrl/[\w/]+\.py', line)}))
def test_configs_exist(path):
    assert (ROOT / path).is_file()


def test_configs_named_in_the_table_of_tasks_are_files():
    rows = [line for line in README.splitlines() if re.match(r'\| [^|]+ \|[^|]*(`\w+`|)[^|]*\| `\w+`', line)]
    named = {name for row in rows for name in re.findall(r'`(\w+)`', row)}
    assert len(named) > 20 and all(find_config(name).is_file() for name in named)


def test_make_targets_exist():
    targets = {line.split()[1] for line in LINES if re.match(r'make \w+$', line)}
    assert {'demo', 'test', 'bench'} <= targets
    makefile = (ROOT / 'Makefile').read_text()
    assert all(re.search(rf'^{target}:', makefile, re.MULTILINE) for target in targets)


@pytest.mark.parametrize('tool', TOOLS)
def test_tools_take_the_flags_they_are_shown_with(tool, monkeypatch, capsys):
    assert (ROOT / tool).is_file()
    if tool.endswith('.sh'):
        return
    flags = {flag for line in LINES if tool in line for flag in FLAG.findall(line.split(tool)[1])}
    monkeypatch.setattr('sys.argv', [tool, '--help'])
    show = lambda: runpy.run_path(str(ROOT / tool), run_name='__main__')  # noqa: E731
    assert flags <= flags_in_help(show, capsys, monkeypatch)


def flags_in_help(show, capsys, monkeypatch) -> set[str]:
    monkeypatch.setenv('COLUMNS', '1000')
    with pytest.raises(SystemExit) as end:
        show()
    assert not end.value.code
    return set(re.findall(r'--[a-z][\w-]*', capsys.readouterr().out))


@pytest.mark.parametrize('page', PAGES, ids=lambda page: page.name)
def test_links_lead_to_files(page):
    links = re.findall(r'\]\((?!https?://|#)([^)#]+)', page.read_text())
    assert all((page.parent / link).exists() for link in links), links
