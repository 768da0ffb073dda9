# pymlsql: `make` lists the targets. Every target that needs the environment makes it first.

SHELL := /bin/sh
.DEFAULT_GOAL := help

PY := .venv/bin/python
SOAK_S ?= 300
PYTEST_ARGS ?=

# Real data for demo, tests and benchmarks, where it lies beside the project; a value of the environment wins.
ifndef PYMLSQL_PDM_DATA
ifneq ($(wildcard ../shared/data/pdm/telemetry.csv),)
export PYMLSQL_PDM_DATA := $(abspath ../shared/data/pdm)
endif
endif

# Some login files point Python at another home or at the user's packages; the environment is .venv alone.
unexport PYTHONHOME PYTHONPATH

.PHONY: help setup setup-run demo test bench lint soak docs clean

help:  ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-7s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup-run:
	@sh tools/setup.sh run

setup:  ## all that demo, test and bench need: .venv, Debian packages, the parser for the tests
	@sh tools/setup.sh dev

demo: setup-run  ## machine data to EXEC dbo.PredictFailures on a server of its own
	@.venv/bin/pymlsql demo $(if $(PYMLSQL_PDM_DATA),--data '$(PYMLSQL_PDM_DATA)')

lint: setup  ## ruff, mypy --strict, import rules, shellcheck
	@sh tools/lint.sh

test: lint  ## lint and all tests but the long ones
	@$(PY) tools/run_tests.py $(PYTEST_ARGS)

soak: setup  ## the long checks, SOAK_S seconds in all (300)
	@$(PY) -m pytest --soak-s=$(SOAK_S) $(PYTEST_ARGS)

bench: setup  ## measure; writes benchmarks/results.json
	@$(PY) benchmarks/run.py

docs: setup  ## write the generated parts of docs/ again
	@$(PY) tools/reference.py

clean:  ## remove what the targets made, the environment too
	rm -rf .venv .setup .cache build dist *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis
	rm -rf .import_linter_cache benchmarks/results.json
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
