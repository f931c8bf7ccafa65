# `make help` says what there is. Python 3.11-3.13 with venv, and make, are all it needs.
SHELL := /bin/sh
DATA := $(CURDIR)/.data
BIN := .venv/bin
PACKAGES := dags operations reporting expectations ingestion warehouse synthetic
ARGS ?=
# A worker a core, each with a database server of its own; the tests of one Airflow stay in one process (tests/conftest.py).
PARALLEL := -n logical --maxprocesses 4 --dist loadgroup --no-loadscope-reorder

# Every cache and tool home lies under .data/. An empty, missing or read-only HOME does not matter.
ifneq ($(shell [ -n "$$HOME" ] && [ -w "$$HOME" ] && echo yes),yes)
export HOME := $(DATA)/home
endif
export AIRFLOW_HOME := $(DATA)/airflow
export UV_CACHE_DIR := $(DATA)/cache/uv
export RUFF_CACHE_DIR := $(DATA)/cache/ruff
export MYPY_CACHE_DIR := $(DATA)/cache/mypy
export HYPOTHESIS_STORAGE_DIRECTORY := $(DATA)/cache/hypothesis
export DBT_SEND_ANONYMOUS_USAGE_STATS := false
export GX_ANALYTICS_ENABLED := false

.PHONY: help install demo test test-long lint format docs bench airflow clean lock

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-10s %s\n", $$1, $$2 }' Makefile

install: ## make .venv from requirements.lock
	@sh operations/bootstrap.sh

demo: install ## the whole way of a file on a synthetic province, in thirteen nights
	@$(BIN)/warehouse demo $(ARGS)

test: install ## all tests but the long sweeps (ARGS="-k name" for some)
	@$(BIN)/python -m pytest -m "not long" $(PARALLEL) $(ARGS)

test-long: install ## every point of every sweep
	@$(BIN)/python -m pytest $(PARALLEL) $(ARGS)

lint: install ## ruff, mypy, sqlfluff, contracts and rules, docs, compose file, Dockerfile
	@sh operations/lint.sh

format: install ## let ruff and sqlfluff mend what they can
	@$(BIN)/ruff check --fix . && $(BIN)/ruff format .
	@$(BIN)/sqlfluff fix --quiet dbt_project/models

docs: install ## write the pages that come from contracts and models again
	@$(BIN)/python -m reporting.docs
	@$(BIN)/python -m operations.env_example

bench: install ## measure the speed: a table, and JSON in .data/bench/
	@$(BIN)/python -m operations.bench $(ARGS)

airflow: install ## scheduler, DAG processor and web UI on 127.0.0.1; Ctrl-C stops them
	@$(BIN)/warehouse airflow

lock: install ## resolve pyproject.toml anew into requirements.lock
	@sh operations/lock.sh

clean: ## stop the database and remove .data/ (SURE=yes where it holds received files that are not the demo's)
	@sh operations/clean.sh $(SURE)
