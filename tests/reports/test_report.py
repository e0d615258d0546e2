"""A part is shown exactly when the run has its data; the page is self-contained, safe, and fits a phone."""

import json
import re
import shutil
import subprocess
from html.parser import HTMLParser
from pathlib import Path

import pytest
from conftest import shrunk
from mmengine.config import Config
from reports.run_folders import training, write_detections, write_dump, write_start

from usdrl_mmaction.commands.common import build_runner, find_config
from usdrl_mmaction.errors import MissingFileError
from usdrl_mmaction.reports.report import rounded, write_report

VOID = {'meta', 'img', 'br', 'hr', 'input', 'link'}
BROWSERS = 'chromium', 'chromium-browser', 'google-chrome', 'chrome'
LABELS, SCORES = [0, 1, 1, 2], [[0.9, 0.1, 0.0], [0.2, 0.7, 0.1], [0.6, 0.3, 0.1], [0.1, 0.2, 0.7]]


class Page(HTMLParser):
    """The elements of a page, which must be closed in order."""

    def __init__(self, path: Path):
        super().__init__()
        self.text = path.read_text(encoding='utf-8')
        self.open, self.elements, self.words = [], [], []
        self.feed(self.text)
        assert self.open == []

    def handle_starttag(self, tag, attributes):
        self.elements.append((tag, dict(attributes)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if data.strip():
            self.words.append(data.strip())

    @property
    def parts(self) -> list[str]:
        return [attributes['data-part'] for _, attributes in self.elements if 'data-part' in attributes]


def page_of(work_dir: Path, left_out=()) -> Page:
    path = work_dir / 'report.html'
    assert write_report(work_dir, path) == list(left_out)
    return Page(path)


@pytest.fixture(scope='module')
def trained(tmp_path_factory, ann_file) -> Path:
    """A classifier and a pretraining, trained and tested for a moment on the clips of ``ann_file``."""
    folder = tmp_path_factory.mktemp('trained')
    dump = f'{folder}/linear/dump.pkl'
    changes = {
        'pretrain': {'default_hooks.health.interval': 1, 'default_hooks.health.min_rank': 0.0},
        'linear': {'test_evaluator': [dict(type='AccMetric'), dict(type='DumpResults', out_file_path=dump)]},
    }
    for name, options in changes.items():
        cfg = Config.fromfile(find_config(f'{name}_synthetic'))
        cfg.merge_from_dict(shrunk(cfg, ann_file) | options | dict(work_dir=str(folder / name), log_level='WARNING'))
        runner = build_runner(cfg)
        runner.train()
    accuracy = runner.test()['acc/top1']
    (folder / 'results.json').write_text(json.dumps({'linear': {'pretrained': float(accuracy)}}))
    write_detections(folder / 'detect' / 'detection')
    early = {f'early/acc@{step / 10:g}': step / 20 for step in range(1, 11)} | {'early/auc': 0.3}
    write_start(folder / 'early', '20260101_000000', tested=early)
    write_report(folder, folder / 'report.html')
    return folder


HAVE = {
    'curves': lambda folder: write_start(folder, '20260101_000000', training(2)),
    'diagnostics': lambda folder: write_start(folder, '20260101_000000', [{'health/spread': 0.5, 'step': 1}]),
    'metrics': lambda folder: write_start(folder, '20260101_000000', tested={'acc/top1': 0.12345}),
    'metrics-at': lambda folder: write_start(folder, '20260101_000000', tested={'detection/f1@0.5': 0.4}),
    'early': lambda folder: write_start(folder, '20260101_000000', tested={'early/acc@0.5': 0.2, 'early/acc@1': 0.4}),
    'confusion precision': lambda folder: write_dump(folder / 'predictions.pkl', LABELS, SCORES),
    'detection timelines': lambda folder: write_detections(folder / 'detection'),
    'results': lambda folder: (folder / 'results.json').write_text('{"linear": {"random": 0.5}}'),
}


@pytest.mark.parametrize('parts', HAVE)
def test_a_part_is_shown_exactly_when_its_input_exists(work_dir, parts):
    HAVE[parts](work_dir)
    with_config = {'settings'} if (work_dir / '20260101_000000').exists() else set()
    assert set(page_of(work_dir).parts) == {*parts.split(), *with_config}


def test_a_trained_run_has_its_map_its_confusions_and_its_diagnostics(trained):
    page = Page(trained / 'report.html')
    _, *sections = page.text.split('<section id="')
    parts = {text.split('"')[0]: set(re.findall('data-part="([a-z-]+)"', text)) for text in sections}
    assert parts['pretrain'] == {'settings', 'curves', 'diagnostics', 'embedding'}
    assert parts['linear'] == {'metrics', 'settings', 'embedding', 'reasons', 'confusion', 'precision', 'strips'}
    assert parts['detect'] == {'detection', 'timelines'}
    assert parts['early'] == {'settings', 'early', 'metrics'}


def test_numbers_are_those_of_the_files(work_dir):
    config = (
        "model = dict(type='FrozenRecognizer', backbone=dict(type='DSTE', embed_dims=77))\nrandomness = dict(seed=5)"
    )
    tested = {'acc/top1': 0.12345, 'detection/f1@0.3': 0.4, 'detection/f1@0.5': 0.2, 'time': 0.77}
    write_start(work_dir, '20260101_123400', tested=tested, config=config)
    (work_dir / 'results.json').write_text('{"a": {"x": 0.25, "y": 3}, "b": {"c": {"x": 0.5}}}')
    words = page_of(work_dir).words
    for row in (
        ['acc/top1', '0.1235'],
        ['@0.3', '@0.5', 'f1', '0.4', '0.2'],
        ['encoder', 'DSTE, embed_dims=77'],
        ['seed', '5'],
        ['started', '2026-01-01 12:34'],
        ['x', 'y', 'a', '0.25', '3', 'b, c', '0.5'],
    ):
        assert ' | '.join(row) in ' | '.join(words)
    assert '0.77' not in words


def test_a_number_has_few_digits_but_at_least_one():
    assert [rounded(value) for value in (0.5, 0.0176321, 0.00069, 0.000012, 0.0, 1234.5678)] == [
        '0.5', '0.0176', '0.0007', '1.2e-05', '0', '1235',
    ]  # fmt: skip


def test_the_number_of_starts_is_shown(work_dir):
    for day, again in ((1, ''), (2, ' (2 starts)'), (3, ' (3 starts)')):
        write_start(work_dir, f'2026010{day}_123400')
        assert f'2026-01-01 12:34{again}' in page_of(work_dir).words


def test_names_are_text_and_never_markup(work_dir):
    evil = '<script>alert(1)</script>"&'
    folder = work_dir / 'a & <b>'
    write_start(folder, '20260101_000000', training(2), {evil: 0.5}, config=f'model = dict(type={evil!r})')
    write_dump(folder / 'p & <i>.pkl', LABELS, SCORES)
    write_detections(folder / 'detection')
    page = page_of(work_dir)
    assert {'script', 'b', 'i'} & {tag for tag, _ in page.elements} <= {'i', 'b'}
    assert '<script' not in page.text and '<i>.pkl' not in page.text and 'stand <b>' not in page.text
    assert {evil, 'a & <b>', 'stand <b>&'} <= set(page.words)


def test_the_page_needs_no_other_file(trained):
    page = Page(trained / 'report.html')
    sources = [value for _, attributes in page.elements for key, value in attributes.items() if key in ('src', 'href')]
    assert sources and all(source.startswith(('data:image/', '#')) for source in sources)
    assert not re.search(r'url\(|@import|<script|<link', page.text)
    identities = [attributes['id'] for _, attributes in page.elements if 'id' in attributes]
    assert len(identities) == len(set(identities)) == 4
    assert all(attributes['alt'] for tag, attributes in page.elements if tag == 'img')


def test_the_same_runs_give_the_same_page(work_dir):
    write_start(work_dir, '20260101_000000', training(2))
    write_dump(work_dir / 'predictions.pkl', LABELS, SCORES)
    assert page_of(work_dir).text == page_of(work_dir).text


def test_what_cannot_be_read_is_named_and_the_rest_is_shown(work_dir):
    write_start(work_dir, '20260101_000000', training(2))
    (work_dir / 'broken.pkl').write_bytes(b'not a pickle')
    path = work_dir / 'report.html'
    (reason,) = write_report(work_dir, path)
    assert reason.startswith('work: ') and f'{work_dir}/broken.pkl is not a whole pickle file' in reason
    page = Page(path)
    assert page.parts == ['settings', 'curves'] and any(word.startswith('Left out: ') for word in page.words)


def test_a_folder_without_runs_is_refused_and_nothing_is_written(work_dir):
    with pytest.raises(MissingFileError, match='contains no run'):
        write_report(work_dir, work_dir / 'report.html')
    assert not list(work_dir.iterdir())


LOOK = """<body style="margin:0"><iframe src="{page}" style="border:0;width:{width}px;height:900px"></iframe><pre></pre>
<script>onload = () => {{
  const page = document.querySelector('iframe').contentDocument;
  document.querySelector('pre').textContent = JSON.stringify({{
    width: page.documentElement.scrollWidth,
    parts: [...page.querySelectorAll('[data-part]')].filter(part => part.offsetHeight > 20).map(p => p.dataset.part),
    broken: [...page.images].filter(image => !image.naturalWidth || !image.offsetWidth).length,
    images: page.images.length,
    columns: getComputedStyle(page.querySelector('.sides')).gridTemplateColumns.split(' ').length,
  }});
}};</script>"""


@pytest.mark.parametrize(('width', 'columns'), [(390, 1), (1280, 2)])
def test_a_browser_shows_it_all_within_its_width(trained, tmp_path, width, columns):
    browser = next(filter(None, map(shutil.which, BROWSERS)), None)
    if browser is None:
        pytest.skip('no Chromium on this machine')
    page = trained / 'report.html'
    (tmp_path / 'look.html').write_text(LOOK.format(page=page.as_uri(), width=width))
    switches = ['--headless', '--no-sandbox', '--disable-gpu', '--allow-file-access-from-files', '--dump-dom',
                '--virtual-time-budget=10000', '--enable-logging=stderr', f'--user-data-dir={tmp_path / "profile"}',
                '--hide-scrollbars', '--window-size=1400,1000']  # fmt: skip
    command = [browser, *switches, (tmp_path / 'look.html').as_uri()]
    seen = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert 'CONSOLE' not in seen.stderr
    look = json.loads(re.search('<pre>({.*})</pre>', seen.stdout)[1])
    assert look['width'] == width and look['columns'] == columns
    assert look['images'] > 10 and look['broken'] == 0
    assert look['parts'] == Page(page).parts
