# make dev       set up a working copy: .venv, the compiled core, the git hooks (CONTRIBUTING.md)
# make demo      train the digits on every executor and setting of this machine, compare the bits
# make test      the whole test suite; ARGS="-k gemm" hands arguments to pytest
# make test-lowest  some tests with the lowest versions of everything that pyproject.toml allows, in a venv of their own
# make check     the linters and the fast tests: what a commit should pass
# make lint      format, style and types;   make fmt puts the format right
# make core      the compiled core again, as far as its sources have changed
# make bench     us beside every peer, tables and plots into docs/benchmarks; BENCH="--quick" for less
# make table     the table of languages in README.md
# make exhaustive  the elementary functions for all 2^32 inputs (docs/exhaustive.md)
# make web      the pages again from web/, into the Python package (needs Node 20 and npm)
# make package   the source distribution and the wheel into dist/, and a check of what is in them
# make clean     remove everything that these commands have made
#
# Every target sets up what it needs. The package is installed editable: a changed Python file needs no command at all, a changed
# C++ file is compiled by the next target that runs something. ccache is used where it is installed.

PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
PIP    := $(BIN)/python -m pip install --quiet
NATIVE := build/native
PYTEST := PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/python -m pytest -n auto --maxprocesses 4 --dist loadgroup --durations 15

ifneq ($(shell command -v ccache),)
export CMAKE_CXX_COMPILER_LAUNCHER ?= ccache
endif

.PHONY: help dev demo core test test-lowest check lint fmt bench table exhaustive web package clean

help:
	@sed -n 's/^# \{0,1\}//p; /^$$/q' Makefile

dev: $(VENV)/.dev core
	@echo "ready: make check before a commit, make test for everything; CONTRIBUTING.md says more"

demo: core
	$(BIN)/paragon demo --save digits.safetensors

# --- set-up ---------------------------------------------------------------------------------------------------------

$(BIN)/python:
	tools/prerequisites.sh $(PYTHON)
	$(PYTHON) -m venv $(VENV)
	$(PIP) --upgrade pip

# Only the metadata and a path to python/ are installed; `core` puts the compiled files beside the sources.
$(VENV)/.installed: $(BIN)/python pyproject.toml
	$(PIP) --group build
	$(PIP) --no-build-isolation --editable ".[sklearn]" --config-settings editable.mode=inplace --config-settings wheel.cmake=false
	touch $@

$(NATIVE)/build.ninja: $(VENV)/.installed
	$(BIN)/cmake -S . -B $(NATIVE) -G Ninja -DCMAKE_BUILD_TYPE=Release -DPARAGON_PYTHON=ON \
	  -DCMAKE_MAKE_PROGRAM="$(CURDIR)/$(BIN)/ninja" -DPython_EXECUTABLE="$(CURDIR)/$(BIN)/python" \
	  -Dpybind11_DIR="$$($(BIN)/python -m pybind11 --cmakedir)"
	touch $@

core: $(NATIVE)/build.ninja
	$(BIN)/cmake --build $(NATIVE) --target develop -- --quiet

$(VENV)/.test $(VENV)/.lint $(VENV)/.bench $(VENV)/.package: $(VENV)/.installed
	$(PIP) --group $(patsubst $(VENV)/.%,%,$@)
	touch $@

$(VENV)/.dev: $(VENV)/.test $(VENV)/.lint
	$(PIP) --group dev
	if git rev-parse --git-dir >/dev/null 2>&1; then $(BIN)/pre-commit install || echo "the git hooks are not installed"; fi
	touch $@

# --- tests ----------------------------------------------------------------------------------------------------------

test: $(VENV)/.test core
	tools/prerequisites.sh $(PYTHON) test
	$(PYTEST) $(or $(ARGS),--cov=paragon --cov-report=term:skip-covered)

# The compiled core is that of `core`, so the lowest versions are tested on the Python of .venv.
LOWEST := build/lowest
test-lowest: core
	$(BIN)/python -m venv --clear $(LOWEST)
	$(BIN)/python tools/lowest.py pytest hypothesis pandas > $(LOWEST)/requirements.txt
	$(LOWEST)/bin/python -m pip install --quiet --only-binary :all: -r $(LOWEST)/requirements.txt
	$(LOWEST)/bin/python -m pip install --quiet scikit-build-core pybind11
	$(LOWEST)/bin/python -m pip install --quiet --no-deps --no-build-isolation --editable . --config-settings editable.mode=inplace --config-settings wheel.cmake=false
	$(LOWEST)/bin/python -m pytest -m "not slow" tests/test_cli.py tests/test_program.py tests/test_files.py tests/test_sklearn.py tests/apps

check: lint $(VENV)/.test core
	$(PYTEST) -m "not slow" $(ARGS)

# C and C++, in the layout of .clang-format; what .clang-format-ignore names is left alone.
CXX_SOURCES = $(shell git ls-files '*.c' '*.cpp' '*.h' '*.def')

lint: $(VENV)/.lint
	$(BIN)/ruff check python tests benchmarks bindings_tests tools
	$(BIN)/ruff format --check python tests benchmarks bindings_tests tools
	$(BIN)/mypy
	$(BIN)/clang-format --dry-run --Werror $(CXX_SOURCES)

fmt: $(VENV)/.lint
	$(BIN)/ruff check --fix python tests benchmarks bindings_tests tools
	$(BIN)/ruff format python tests benchmarks bindings_tests tools
	$(BIN)/clang-format -i $(CXX_SOURCES)

# --- the rest -------------------------------------------------------------------------------------------------------

bench: $(VENV)/.bench core  # docs/benchmarks.md; BENCH="--quick" or BENCH="--only gemm" for less
	$(BIN)/python -m benchmarks $(BENCH)

exhaustive: $(VENV)/.installed
	$(PIP) gmpy2
	$(BIN)/cmake -S . -B build/exhaustive -DCMAKE_BUILD_TYPE=Release
	$(BIN)/cmake --build build/exhaustive -t exhaustive -j2
	nice $(BIN)/python tools/exhaustive/exhaustive.py build/exhaustive/exhaustive

table: $(VENV)/.test core
	PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/python bindings_tests/table.py

web: web/node_modules/.package-lock.json
	cd web && npm run --silent check && npm test --silent && npm run --silent build

web/node_modules/.package-lock.json: web/package-lock.json
	cd web && npm ci --no-audit --no-fund

package: $(VENV)/.package
	rm -rf dist
	$(BIN)/python -m build --outdir dist
	PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/python tools/check_package.py dist

clean:
	rm -rf $(VENV) build dist digits.safetensors python/paragon/*.so python/paragon/include
