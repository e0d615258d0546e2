"""The site has every page, the troubleshooting page the messages that people see, and the README runs as printed."""

import ast
import re
import runpy
import socket

import numpy as np
import pytest
import yaml
from conftest import ROOT

from usdrl_mmaction import compat
from usdrl_mmaction.apis.encoder import as_clips
from usdrl_mmaction.errors import UsdrlError
from usdrl_mmaction.evaluation import evaluate_segmentation
from usdrl_mmaction.skeletons import get_skeleton

README = (ROOT / 'README.md').read_text()
TROUBLE = (ROOT / 'docs/troubleshooting.md').read_text()
MESSAGES = runpy.run_path(str(ROOT / 'tools/dev/messages.py'))


def python_block(text: str) -> str:
    return re.search(r'```python\n(.*?)```', text, re.DOTALL)[1]


def pages_in(nav) -> list[str]:
    if isinstance(nav, str):
        return [nav]
    return [page for part in (nav.values() if isinstance(nav, dict) else nav) for page in pages_in(part)]


def test_every_page_is_in_the_navigation_once():
    hook = (ROOT / 'tools/dev/site_pages.py').read_text()
    made = dict(re.findall(r"'([\w./-]+)': '([\w-]+\.md)'", hook))
    assert made and all((ROOT / source).is_file() for source in made)
    docs = [path.relative_to(ROOT / 'docs').as_posix() for path in (ROOT / 'docs').rglob('*.md')]
    nav = pages_in(yaml.safe_load((ROOT / 'mkdocs.yml').read_text())['nav'])
    assert sorted(nav) == sorted([*docs, *made.values()])


def test_every_repair_is_explained():
    made = {repair.__name__ for repairs in compat.REPAIRS.values() for repair in repairs}
    assert made == set(re.findall(r'\| `(\w+)` \|$', TROUBLE, re.MULTILINE))


@pytest.mark.parametrize('message', re.findall(r'^\| `([^`]+)` ', TROUBLE, re.MULTILINE))
def test_messages_of_the_tables_are_those_of_the_code(message):
    texts = [
        MESSAGES['text_of'](node)
        for path in (ROOT / 'usdrl_mmaction/compat').glob('*.py')
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Constant | ast.JoinedStr | ast.BinOp)
    ]
    gap = MESSAGES['GAP']
    wanted = re.sub(r'\s+', ' ', message)
    found = [re.sub(r'\s+', ' ', text).replace(f'{gap} {gap}', gap) for text in texts]
    forms = {wanted, wanted.removeprefix('TypeError: '), wanted.replace('folder mmcv', f'folder {gap}')}
    assert any(form in text for form in forms for text in found)


@pytest.mark.parametrize(
    'wrong',
    [
        lambda: as_clips(np.zeros((3, 3))),
        lambda: get_skeleton('no such layout'),
        lambda: evaluate_segmentation([[0, 1]], []),
    ],
)
def test_errors_are_in_the_list_of_messages(wrong):
    with pytest.raises(UsdrlError) as raised:
        wrong()
    listed = [message for kind, message in MESSAGES['all_messages']({type(raised.value).__name__})]
    patterns = ['.*'.join(map(re.escape, message.split(MESSAGES['GAP']))) for message in listed]
    said = ' '.join(str(raised.value).split())
    assert any(re.fullmatch(pattern, said) for pattern in patterns), said


def test_every_kind_of_error_is_listed():
    kinds = MESSAGES['kinds_of_errors']()
    page = MESSAGES['as_markdown']()
    assert all(f'### `{kind}`' in page for kind in kinds if kind != 'UsdrlError') and '<!-- messages -->' in TROUBLE


def test_the_first_lines_run_as_printed_without_a_network(capsys, monkeypatch):
    def refuse(*_):
        raise OSError('there is no network')

    monkeypatch.setattr(socket.socket, 'connect', refuse)
    block = python_block(README)
    exec(compile(block, 'README.md', 'exec'), {})
    said, told = capsys.readouterr().out.strip(), block.rsplit('# ', 1)[1].strip()
    assert re.sub(r'\d+', '', said) == re.sub(r'\d+', '', told)
    assert abs(int(re.search(r'\d+', said)[0]) - int(re.search(r'\d+', told)[0])) <= 6


def test_the_readme_is_short_and_as_the_front_page():
    lines = README.splitlines()
    assert len(lines) < 200
    assert python_block(README) == python_block((ROOT / 'docs/index.md').read_text())


def test_the_citation_has_the_version():
    cited = yaml.safe_load((ROOT / 'CITATION.cff').read_text())
    setup = re.search(r"__version__ = '(\d+\.\d+\.\d+)", (ROOT / 'usdrl_mmaction/__init__.py').read_text())
    assert cited['version'] == setup[1] and f'version = {{{setup[1]}}}' in README
    assert [len(paper['authors']) for paper in cited['references']] == [5, 7]
