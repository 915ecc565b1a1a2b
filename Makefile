# The first target of each user: `make demo` and `make test` do all the set-up themselves.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
export OMP_NUM_THREADS := 1
PYTEST := $(BIN)/python -m pytest -p no:cacheprovider -n 2 --dist loadfile

.PHONY: demo test test-slow lint bench clean

demo: $(VENV)/.installed
	$(BIN)/leadscore demo

test: $(VENV)/.installed-dev
	$(PYTEST) -q

test-slow: $(VENV)/.installed-dev
	$(PYTEST) -q -m slow

lint: $(VENV)/.installed-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

bench: $(VENV)/.installed-dev
	$(BIN)/python -m benchmarks.accuracy --json

$(VENV)/bin/python:
	@$(PYTHON) .ci/check_machine.py
	$(PYTHON) -m venv $(VENV)

$(VENV)/.installed: pyproject.toml constraints.txt | $(VENV)/bin/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e .
	@touch $@

$(VENV)/.installed-dev: pyproject.toml constraints.txt | $(VENV)/bin/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev]'
	@touch $@ $(VENV)/.installed

clean:
	rm -rf $(VENV) dist build
