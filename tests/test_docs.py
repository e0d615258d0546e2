"""What the README and the pages of docs/ tell a person to type exists: tools, configs, targets and flags."""

import re
import runpy
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
README = (ROOT / 'README.md').read_text()
PAGES = [ROOT / 'README.md', ROOT / 'configs/usdrl/README.md', *sorted((ROOT / 'docs').glob('*.md'))]
TOOL = re.compile(r'tools/[\w/]+\.(?:py|sh)')


def lines(page: Path) -> list[str]:
    """What stands in blocks of bash and between backticks, without comments."""
    text = page.read_text()
    blocks = '\n'.join(re.findall(r'^ *```bash\n(.*?)```', text, re.DOTALL | re.MULTILINE)).replace('\\\n', ' ')
    return [line.split('#')[0].strip() for line in [*blocks.splitlines(), *re.findall(r'`([^`\n]+)`', text)]]


LINES = [line for page in PAGES for line in lines(page)]
# MMAction2's own tools are named as well.
TOOLS = sorted({tool for line in LINES for tool in TOOL.findall(line)} - {'tools/data/skeleton/gen_ntu_rgbd_raw.py'})


def test_there_are_commands_to_check():
    assert {'tools/train.py', 'tools/test.py', 'tools/demo/infer.py', 'tools/data/synthetic.py'} <= set(TOOLS)


@pytest.mark.parametrize('path', sorted({m for line in LINES for m in re.findall(r'configs/usdrl/\w+\.py', line)}))
def test_configs_exist(path):
    assert (ROOT / path).is_file()


def test_configs_named_in_the_table_of_tasks_are_files():
    rows = [line for line in README.splitlines() if re.match(r'\| [^|]+ \|[^|]*(`\w+`|)[^|]*\| `\w+`', line)]
    named = {name for row in rows for name in re.findall(r'`(\w+)`', row)}
    assert len(named) > 20 and named <= {path.stem for path in (ROOT / 'configs/usdrl').glob('*.py')}


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
    arguments = [line.split(tool)[1] for line in LINES if tool in line]
    flags = {flag for given in arguments for flag in re.findall(r'(?<=\s)--[a-z][\w-]*', given)}
    if tool == 'tools/train.py':
        told = re.search(r"Flags are MMAction2's \(`([^`]+)`", README.replace('\n', ' ')).group(1)
        flags |= {flag for flag in told.split() if flag.startswith('--')}
    monkeypatch.setattr('sys.argv', [tool, '--help'])
    monkeypatch.setenv('COLUMNS', '1000')
    with pytest.raises(SystemExit) as end:
        runpy.run_path(str(ROOT / tool), run_name='__main__')
    taken = set(re.findall(r'--[a-z][\w-]*', capsys.readouterr().out))
    assert not end.value.code and flags <= taken


@pytest.mark.parametrize('page', PAGES, ids=lambda page: page.name)
def test_links_lead_to_files(page):
    links = re.findall(r'\]\((?!https?://|#)([^)#]+)', page.read_text())
    assert all((page.parent / link).exists() for link in links), links
