# make study: a depth study on the embedded digits, from nothing to a report.
# make test: everything that CI checks.

PYTHON ?= python3.11
BIN := .venv/bin
STUDY ?= configs/quickstart.py

.PHONY: study test lint clean

study: .venv/run.stamp
	$(BIN)/python scripts/run.py --config=$(STUDY)

test: lint
	$(BIN)/python -m pytest -n auto --dist loadfile

lint: .venv/test.stamp
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

clean:
	rm -rf .venv results

.venv/bin/python:
	$(PYTHON) -m venv .venv || python3 -m venv .venv

.venv/run.stamp: .venv/bin/python setup.cfg pyproject.toml constraints.txt
	$(BIN)/pip install --quiet --constraint constraints.txt --editable .
	touch $@

.venv/test.stamp: .venv/bin/python setup.cfg pyproject.toml constraints.txt
	$(BIN)/pip install --quiet --constraint constraints.txt --editable '.[test]'
	touch $@ .venv/run.stamp
