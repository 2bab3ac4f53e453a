# The two commands: `make run` and `make test`. All of them bring what they need.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
SIZE ?= full

BENCHMARKS := bench-fresh bench-storage bench-seal bench-trends bench-export bench-movers \
	bench-lists bench-imports bench-poll bench-scale bench-fleet

.PHONY: run test bench test-quick drills docker nightly fuzz postman newman lint types lock licences audit clean \
	$(BENCHMARKS)

run: $(VENV)/.runtime
	@exec $(BIN)/python -m demo

# Tests that wait for processes or for the clock have hardly anything beside them. Coverage, which
# CI asks for by COVERAGE=--cov, doubles the time of the others, and would of these.
test: lint types $(VENV)/.browser
	$(BIN)/python -m pytest -n auto -m "not waits" --ignore=tests/fuzz $(COVERAGE)
	$(BIN)/python -m pytest -n 3 --dist worksteal -m waits
	$(BIN)/python -m pytest -n 4 -o faulthandler_timeout=600 tests/fuzz

# What README tells of reads, searches and load; SIZE=quick takes a minute or two. Needs wrk.
bench: $(VENV)/.bench
	$(BIN)/python -m benchmarks.web --size $(SIZE)

# What a change of interpreter could break: make test-quick VENV=.venv-3.12 PYTHON=python3.12
test-quick: $(VENV)/.development
	$(BIN)/python -m pytest -n auto -m "not waits" --ignore=tests/fuzz --ignore=tests/browser

lint: $(VENV)/.development
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(VENV)/.development
	$(BIN)/mypy

# All drills of docs/drills.md at full size; `make test` has them at a quick one.
drills: $(VENV)/.development
	DRILLS=full $(BIN)/python -m pytest -n 3 --dist worksteal -o faulthandler_timeout=600 \
		tests/e2e/drills

# What takes too long for every commit: many more histories, and the drills.
nightly: drills
	HYPOTHESIS_PROFILE=nightly $(BIN)/python -m pytest tests/trend

# 50,000 requests and more.
fuzz: $(VENV)/.development
	FUZZ_SEEDS=8 $(BIN)/python -m pytest -n auto -o faulthandler_timeout=600 tests/fuzz

# Builds the image and runs docker-compose.yml, on the container engine of this machine.
docker: $(VENV)/.development
	$(BIN)/python -m pytest -o faulthandler_timeout=600 tests/docker

# The Postman collection is made out of the OpenAPI document.
postman: $(VENV)/.development
	$(BIN)/python -m tools.postman

# Needs npm.
newman: $(VENV)/.runtime
	.ci/newman

$(BENCHMARKS): bench-%: $(VENV)/.development
	PYTHONPATH=. $(BIN)/python benchmarks/$*.py

lock: $(VENV)/.development
	$(BIN)/pip install -q uv
	$(BIN)/uv pip compile -q --universal --python-version 3.11 --generate-hashes \
		--custom-compile-command "make lock" requirements.in -o requirements.txt
	$(BIN)/uv pip compile -q --universal --python-version 3.11 --generate-hashes \
		--custom-compile-command "make lock" requirements-dev.in -o requirements-dev.txt
	cd benchmarks && $(abspath $(BIN))/uv pip compile -q --universal --python-version 3.11 \
		--generate-hashes --custom-compile-command "make lock" requirements.in -o requirements.txt

# docs/licences.md is made out of the lock.
licences: $(VENV)/.development
	$(BIN)/python -m tools.licences

# Known vulnerabilities of what is locked: asks pypi.org, and fails where that does not answer.
audit: .venv-audit/bin/pip-audit
	$< --strict --require-hashes --disable-pip -r requirements.txt
	$< --strict --require-hashes --disable-pip -r requirements-dev.txt

.venv-audit/bin/pip-audit: | $(VENV)/bin/python
	$(BIN)/python -m venv .venv-audit
	.venv-audit/bin/pip install -q --disable-pip-version-check pip-audit==2.10.1

# For the tests in a browser: the one that is installed, or else one of its own.
$(VENV)/.browser: $(VENV)/.development
	@for name in chromium chromium-browser google-chrome; do \
		command -v $$name >/dev/null && exit; \
	done; $(BIN)/python -m playwright install chromium || \
		echo "There is no browser: the tests in one are skipped."
	@touch $@

# What only `make bench` needs: the servers that it compares with.
$(VENV)/.bench: benchmarks/requirements.txt $(VENV)/.development
	$(BIN)/pip install -q --disable-pip-version-check --require-hashes -r $<
	@touch $@

clean:
	rm -rf .venv .venv-* .mypy_cache .ruff_cache .pytest_cache .hypothesis .coverage*

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed: make PYTHON=python3.12 ...")'
	$(PYTHON) -m venv $(VENV)

$(VENV)/.runtime: requirements.txt | $(VENV)/bin/python
	$(BIN)/pip install -q --disable-pip-version-check --require-hashes -r $<
	@touch $@

$(VENV)/.development: requirements-dev.txt | $(VENV)/bin/python
	$(BIN)/pip install -q --disable-pip-version-check --require-hashes -r $<
	@touch $@ $(VENV)/.runtime
