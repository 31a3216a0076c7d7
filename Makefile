# Two commands on a fresh machine: `make demo` and `make test`. Needs Python 3.11 or newer, and make.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP_INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt

.PHONY: demo test lint types check faults bench picture clean

demo: $(VENV)/installed  ## install, and train `optim` on `sin` before your eyes
	$(BIN)/evo train --impl optim --task sin

test: $(VENV)/installed-test  ## install what tests need, and run them all
	$(BIN)/python -m pytest

lint: $(VENV)/installed-test
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(VENV)/installed-test
	$(BIN)/mypy

check: lint types test  ## all that must hold before a commit

faults: $(VENV)/installed-test  ## hurt the real program in every way, thousands of times; within twenty minutes
	$(BIN)/python -m tests.faults

bench: $(VENV)/installed-test  ## measure everything anew; ten minutes on an otherwise idle machine
	$(BIN)/python benchmarks/all.py

picture: $(VENV)/installed  ## draw the README's picture from a real run
	$(BIN)/python docs/picture.py

clean:
	rm -rf $(VENV)

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "evo needs Python 3.11 or newer; name one with: make PYTHON=python3.12 ..."; exit 1; }
	$(PYTHON) -m venv $(VENV)

# The stamps are newer than what was installed from: a second call installs nothing.
$(VENV)/installed: pyproject.toml constraints.txt | $(VENV)/bin/python
	$(PIP_INSTALL) --editable '.[graph]'
	@$(BIN)/python -m compileall -q autograd_cli  # as pip does for all but editable installs
	@touch $@

$(VENV)/installed-test: $(VENV)/installed
	$(PIP_INSTALL) --editable '.[test]'
	@touch $@
