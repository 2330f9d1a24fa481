# Two commands for a newcomer: `make validate` and `make test`. Each sets up what it needs.

PYTHON ?= $(shell command -v python3.11 || command -v python3)
VENV := .venv
BIN := $(VENV)/bin
SPARK := .venv-spark
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt

.PHONY: validate test test-spark lint format docs benchmark benchmark-verify benchmark-memory benchmark-startup clean

validate: $(VENV)/.base  ## validate the data package
	$(BIN)/commdip validate .

test: lint  ## run all tests, but for those of Spark
	$(BIN)/python -m pytest --ignore tests/spark

test-spark: $(SPARK)/.ready  ## run every rule on Spark; pip brings Java where there is none (SPARK_TESTS=--every-case for more)
	$(SPARK)/bin/python -m pytest tests/spark $(SPARK_TESTS)

lint: $(VENV)/.dev  ## check style and types
	$(BIN)/ruff check .
	$(BIN)/mypy

format: $(VENV)/.base  ## bring the tables into canonical form
	$(BIN)/commdip format .

docs: $(VENV)/.base  ## write the generated documents anew
	$(BIN)/python scripts/docs.py

benchmark: $(VENV)/.base  ## measure against other tools at four sizes (hours; BENCHMARK="--sizes 1e4" for less)
	$(BIN)/python benchmarks/run.py $(BENCHMARK)

benchmark-verify: $(VENV)/.base  ## compare what the other tools count with what ours finds
	$(BIN)/python benchmarks/run.py --verify

benchmark-memory: $(VENV)/.base  ## validate files of three times the memory given
	$(BIN)/python benchmarks/run.py --tools ours --memory $(or $(ROWS),3e7) $(if $(CGROUP),--cgroup $(CGROUP))

benchmark-startup: $(VENV)/.base  ## measure a validation against the imports it needs
	$(BIN)/python benchmarks/startup.py

$(VENV)/.base: pyproject.toml constraints.txt
	@echo "Setting up $(VENV) ..."
	$(PYTHON) -c 'import sys; sys.exit(0 if sys.version_info >= (3, 11) else "commdip needs Python 3.11 or newer; name one with make PYTHON=...")'
	$(PYTHON) -m venv $(VENV)
	$(PIP) --editable '.[polars]'
	touch $@

$(VENV)/.dev: $(VENV)/.base
	$(PIP) --editable '.[dev]'
	touch $@

# An environment of its own: where pyspark is installed, pandera imports it in every run.
$(SPARK)/.ready: pyproject.toml constraints.txt
	$(PYTHON) -m venv $(SPARK)
	$(SPARK)/bin/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[spark-test]'
	touch $@

clean:
	rm -rf $(VENV) $(SPARK) .benchmark build dist
