# The two commands: `make run` and `make test`. All of them bring what they need.
PYTHON ?= python3
BIN := .venv/bin

BENCHMARKS := bench-fresh bench-storage bench-seal bench-trends bench-export bench-movers

.PHONY: run test nightly lint types lock clean $(BENCHMARKS)

run: .venv/.runtime
	@exec $(BIN)/python -m demo

# These tests have no clock to mind, so they run side by side; the others do, one by one.
SIDE_BY_SIDE := tests/trend tests/unit/history

test: lint types
	$(BIN)/python -m pytest -n auto --cov --cov-report= --cov-fail-under=0 $(SIDE_BY_SIDE)
	$(BIN)/python -m pytest --cov --cov-append --cov-report=term $(SIDE_BY_SIDE:%=--ignore=%)

lint: .venv/.development
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: .venv/.development
	$(BIN)/mypy

# What takes too long for every commit: many more histories, and many more kills.
nightly: .venv/.development
	HYPOTHESIS_PROFILE=nightly $(BIN)/python -m pytest tests/trend
	KILLS=50 $(BIN)/python -m pytest tests/e2e/test_history_survives_kills.py

$(BENCHMARKS): bench-%: .venv/.development
	PYTHONPATH=. $(BIN)/python benchmarks/$*.py

lock: .venv/.development
	$(BIN)/pip install -q uv
	$(BIN)/uv pip compile -q --universal --python-version 3.11 --generate-hashes \
		--custom-compile-command "make lock" requirements.in -o requirements.txt
	$(BIN)/uv pip compile -q --universal --python-version 3.11 --generate-hashes \
		--custom-compile-command "make lock" requirements-dev.in -o requirements-dev.txt

clean:
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis .coverage*

.venv/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed: make PYTHON=python3.12 ...")'
	$(PYTHON) -m venv .venv

.venv/.runtime: requirements.txt | .venv/bin/python
	$(BIN)/pip install -q --disable-pip-version-check --require-hashes -r $<
	@touch $@

.venv/.development: requirements-dev.txt | .venv/bin/python
	$(BIN)/pip install -q --disable-pip-version-check --require-hashes -r $<
	@touch $@ .venv/.runtime
