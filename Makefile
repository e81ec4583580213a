# Two commands to know: `make demo` and `make test`. Both need Python >= 3.11 (PYTHON=python3.12 make demo).
PYTHON ?= python3
FIRMS ?= 20000
SEED ?= 1
PORT ?= 3000
VENV := .venv
BIN := $(VENV)/bin
HOME_DIR ?= .coopgva

# Without compiled bytecode every process compiles Great Expectations again (11 s instead of 3 s).
PIP := env -u PYTHONDONTWRITEBYTECODE $(BIN)/python -m pip --disable-pip-version-check --quiet

.DEFAULT_GOAL := help
.PHONY: help demo test lint ui lock graph clean

help:
	@echo "make demo    a sample economy of $(FIRMS) firms, refreshed, with its headline beside the truth"
	@echo "make test    the tests"
	@echo "make ui      the Dagster UI on the demo, http://127.0.0.1:$(PORT)"
	@echo "make lint    ruff and mypy"
	@echo "make graph   write tests/pipelines/graph.json anew after a wanted change of the graph"
	@echo "make lock    compile requirements/*.in (needs uv)"
	@echo "make clean   remove the demo and the virtual environment"

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "Python >= 3.11 is needed, $(PYTHON) is older: PYTHON=python3.12 make ..." >&2; exit 2; }
	@$(PYTHON) -c 'import ensurepip, venv' || \
	  { echo "$(PYTHON) has no venv module: apt-get install python3-venv" >&2; exit 2; }
	$(PYTHON) -m venv $(VENV)

# Stamps: what is installed is newer than what asked for it, so a second call does nothing.
$(VENV)/.runtime: requirements/runtime.txt pyproject.toml | $(BIN)/python
	@echo "installing (about a minute the first time)"
	$(PIP) install --require-hashes -r requirements/runtime.txt
	$(PIP) install --no-deps --no-build-isolation -e .
	@touch $@

$(VENV)/.dev: requirements/dev.txt $(VENV)/.runtime
	$(PIP) install --require-hashes -r requirements/dev.txt
	@touch $@

$(HOME_DIR)/.sample-$(FIRMS)-$(SEED): | $(VENV)/.runtime
	$(BIN)/coopgva sample --firms $(FIRMS) --seed $(SEED) --out $(HOME_DIR)
	@touch $@

demo: $(VENV)/.runtime $(HOME_DIR)/.sample-$(FIRMS)-$(SEED)
	$(BIN)/coopgva refresh --home $(HOME_DIR)

test: $(VENV)/.dev
	$(BIN)/python -m pytest $(ARGS)

lint: $(VENV)/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

ui: $(VENV)/.runtime
	$(BIN)/coopgva ui --home $(HOME_DIR) --port $(PORT)

graph: $(VENV)/.dev
	$(BIN)/python -m tests.pipelines.graph

UV ?= uv
LOCK := env UV_CUSTOM_COMPILE_COMMAND="make lock" $(UV) pip compile --quiet --universal --python-version 3.11 \
  --generate-hashes --no-emit-index-url --no-emit-find-links --no-annotate --no-strip-extras $(LOCK_ARGS)
lock:
	$(LOCK) requirements/runtime.in -o requirements/runtime.txt
	$(LOCK) requirements/office.in -c requirements/runtime.txt -o requirements/office.txt
	$(LOCK) requirements/dev.in -c requirements/runtime.txt -o requirements/dev.txt

clean:
	rm -rf .coopgva .tmp_dagster_home_* build coopgva.egg-info .mypy_cache .pytest_cache .ruff_cache .hypothesis $(VENV)
