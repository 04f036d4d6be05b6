# make study: a depth study on the embedded digits, from nothing to a report.
# make claims: the popular claims about depth, each as a study, and docs/claims.md from them.
# make test: the linters and the quick tests; make test-slow: those that are whole studies.
# make docs: the site, in build/site; it fails on a warning.
# make native: faster convolutions on the CPU, where there is a C++ compiler; study does it too.

PYTHON ?= python3.11
BIN := .venv/bin
STUDY ?= configs/quickstart.py
CLAIMS_SIZE ?= small
CLAIMS_DIR ?= results/claims/$(CLAIMS_SIZE)
CLAIMS_OUT ?= docs/claims.md
CLAIMS := $(notdir $(basename $(wildcard configs/claims/*.py)))

.PHONY: study native claims test test-slow lint docs clean

study: .venv/run.stamp native
	$(BIN)/python scripts/run.py --config=$(STUDY)

native: .venv/run.stamp
	@if command -v $${CXX:-g++} >/dev/null && ! test -e .venv/lib/libdnnl.so.3; then \
	  $(BIN)/pip install --quiet --constraint constraints.txt --editable '.[native]' || true; \
	fi
	@$(BIN)/python -m depthstudy.nets.convolution.native.build || true

# A study that was interrupted goes on; one that is done is left alone.
claims: $(CLAIMS:%=$(CLAIMS_DIR)/%/study.json)
	$(BIN)/python scripts/claims.py --size=$(CLAIMS_SIZE) --workdir=$(CLAIMS_DIR) --out=$(CLAIMS_OUT)

$(CLAIMS_DIR)/%/study.json: configs/claims/%.py | .venv/claims.stamp native
	$(BIN)/python scripts/run.py --config=$<:$(CLAIMS_SIZE) --workdir=$(@D)

test: lint native
	$(BIN)/python -m pytest -n auto --dist loadfile --no-loadscope-reorder

test-slow: .venv/test.stamp native
	$(BIN)/python -m pytest -n auto --slow -m slow --dist worksteal

lint: .venv/test.stamp
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

docs: .venv/docs.stamp
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict

clean:
	rm -rf .venv results build depthstudy/nets/convolution/native/build

.venv/bin/python:
	$(PYTHON) -m venv .venv || python3 -m venv .venv

.venv/run.stamp: .venv/bin/python setup.cfg pyproject.toml constraints.txt
	$(BIN)/pip install --quiet --constraint constraints.txt --editable .
	touch $@

.venv/claims.stamp: .venv/bin/python setup.cfg pyproject.toml constraints.txt
	$(BIN)/pip install --quiet --constraint constraints.txt --editable '.[search]'
	touch $@ .venv/run.stamp

.venv/test.stamp: .venv/bin/python setup.cfg pyproject.toml constraints.txt
	$(BIN)/pip install --quiet --constraint constraints.txt --editable '.[test]'
	touch $@ .venv/run.stamp

.venv/docs.stamp: .venv/run.stamp
	$(BIN)/pip install --quiet --constraint constraints.txt --editable '.[docs]'
	touch $@
