# Everything a developer types. CI types the same.

.DEFAULT_GOAL := help
.PHONY: help setup dev services test check campaign bench lock vendor docs screens clean

PYTHON ?=
ARGS ?=
SECONDS ?= 600
SEED ?=
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.ready
UV := uv>=0.9,<1
LOCKING = .venv-lock/bin/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
	--no-emit-index-url --no-emit-find-links --no-header --no-annotate $(ARGS)
COMPILE = $(LOCKING) pyproject.toml --extra all

help: ## list what there is
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-8s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: $(STAMP) ## build .venv with the locked dependencies and .venv/bin/eventgate

$(STAMP): requirements/dev.txt pyproject.toml scripts/make-venv
	@PYTHON="$(PYTHON)" scripts/make-venv $(VENV)

dev: setup ## a gate to try on 127.0.0.1:8080 (ARGS="--port 9000" and so on)
	@$(BIN)/eventgate dev $(ARGS)

services: setup ## keep Kafka, PostgreSQL and AWS (moto) up, with a configuration on them (ARGS=DIR)
	@$(BIN)/python scripts/services.py $(ARGS)

test: setup ## lint, types, tests with coverage, the wheel, other Python versions
	@$(BIN)/python scripts/test.py

check: setup ## lint and types only
	@$(BIN)/python scripts/test.py lint types

campaign: setup ## post through gates while all around them fails (SECONDS=600 SEED=n), and write docs/reliability.md
	@$(BIN)/python -m tests.campaign --seconds $(SECONDS) --seed "$(SEED)"

bench: setup ## measure requests a second and CPU per request
	@$(BIN)/python -m bench.run $(ARGS)

docs: setup ## write the generated pages of docs/ again
	@$(BIN)/python scripts/generate_docs.py
	@$(BIN)/python -m eventgate.cli.reference > docs/.page && mv docs/.page docs/commands.md

vendor: setup ## fetch the viewer of /docs again, as published
	@$(BIN)/python scripts/vendor.py

screens: setup ## take the pictures in docs/screens again
	@$(BIN)/python scripts/screens.py

lock: .venv-lock/bin/uv ## write requirements/*.txt again (ARGS=--upgrade for newer versions)
	@$(COMPILE) --output-file requirements/runtime.txt
	@$(COMPILE) --group dev --constraint requirements/runtime.txt --output-file requirements/dev.txt
	@echo checkov | $(LOCKING) - --output-file tests/terraform/checkov.txt
	@$(LOCKING) --group build --constraint requirements/dev.txt --output-file requirements/build.txt

.venv-lock/bin/uv:
	@"$$(PYTHON="$(PYTHON)" scripts/find-python)" -m venv .venv-lock
	@.venv-lock/bin/pip install --quiet --disable-pip-version-check "$(UV)"

clean: ## remove environments, caches and builds
	@rm -rf $(VENV) .venv-* .mypy_cache .ruff_cache .pytest_cache .hypothesis .coverage .coverage.* dist build
