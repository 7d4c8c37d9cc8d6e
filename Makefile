# Needs GNU make and Python 3.11 or newer; every target prepares what it uses in .venv.

BIN := .venv/bin
STAMP := .venv/.stamp
# The first of these that is new enough.
PYTHON = $(shell for python in python3.11 python3; do \
	$$python -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$python && break; done)
PIP := $(BIN)/python -m pip -qq --disable-pip-version-check
# Where tests write: memory, if 4 GB are free there. A disk would have each of many thousand commits wait for it.
SCRATCH = $(shell df -Pk /dev/shm 2>/dev/null | awk 'NR == 2 && $$4 > 4000000 { print $$6 }')

# Hundreds of processes load the same modules: let the first one keep them compiled.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help setup demo verify test nightly check format bench lock clean

help: ## list the targets
	@sed -n 's/^\([a-z]*\):[^#]*## \(.*\)/make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 14

setup: $(STAMP) ## create .venv with all that the other targets use
	@:

$(STAMP): pyproject.toml $(wildcard requirements/*.txt)
	@test -n "$(PYTHON)" || { echo "Python 3.11 or newer is needed; neither python3.11 nor python3 is." >&2; exit 1; }
	@echo "Setting up .venv ..."
	@$(PYTHON) -m venv .venv
	@$(PIP) install --no-compile -r requirements/dev.txt # whatever is imported is compiled then, and most never is
	@$(PIP) install --no-deps --no-build-isolation -e .
	@touch $@

demo: $(STAMP) ## build this repository's own project: lint, plan, run, status
	@$(BIN)/aggregator lint
	@$(BIN)/aggregator plan
	@$(BIN)/aggregator run
	@$(BIN)/aggregator status

verify: $(STAMP) ## compute every model of the demo on both engines, from a sample of rows
	@$(BIN)/aggregator run --quiet
	@$(BIN)/aggregator verify

test: export PYTEST_DEBUG_TEMPROOT = $(SCRATCH)
test: $(STAMP) ## run the tests
	@$(BIN)/pytest -n 2 --dist loadfile tests --ignore tests/airflow # what the tests of a file share is made once
	@$(BIN)/pytest -n 3 --dist worksteal tests/airflow # of their own: Airflow reads its settings once in a process; they mostly wait

nightly: $(STAMP) ## compare DuckDB with Google's reference engine on many random rows
	@$(BIN)/python -m tests.side_by_side --seeds 4

check: $(STAMP) ## style, types and import contracts
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-logo

format: $(STAMP) ## put the code in order
	@$(BIN)/ruff check --fix-only .
	@$(BIN)/ruff format .

bench: $(STAMP) ## run the benchmarks
	@$(BIN)/python -m benchmarks

lock: ## pin anew, in requirements/, the newest versions that pyproject.toml admits
	@set -e; scratch=$$(mktemp -d); trap 'rm -rf "$$scratch"' EXIT; \
	pins() { \
		echo "# Pinned by 'make lock' from pyproject.toml: $$1."; shift; \
		"$$scratch/bin/pip" --disable-pip-version-check list --format=freeze --exclude aggregator --exclude pip "$$@"; \
	}; \
	$(PYTHON) -m venv "$$scratch"; \
	pip="$$scratch/bin/pip -qq --disable-pip-version-check"; \
	$$pip install -e .; \
	pins "what the product needs" --exclude setuptools > requirements/core.txt; \
	$$pip install -U -c requirements/core.txt -e '.[demo,dev]'; \
	pins "core.txt and what the demo and development need" | grep -vxFf requirements/core.txt > "$$scratch/dev.txt"; \
	{ sed -n 1p "$$scratch/dev.txt"; echo "-r core.txt"; sed 1d "$$scratch/dev.txt"; } > requirements/dev.txt

clean: ## remove everything that the targets above made
	@rm -rf .venv .aggregator .hypothesis .import_linter_cache .mypy_cache .pytest_cache .ruff_cache build dist *.egg-info
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +
