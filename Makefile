# Two commands do everything: `make full` runs the main job, `make test` passes the tests.
# Parameters go through ARGS: make full ARGS="-P profile=paper -P seeds=5"
SHELL := /bin/bash
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
ARGS ?=
PORT ?= 5000
TORCH ?=
STAGES := $(filter-out main,$(shell sed -n 's/^  \([a-z_]*\):$$/\1/p' MLproject))

export PATH := $(CURDIR)/$(BIN):$(PATH)
export MLFLOW_DISABLE_TELEMETRY ?= true
export NO_MKDOCS_2_WARNING ?= 1

# `make full seeds=5` would run all 25 seeds: make hands nothing on but ARGS.
MISTAKEN := $(filter-out ARGS BIN PORT PYTHON TORCH VENV SHELL MAKEFLAGS MLFLOW_DISABLE_TELEMETRY,$(foreach \
	name,$(.VARIABLES),$(if $(filter command,$(firstword $(origin $(name)))),$(name))))
ifneq ($(strip $(MISTAKEN)),)
$(error unknown: $(strip $(MISTAKEN)). Parameters go into ARGS, e.g. ARGS="-P $(firstword $(MISTAKEN))=$($(firstword $(MISTAKEN)))")
endif

.DEFAULT_GOAL := help
.PHONY: help setup $(STAGES) plan store ui test test-fast test-long test-matrix check docs format lint typecheck audit bench chaos clean

help: ## list the targets
	@grep -hE '^[a-z $$()A-Z-]+:.*## ' $(MAKEFILE_LIST) | sed 's/$$(STAGES)/$(STAGES)/' | awk -F':.*## ' '{printf "  %-12s %s\n", $$1, $$2}'

$(BIN)/.ready: pyproject.toml constraints.txt hashes.txt
	$(PYTHON) -c 'import sys; sys.exit(0 if sys.version_info >= (3, 11) else "Python 3.11 or newer is needed, e.g. make PYTHON=python3.12 full")'
	@echo "Installing the pinned versions into $(VENV): a minute with uv, some with pip"
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python tools/install.py $(TORCH)
	@$(BIN)/python -m compileall -q hybridrep entrypoints
	-@$(BIN)/python -m hybridrep.tracking.sqlite  # else the first run makes the database
	@touch $@

setup: $(BIN)/.ready ## make .venv, install the pinned versions (TORCH=cpu, cuda or any) and make MLflow's database

# Not through `mlflow run`, which does the same: its start alone imports for seven seconds.
$(STAGES): setup ## run an entry point, parameters in ARGS
	$(BIN)/hybridrep $@ $(ARGS)

plan: setup ## print what `make full` would run, with the same ARGS
	@$(BIN)/python -m entrypoints.full --plan true $(ARGS)

store: setup ## show the store of finished results (ARGS="prune ..." removes some)
	@$(BIN)/python -m entrypoints.store $(ARGS)

ui: setup ## open the MLflow UI on this machine's own address; prints where studies are in it
	@$(BIN)/python -m hybridrep.tracking.pages http://127.0.0.1:$(PORT)
	$(BIN)/mlflow ui --host 127.0.0.1 --port $(PORT) --workers 1

# Processes with a thread for each core get into each other's way; and where Python is told to keep
# no bytecode, each of the many processes that the tests start compiles all modules anew. Three on
# two cores, for many tests wait: for a server, a browser, a process that starts.
test: export OMP_NUM_THREADS = 1
test: export PYTHONDONTWRITEBYTECODE =
test: setup ## the tests as CI runs them, on three processes; the longest are in test-long
	$(BIN)/python -m pytest -n 3 --dist loadfile --no-loadscope-reorder $(ARGS)

test-fast: setup ## the tests that take moments
	$(BIN)/python -m pytest -m "not slow" $(ARGS)

test-long: setup ## the longest tests, which `make test` leaves out
	$(BIN)/python -m pytest -m long $(ARGS)

test-matrix: setup ## the fast tests with the oldest and the newest versions allowed
	$(BIN)/python -m tools.matrix $(ARGS)

check: setup lint typecheck ## format, lint and types, as CI checks them

lint: setup
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .

typecheck: setup
	$(BIN)/mypy

docs: setup ## the documentation and the libraries' API as one site, in site/
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --quiet --strict

audit: setup ## known vulnerabilities and licences of what is installed
	$(BIN)/python -m tools.audit

format: setup ## rewrite the code in the project's format
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

bench: setup ## plain against fast into benchmarks/latest.json; ARGS=scale: time and memory against sizes
	$(BIN)/python -m benchmarks $(ARGS)

chaos: setup ## break a small study at random moments and compare, into chaos/latest.json
	$(BIN)/python -m chaos $(ARGS)

clean: ## remove the environment and caches (never runs or results)
	rm -rf $(VENV) .matrix .mypy_cache .ruff_cache .pytest_cache .hypothesis *.egg-info
