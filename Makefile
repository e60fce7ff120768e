# `make help` lists the targets. Everything is installed into .venv, from setup.cfg.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
.DEFAULT_GOAL := help
.PHONY: help template lint quick test examples demo screens check dist faults robust at-scale deploy docs clean

help: ## Show this help
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-16s %s\n", $$1, $$2 }' Makefile

template: $(VENV)/run ## Write the generated files: templates/ (JSON, YAML), schema, docs
	$(BIN)/python tools/generate.py
	@ls templates

lint: $(VENV)/run ## Check both templates with cfn-lint
	$(BIN)/readmodel-cfn lint --article
	$(BIN)/readmodel-cfn lint

demo: $(VENV)/run ## Deploy, publish, read and verify on the embedded AWS (KEEP=1 leaves the stack running)
	@KEEP=$(KEEP) $(BIN)/python examples/demo.py

screens: $(VENV)/dev ## Write docs/screens.md: what twelve commands print, run on the embedded AWS
	$(BIN)/python tools/screens.py

deploy: $(VENV)/run ## Deploy readmodel.toml's stack to AWS
	$(BIN)/readmodel-cfn deploy

quick: $(VENV)/dev ## Run the unit tests, in less than 45 seconds
	$(BIN)/python -m pytest -n 2 --hypothesis-profile quick tests/unit

test: $(VENV)/dev ## Run all tests, including those on the embedded AWS
	$(BIN)/python -m pytest -n 2 --dist loadgroup

examples: $(VENV)/dev ## Run every example with its tool, including SAM; the CDK and the typed client need node
	$(BIN)/python -m pytest -m '' tests/sandbox/test_examples*.py

check: $(VENV)/dev ## Check types, style, imports, and that generated files are up to date
	$(BIN)/ruff check --no-cache # the cache does not see that a module has moved
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python tools/generate.py --check

docs: $(VENV)/docs ## Build the documentation's site into site/; a broken link fails
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict

dist: $(VENV)/dist ## Build sdist and wheel into dist/; test them on each installed Python, and their types
	$(BIN)/python tools/release.py

faults: $(VENV)/dev ## Run commands with every fault and every signal at every call to AWS (hours)
	$(BIN)/python tools/faults.py

robust: $(VENV)/dev ## Fuzzing, faults, kills and secrets, in at most ten minutes; SEED=7 tries others
	$(BIN)/python tools/reliability.py $(or $(SEED),1)

at-scale: $(VENV)/dev ## Publish 200,000 documents from a local cluster of ENGINE=dask or spark; kill a worker
	$(BIN)/python benchmarks/at_scale.py $(or $(ENGINE),dask)

clean: ## Remove everything that make created here
	rm -rf $(VENV) build dist site .hypothesis .import_linter_cache .mypy_cache .pytest_cache .ruff_cache src/*.egg-info

$(VENV)/run: setup.cfg pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "Python 3.11 or later is needed: make PYTHON=/path/to/python3.11"; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable .
	@touch $@

$(VENV)/dev: $(VENV)/run
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[dev]'
	@touch $@

$(VENV)/docs: $(VENV)/run
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[docs]'
	@touch $@

$(VENV)/dist: $(VENV)/dev
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[dist]'
	@touch $@
