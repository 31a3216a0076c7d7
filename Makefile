# Two commands on a fresh machine: `make demo` and `make test`. Needs Python 3.11 or newer, and make.

PYTHON ?= python3
VENV := .venv
LOWEST := .venv-lowest
NEWEST := .venv-newest
BIN := $(VENV)/bin
# Three on two cores: some of the tests wait for clocks and other processes.
PYTEST := -m pytest -n 3 --dist worksteal
PIP_INSTALL := -m pip install --quiet --disable-pip-version-check

.PHONY: demo test slow warm lint types check faults lowest newest bench cost mutants picture example rooms clean

demo: $(VENV)/installed  ## install, and train `optim` on `sin` before your eyes
	$(BIN)/evo train --impl optim --task sin

test: $(VENV)/installed-test  ## install what tests need, and run them all
	$(BIN)/python $(PYTEST)

slow: $(VENV)/installed-test  ## what takes long, which `make test` leaves out
	$(BIN)/python $(PYTEST) -m slow

warm: $(VENV)/installed-test  ## the tests of the command line, its processes forked from a warm one
	EVO_TESTS=warm $(BIN)/python $(PYTEST) -m 'slow or not slow' tests/cli tests/warm

lint: $(VENV)/installed-test
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports --no-cache --no-logo

types: $(VENV)/installed-test
	$(BIN)/mypy

check: lint types test  ## all that must hold before a commit

faults: $(VENV)/installed-test  ## hurt the real program in every way, thousands of times; within twenty minutes
	$(BIN)/python -m tests.faults

lowest: $(LOWEST)/installed-test  ## the tests with the lowest versions that pyproject.toml allows
	$(LOWEST)/bin/python $(PYTEST)

newest: $(NEWEST)/installed-test  ## the tests of the command line with the newest typer, which constraints.txt holds back
	$(NEWEST)/bin/python -m pytest -n 2 tests/cli tests/project/test_imports.py tests/project/test_docs.py

bench: $(VENV)/installed-test  ## measure everything anew; ten minutes on an otherwise idle machine
	$(BIN)/python benchmarks/all.py
	$(BIN)/python benchmarks/readme.py

cost: $(VENV)/installed-test  ## measure what a step of each level costs, for README; two minutes on an idle machine
	$(BIN)/python benchmarks/cost.py
	$(BIN)/python benchmarks/readme.py

mutants: $(VENV)/installed-test  ## change the package in hundreds of places, one at a time: do the tests notice? 10 minutes
	$(BIN)/python benchmarks/mutants.py --output docs/MUTANTS.md

picture: $(VENV)/installed-test  ## draw README's picture from real runs
	$(BIN)/python docs/picture.py

example: $(VENV)/installed-test  ## train and verify every level, and make docs/example-report.html of that
	$(BIN)/python docs/example_report.py

rooms: $(VENV)/installed-test  ## draw the picture of docs/architecture.md from the imports that are there
	$(BIN)/python docs/rooms.py

clean:
	rm -rf $(VENV) $(LOWEST) $(NEWEST)

%/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "evo needs Python 3.11 or newer; name one with: make PYTHON=python3.12 ..."; exit 1; }
	$(PYTHON) -m venv $*

# The stamps are newer than what was installed from: a second call installs nothing.
$(VENV)/installed: pyproject.toml constraints.txt | $(VENV)/bin/python
	$(BIN)/python $(PIP_INSTALL) --constraint constraints.txt --editable .
	@$(BIN)/python -m compileall -q autograd_cli  # as pip does for all but editable installs
	@touch $@

$(VENV)/installed-test: $(VENV)/installed
	$(BIN)/python $(PIP_INSTALL) --constraint constraints.txt --editable '.[test,lint,notebook]'
	@touch $@

# typer 0.28 starts 5 ms faster, so it is the one that is pinned; whoever installs evo gets the newest.
$(NEWEST)/installed-test: pyproject.toml constraints.txt | $(NEWEST)/bin/python
	grep -v '^typer==' constraints.txt > $(NEWEST)/constraints.txt
	$(NEWEST)/bin/python $(PIP_INSTALL) --constraint $(NEWEST)/constraints.txt --editable '.[test]'
	@touch $@

$(LOWEST)/installed-test: pyproject.toml .ci/lowest.py | $(LOWEST)/bin/python
	$(LOWEST)/bin/python .ci/lowest.py > $(LOWEST)/constraints.txt
	$(LOWEST)/bin/python $(PIP_INSTALL) --constraint $(LOWEST)/constraints.txt --editable '.[test]'
	@touch $@
