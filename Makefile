# make demo   set up everything, train the digits on every executor, compare the bits
# make test   the whole test suite
# make bench  us beside every peer, tables and plots into docs/benchmarks
# The virtual environment (.venv) is made and kept up to date by any target that needs it.

PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
SOURCES := $(shell find csrc python -type f ! -name '*.pyc' ! -name '*.so' 2>/dev/null) CMakeLists.txt pyproject.toml

.PHONY: demo test bench table exhaustive lint fmt clean

demo: $(VENV)/.installed
	$(BIN)/paragon demo --save digits.safetensors

# --- set-up ---------------------------------------------------------------------------------------------------------

$(VENV)/bin/python:
	tools/prerequisites.sh $(PYTHON)
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade pip

$(VENV)/.installed: $(VENV)/bin/python $(SOURCES)
	$(BIN)/python -m pip install --quiet ".[sklearn]"
	touch $@

$(VENV)/.test: $(VENV)/.installed
	$(BIN)/python -m pip install --quiet --group test
	touch $@

$(VENV)/.bench: $(VENV)/.installed
	$(BIN)/python -m pip install --quiet --group bench
	touch $@

$(VENV)/.lint: $(VENV)/bin/python pyproject.toml
	$(BIN)/python -m pip install --quiet --group lint
	touch $@

# --- tests ----------------------------------------------------------------------------------------------------------

test: $(VENV)/.test
	tools/prerequisites.sh $(PYTHON) test
	PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/python -m pytest --cov=paragon --cov-report=term:skip-covered

# --- the rest -------------------------------------------------------------------------------------------------------

bench: $(VENV)/.bench  # docs/benchmarks.md; BENCH="--quick" or BENCH="--only gemm" for less
	$(BIN)/python -m benchmarks $(BENCH)

exhaustive: $(VENV)/bin/python  # docs/exhaustive.md
	$(BIN)/python -m pip install --quiet gmpy2 cmake
	$(BIN)/cmake -S . -B build/exhaustive -DCMAKE_BUILD_TYPE=Release
	$(BIN)/cmake --build build/exhaustive -t exhaustive -j2
	nice $(BIN)/python tools/exhaustive/exhaustive.py build/exhaustive/exhaustive

table: $(VENV)/.test
	PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/python bindings_tests/table.py

# C and C++, in the layout of .clang-format; what .clang-format-ignore names is left alone.
CXX_SOURCES = $(shell git ls-files '*.c' '*.cpp' '*.h' '*.def')

lint: $(VENV)/.lint
	$(BIN)/ruff check python tests benchmarks bindings_tests tools
	$(BIN)/ruff format --check python tests benchmarks
	$(BIN)/mypy
	$(BIN)/clang-format --dry-run --Werror $(CXX_SOURCES)

fmt: $(VENV)/.lint
	$(BIN)/clang-format -i $(CXX_SOURCES)

clean:
	rm -rf $(VENV) build dist digits.safetensors
