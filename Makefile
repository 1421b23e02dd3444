# Two commands for a fresh machine: `make demo` and `make test`. Each sets up what it needs, once.

SHELL := /bin/sh
VENV  ?= .venv
BIN   := $(VENV)/bin
export VENV
export PYTHON

.PHONY: help demo test lint unit bench bench-diff screenshots readme lock clean

help:
	@echo 'make demo         record a small ML project and explore it'
	@echo 'make test         all checks: ruff, mypy, import contracts, pytest'
	@echo 'make lint         the checks without the tests'
	@echo 'make bench        measure what recording and asking cost (ONLY=name RUNS=n)'
	@echo 'make bench-diff   how often diff names the true cause, on real pairs of runs (ONLY=word ROAR=1)'
	@echo 'make screenshots  draw screenshots/*.svg from the real explorer on the demo'
	@echo 'make readme       write the table of keys into README.md'
	@echo 'make lock         pin the dependencies anew'

demo: $(VENV)/.ready strace
	@$(BIN)/python -m roar_tui demo $(DEMO)

test: lint unit

lint: $(VENV)/.ready-dev
	$(BIN)/ruff check .
	$(BIN)/mypy roar_tui tracer
	$(BIN)/mypy --no-namespace-packages roar_tui/demo/project/*.py
	$(BIN)/lint-imports --no-logo

unit: $(VENV)/.ready-dev strace tmux
	$(BIN)/python -m pytest -n 2 -q $(TESTS)

bench: $(VENV)/.ready-dev strace
	@$(BIN)/python -m tests.benchmarks --runs $(or $(RUNS),5) --only '$(ONLY)' $(BENCH)

bench-diff: $(VENV)/.ready-dev strace
	@$(BIN)/python -m tests.benchmarks.what_changed $(if $(ONLY),'$(ONLY)') $(if $(ROAR),--roar)

screenshots: $(VENV)/.ready-dev strace
	$(BIN)/python screenshots/draw.py

readme: $(VENV)/.ready-dev
	$(BIN)/python tools/readme_keys.py

# pip-compile's work by uv, which can write one file for all Python versions
lock: $(VENV)/.ready-dev
	$(BIN)/python -m pip install --quiet uv
	$(BIN)/uv pip compile --quiet --universal --python-version 3.10 --generate-hashes --no-emit-index-url --no-header \
		--group build pyproject.toml -o requirements.lock
	$(BIN)/uv pip compile --quiet --universal --python-version 3.10 --generate-hashes --no-emit-index-url --no-header \
		--group build --group dev pyproject.toml -o requirements-dev.lock

clean:
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis

$(VENV)/.ready: requirements.lock tools/setup.sh
	@tools/setup.sh venv requirements.lock
	@touch $@

$(VENV)/.ready-dev: requirements-dev.lock tools/setup.sh
	@tools/setup.sh venv requirements-dev.lock
	@touch $@

.PHONY: strace tmux
strace tmux:
	@tools/setup.sh system $@
