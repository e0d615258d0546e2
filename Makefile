# make demo   install into .venv, pretrain on synthetic people, compare with a random encoder
# make test   install into .venv what the tests need, run them
# make bench  the measurements of docs/performance.md
# make lint   ruff
# make torture  kills, damage and hostile files by the hundred
PYTHON ?= python3
VENV := .venv
RUN := $(VENV)/bin/python

.PHONY: demo test bench lint torture

demo: $(VENV)/installed
	$(RUN) tools/demo.py

test: $(VENV)/installed
	OMP_NUM_THREADS=1 $(RUN) -m pytest -n 2 --dist loadfile

bench: $(VENV)/installed
	$(RUN) tools/benchmark.py

torture: $(VENV)/installed
	$(RUN) -m pip install --disable-pip-version-check -q -c requirements/tested.txt -e '.[torture]'
	$(RUN) tools/torture.py

lint: $(VENV)/installed
	$(RUN) -m ruff check .
	$(RUN) -m ruff format --check .

# Installed anew only when the dependencies change.
$(VENV)/installed: setup.cfg requirements/tested.txt
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 10) and "Python 3.10 or later is needed: make PYTHON=python3.11 ...")'
	test -x $(RUN) || $(PYTHON) -m venv $(VENV)
	$(RUN) -m pip install --disable-pip-version-check -c requirements/tested.txt -e '.[lite,export,test]'
	touch $@
