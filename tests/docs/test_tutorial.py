"""The notebook runs from top to bottom, and what it keeps of its last run is what it gives, but for the numbers."""

import contextlib
import io
import json
import re

import matplotlib
import matplotlib.pyplot as plt
from conftest import ROOT

NOTEBOOK = json.loads((ROOT / 'docs/tutorial.ipynb').read_text())
CELLS = [cell for cell in NOTEBOOK['cells'] if cell['cell_type'] == 'code']


def words(text: str) -> str:
    return re.sub(r'\d+', '#', text)


def printed(cell: dict) -> str:
    return ''.join(''.join(output['text']) for output in cell['outputs'] if output['output_type'] == 'stream')


def has_picture(cell: dict) -> bool:
    return any('image/png' in output.get('data', {}) for output in cell['outputs'])


def test_the_tutorial_runs_and_prints_what_it_shows():
    matplotlib.use('Agg')
    names = {}
    for cell in CELLS:
        said = io.StringIO()
        with contextlib.redirect_stdout(said):
            exec(compile(''.join(cell['source']), 'tutorial.ipynb', 'exec'), names)
        assert words(said.getvalue()) == words(printed(cell))
        assert bool(plt.get_fignums()) == has_picture(cell)
        plt.close('all')
