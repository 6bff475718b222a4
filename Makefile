# POSIX make and any Python from 3.11 on are all that is needed.
# A first run fills .venv; later ones begin at once, until pyproject.toml or a lock file changes.

VENV = .venv
BIN = $(VENV)/bin
MMSPREP = $(BIN)/mmsprep
# What is slow is left to .ci/run, which says TESTS=--all.
TESTS = --services
PYTEST_FLAGS = -n auto --dist worksteal

.PHONY: help demo test check fmt docs dist lock fixtures pages bench bench-batch bench-isolation bench-maps bench-pdf bench-pictures bench-shares bench-video bench-whole fuzz soak clean

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-16s %s\n", $$1, $$2 }' Makefile

demo: $(VENV)/.demo ## Prepare everything in fixtures/ into out/ and say what to do next
	@$(MMSPREP) demo

test: $(VENV)/.dev ## Run every test that this machine can run in some minutes
	@$(BIN)/python -m pytest $(TESTS) $(PYTEST_FLAGS)

check: $(VENV)/.dev ## Lint, format, types and the layers between modules
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

fmt: $(VENV)/.dev ## Format, and fix what can be fixed without thinking
	$(BIN)/ruff check --fix-only .
	$(BIN)/ruff format .

docs: $(VENV)/.docs ## Build the documentation as a site into build/site
	@NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict --quiet
	@echo 'build/site/index.html'

# The time in the archives is the commit's, so that the same source gives the same bytes.
dist: $(VENV)/.dev ## Build the packages into dist/, the same bytes each time
	@rm -rf dist
	@SOURCE_DATE_EPOCH=$${SOURCE_DATE_EPOCH:-$$(git log -1 --format=%ct 2>/dev/null || echo 1700000000)} \
		$(BIN)/python -m hatchling build
	@cd dist && sha256sum *

# Files of exact versions and hashes for every platform: the package, with the tools, with what an image has.
lock: $(BIN)/python ## Take the newest allowed versions of all dependencies
	$(BIN)/python -m pip install --quiet uv
	$(BIN)/uv pip compile $(LOCK_FLAGS) --output-file requirements.lock pyproject.toml
	$(BIN)/uv pip compile $(LOCK_FLAGS) --extra dev --constraint requirements.lock \
		--output-file requirements-dev.lock pyproject.toml
	$(BIN)/uv pip compile $(LOCK_FLAGS) --extra docs --constraint requirements-dev.lock \
		--output-file requirements-docs.lock pyproject.toml
	$(BIN)/uv pip compile $(LOCK_FLAGS) --extra worker --extra api --constraint requirements-dev.lock \
		--output-file requirements-worker.lock pyproject.toml

LOCK_FLAGS = --quiet --upgrade --universal --python-version 3.11 --generate-hashes \
	--no-header --no-annotate --no-emit-index-url --no-emit-find-links

fixtures: $(VENV)/.dev ## Make the files of fixtures/ again
	$(BIN)/python scripts/make_fixtures.py

pages: $(VENV)/.dev ## Write into docs/ what the code says and prints today: tables, manual page, figures
	$(BIN)/python scripts/write_errors.py
	$(BIN)/python scripts/write_profiles.py
	$(BIN)/python scripts/write_man.py
	$(BIN)/python scripts/make_figure.py
	$(BIN)/python -m pytest --services --refresh --quiet tests/test_documentation.py

# Coverage leads the bytes where atheris can be installed; elsewhere they are mutated at random.
FUZZ_SECONDS = 60

# What the benchmarks are run on, and within what.
FOLDER = fixtures
BUDGET = 600000

bench: $(VENV)/.dev ## All benchmarks, hours of them, into docs/benchmarks/ (FOLDER, BUDGET, BENCH=NAME)
	@$(BIN)/python -m pip install --quiet "pyvips[binary]"
	@cd bench/pictures && npm install --silent || echo 'make: no npm, so sharp is left out' >&2
	@$(BIN)/python -m bench --folder $(FOLDER) --budget $(BUDGET) $(BENCH)

bench-whole: $(VENV)/.dev ## Start-up, items, throughput and memory, with plots
	@$(BIN)/python -m bench.whole

bench-batch: $(VENV)/.dev ## A thousand mixed items at once, with files of FOLDER; killed ten times
	@$(BIN)/python -m bench.batch $(FOLDER)

bench-isolation: $(VENV)/.dev ## What the walls around an item cost
	@$(BIN)/python bench/isolation.py

bench-maps: $(VENV)/.dev ## What drawing a map costs
	@$(BIN)/python bench/maps.py

bench-pdf: $(VENV)/.dev ## Documents against other routes, on FOLDER
	@$(BIN)/python bench/pdf.py $(FOLDER)

bench-pictures: $(VENV)/.dev ## Pictures against what people use, on FOLDER
	@cd bench/pictures && npm install --silent --no-package-lock
	@$(BIN)/python -m bench.pictures --every-side $(FOLDER)
	@$(BIN)/python -m bench.pictures.parts $(FOLDER)
	@$(BIN)/python -m bench.pictures.animations $(FOLDER)

bench-shares: $(VENV)/.dev ## Messages whose bytes are shared, against equal shares, on FOLDER
	@$(BIN)/python -m bench.shares $(FOLDER)

bench-video: $(VENV)/.dev ## Films against what people use, on FOLDER within BUDGET
	@$(BIN)/python -m bench.video $(FOLDER) --budget $(BUDGET)

fuzz: $(VENV)/.dev ## Try new inputs on the tests, and fuzz the parsers, a minute each (FUZZ_SECONDS)
	@$(BIN)/python -m pytest -q -m hypothesis --hypothesis-profile=search $(PYTEST_FLAGS)
	@$(BIN)/python -m pip install --quiet --target $(VENV)/fuzz --upgrade atheris 2>/dev/null || true
	@for target in detect picture contact place; do \
		PYTHONPATH=$(VENV)/fuzz $(BIN)/python fuzz/harness.py $$target \
			-max_total_time=$(FUZZ_SECONDS) -runs=100000 -rss_limit_mb=3000 || exit 1; \
	done

SOAK_ROUNDS = 20

soak: $(VENV)/.dev ## Prepare hostile files 20 times over and count what stays (SOAK_ROUNDS, SOAK=FOLDER)
	@$(BIN)/python fuzz/soak.py --rounds $(SOAK_ROUNDS) $(SOAK)

clean: ## Remove what make made
	rm -rf $(VENV) out build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache

# $PYTHON if it is given, else the first interpreter that is new enough and can make environments.
$(BIN)/python:
	@for python in $${PYTHON:-python3 python3.13 python3.12 python3.11 python3.14}; do \
		"$$python" -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' \
			2>/dev/null && break; \
		python=; \
	done; \
	if [ -z "$$python" ]; then \
		echo 'make: needs Python 3.11 or later with the venv module; name it: make PYTHON=/path/to/python3' >&2; \
		exit 1; \
	fi; \
	echo "Making $(VENV) with $$("$$python" --version)"; \
	"$$python" -m venv $(VENV)

# Hashes and editable installs exclude one another, so the dependencies come first, by the lock alone.
$(VENV)/.demo: $(BIN)/python pyproject.toml requirements.lock
	@echo 'Installing mmsprep and what it needs into $(VENV)'
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --editable .
	@$(BIN)/python -m pip check >/dev/null || { \
		$(BIN)/python -m pip check >&2; \
		echo 'make: pyproject.toml asks for more than requirements.lock has; run: make lock' >&2; \
		exit 1; \
	}
	@touch $@

$(VENV)/.dev: $(VENV)/.demo requirements-dev.lock
	@echo 'Installing the tools for tests and checks'
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.lock
	@touch $@

$(VENV)/.docs: $(VENV)/.demo requirements-docs.lock
	@echo 'Installing the tools for the documentation'
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-docs.lock
	@touch $@
