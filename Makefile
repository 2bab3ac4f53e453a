# The two commands: `make run` and `make test`. All of them bring what they need.
PYTHON ?= python3
BIN := .venv/bin

BENCHMARKS := bench-fresh bench-storage bench-seal bench-trends bench-export bench-movers \
	bench-lists bench-imports

.PHONY: run test nightly fuzz postman newman lint types lock clean $(BENCHMARKS)

run: .venv/.runtime
	@exec $(BIN)/python -m demo

# Tests that wait for processes or for the clock have hardly anything beside them. Those in
# tests/fuzz look from outside, where no coverage is measured.
test: lint types .venv/.browser
	$(BIN)/python -m pytest -n auto -m "not waits" --ignore=tests/fuzz --cov --cov-report= --cov-fail-under=0
	$(BIN)/python -m pytest -n 3 -m waits --cov --cov-append --cov-report=term
	$(BIN)/python -m pytest -n 4 -o faulthandler_timeout=600 tests/fuzz

lint: .venv/.development
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: .venv/.development
	$(BIN)/mypy

# What takes too long for every commit: many more histories, and many more kills.
nightly: .venv/.development
	HYPOTHESIS_PROFILE=nightly $(BIN)/python -m pytest tests/trend
	KILLS=50 $(BIN)/python -m pytest tests/e2e/test_history_survives_kills.py

# 50,000 requests and more.
fuzz: .venv/.development
	FUZZ_SEEDS=8 $(BIN)/python -m pytest -n auto -o faulthandler_timeout=600 tests/fuzz

# The Postman collection is made out of the OpenAPI document.
postman: .venv/.development
	$(BIN)/python -m tools.postman

# Needs npm.
newman: .venv/.runtime
	.ci/newman

$(BENCHMARKS): bench-%: .venv/.development
	PYTHONPATH=. $(BIN)/python benchmarks/$*.py

lock: .venv/.development
	$(BIN)/pip install -q uv
	$(BIN)/uv pip compile -q --universal --python-version 3.11 --generate-hashes \
		--custom-compile-command "make lock" requirements.in -o requirements.txt
	$(BIN)/uv pip compile -q --universal --python-version 3.11 --generate-hashes \
		--custom-compile-command "make lock" requirements-dev.in -o requirements-dev.txt

# For the tests in a browser: the one that is installed, or else one of its own.
.venv/.browser: .venv/.development
	@for name in chromium chromium-browser google-chrome; do \
		command -v $$name >/dev/null && exit; \
	done; $(BIN)/python -m playwright install chromium
	@touch $@

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
