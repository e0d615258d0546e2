"""What the README tells a person to type exists: tools, configs, targets and flags."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
README = (ROOT / 'README.md').read_text()
BASH = '\n'.join(re.findall(r'```bash\n(.*?)```', README, re.DOTALL)).replace('\\\n', ' ')
INLINE = re.findall(r'`([^`\n]+)`', README)
LINES = [line.split('#')[0].strip() for line in [*BASH.splitlines(), *INLINE]]
TOOLS = sorted({match for line in LINES for match in re.findall(r'tools/[\w/]+\.(?:py|sh)', line)})


def test_there_are_commands_to_check():
    assert {'tools/train.py', 'tools/test.py', 'tools/data/make_synthetic.py'} <= set(TOOLS)


@pytest.mark.parametrize('path', sorted({m for line in LINES for m in re.findall(r'configs/usdrl/\w+\.py', line)}))
def test_configs_exist(path):
    assert (ROOT / path).is_file()


def test_the_table_of_configs_is_the_folder():
    rows = set(re.findall(r'^\| `(\w+\.py)`', README, re.MULTILINE))
    assert rows == {path.name for path in (ROOT / 'configs/usdrl').glob('*.py')}


def test_make_targets_exist():
    targets = {line.split()[1] for line in LINES if re.match(r'make \w+$', line)}
    assert {'demo', 'test', 'bench'} <= targets
    makefile = (ROOT / 'Makefile').read_text()
    assert all(re.search(rf'^{target}:', makefile, re.MULTILINE) for target in targets)


@pytest.mark.parametrize('tool', TOOLS)
def test_tools_take_the_flags_they_are_shown_with(tool):
    assert (ROOT / tool).is_file()
    if tool.endswith('.sh'):
        return
    flags = {flag for line in LINES if tool in line for flag in re.findall(r'--[\w-]+', line)}
    if tool == 'tools/train.py':
        flags |= set(re.search(r"Flags are MMAction2's \(`([^`]+)`", README.replace('\n', ' ')).group(1).split()) - {
            '…'
        }
    done = subprocess.run([sys.executable, tool, '--help'], cwd=ROOT, capture_output=True, text=True, timeout=100)
    assert done.returncode == 0, done.stderr
    assert all(flag in done.stdout for flag in flags if flag.startswith('--'))
