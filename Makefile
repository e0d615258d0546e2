# make demo   install into .venv, pretrain on synthetic data, compare with a random encoder
# make test   install into .venv what the tests need, run them
# make test-full  compile mmcv for the CPU, with mmdet and mmpose, into .venv-full, run the tests that need them
# make test-video  install MediaPipe and rtmlib into .venv-video, run the tests that read videos with them
# make bench  the measurements of docs/performance.md
# make lint   ruff
# make docs   the site of the guides and the API reference, into site/, with warnings as errors
# make release  build sdist and wheel, check them, try them in an empty environment
# make pythons  the tests in every Python from 3.10 to 3.13 that is installed
# make torture  kills, and N=5000 damaged, generated and hostile files
PYTHON ?= python3
VENV := .venv
RUN := $(VENV)/bin/python
FULL := .venv-full
DOCS := .venv-docs
N ?= 5000
FULL_PIP := $(FULL)/bin/python -m pip install --disable-pip-version-check -c requirements/tested.txt -c requirements/full.txt
VIDEO := .venv-video
VIDEO_PIP := $(VIDEO)/bin/python -m pip install --disable-pip-version-check

.PHONY: demo test test-full test-video bench lint torture pythons docs release

demo: $(VENV)/installed
	$(RUN) -m usdrl_mmaction_cli demo

test: $(VENV)/installed
	OMP_NUM_THREADS=1 $(RUN) -m pytest -n 2 --dist worksteal

test-full: $(FULL)/installed
	OMP_NUM_THREADS=1 $(FULL)/bin/python -m pytest tests/full

test-video: $(VIDEO)/installed
	OMP_NUM_THREADS=1 $(VIDEO)/bin/python -m pytest tests/video

bench: $(VENV)/installed
	$(RUN) tools/dev/benchmark.py

torture: $(VENV)/installed
	$(RUN) -m pip install --disable-pip-version-check -q -c requirements/tested.txt -e '.[torture]'
	$(RUN) tools/dev/torture.py --cases $(N)

pythons:
	$(PYTHON) tools/dev/pythons.py

lint: $(VENV)/installed
	$(RUN) -m ruff check .
	$(RUN) -m ruff format --check .

docs: $(DOCS)/installed
	NO_MKDOCS_2_WARNING=1 $(DOCS)/bin/mkdocs build --strict

release:
	$(PYTHON) tools/dev/release.py

# The site is made from the text of the code: the package and torch need not be installed for it.
$(DOCS)/installed: requirements/docs.txt
	test -x $(DOCS)/bin/python || $(PYTHON) -m venv $(DOCS)
	$(DOCS)/bin/python -m pip install --disable-pip-version-check -q -r requirements/docs.txt
	touch $@

# mmcv has no wheel for today's torch, the one of xtcocotools wants numpy 1: both are built against what is installed.
# They are not left in pip's cache, where others would find them: a build for the CPU, little optimized.
$(FULL)/installed: setup.cfg requirements/tested.txt requirements/full.txt
	test -x $(FULL)/bin/python || $(PYTHON) -m venv $(FULL)
	$(FULL_PIP) torch numpy setuptools wheel ninja psutil cython
	CUDA_VISIBLE_DEVICES= MMCV_WITH_OPS=1 FORCE_CUDA=0 MAX_JOBS=2 CFLAGS='-O1 -g0' PATH="$(CURDIR)/$(FULL)/bin:$$PATH" \
		$(FULL_PIP) --no-cache-dir --no-build-isolation --no-binary mmcv,xtcocotools mmcv xtcocotools
	$(FULL_PIP) --no-build-isolation -e '.[full,test]'
	touch $@

$(VIDEO)/installed: setup.cfg requirements/tested.txt requirements/video.txt
	test -x $(VIDEO)/bin/python || $(PYTHON) -m venv $(VIDEO)
	$(VIDEO_PIP) -c requirements/tested.txt -e '.[lite,test]'
	$(VIDEO_PIP) --no-deps -r requirements/video.txt
	touch $@

# Installed anew only when the dependencies change.
$(VENV)/installed: setup.cfg requirements/tested.txt
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 10) and "Python 3.10 or later is needed: make PYTHON=python3.11 ...")'
	test -x $(RUN) || $(PYTHON) -m venv $(VENV)
	$(RUN) -m pip install --disable-pip-version-check -c requirements/tested.txt -e '.[lite,baselines,export,formats,hub,test]'
	touch $@
