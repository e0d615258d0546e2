"""The examples of the API reference give what they say, and every name in it has one."""

import doctest
import re
from importlib import import_module

import pytest
from conftest import ROOT

import usdrl_mmaction

PAGES = sorted((ROOT / 'docs/api').glob('*.md'))
NAMES = [name for page in PAGES for name in re.findall(r'^::: (\S+)', page.read_text(), re.MULTILINE)]
FLAGS = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE


def test_public_names_are_in_the_reference():
    assert set(usdrl_mmaction.PUBLIC) <= {name.rsplit('.', 1)[1] for name in NAMES}


@pytest.mark.parametrize('name', NAMES)
def test_examples_give_what_they_say(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    module, _, attribute = name.rpartition('.')
    described = getattr(import_module(module), attribute)
    (test,) = doctest.DocTestFinder(recurse=False).find(described, name, globs={})
    assert test.examples, f'{name} has no example'
    runner = doctest.DocTestRunner(optionflags=FLAGS)
    said = []
    runner.run(test, out=said.append)
    assert not runner.summarize(verbose=False).failed, ''.join(said)
