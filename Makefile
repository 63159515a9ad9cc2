# make run: a site to play on, from a fresh clone.   make test: all tests.   Both set up what they need.
# make check: a minute, before every commit.   make test-long: what is long and rarely breaks.

PORT ?= 8000
VENV := .venv
PYTHON := $(VENV)/bin/python
# Importing torch without compiled bytecode costs six seconds each time.
unexport PYTHONDONTWRITEBYTECODE
export PIP_DISABLE_PIP_VERSION_CHECK = 1
# Settings of your own, where there are any; what stands in .env wins over the environment.
MANAGE = set -a; [ ! -f .env ] || . ./.env; set +a; exec $(PYTHON) manage.py

# Tests that need no database, no browser and no sound.
PURE_TESTS = tests/stats tests/lib tests/generator/music tests/test_architecture.py tests/test_docs.py
PYTEST = $(PYTHON) -m pytest -n 2 $(PYTEST_ARGS)

.PHONY: run setup check test test-long lint bench worker tools

run: setup
	@$(MANAGE) serve --port $(PORT)

setup: $(VENV)/installed
	@$(MANAGE) prepare

worker: setup
	@$(MANAGE) work

check: setup lint
	$(PYTEST) -m "not slow" $(PURE_TESTS)

test: $(VENV)/installed-dev setup tools
	$(PYTEST) -m "not slow"
	node --test tests/js/

test-long: $(VENV)/installed-dev setup
	$(PYTEST) -m slow

lint: $(VENV)/installed-dev
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/mypy
	$(VENV)/bin/lint-imports

# Without the peers the bench says so and runs on.
bench: $(VENV)/installed-dev setup
	-@$(PYTHON) -m pip install -q --no-compile -r requirements-bench.txt
	$(PYTHON) -m benchmarks

# The browser and node are programs, not Python packages: Debian's are taken where root may install them.
tools:
	@for tool in chromium node; do command -v $$tool > /dev/null || missing=1; done; \
	if [ -z "$$missing" ]; then exit 0; fi; \
	if [ "$$(id -u)" = 0 ] && command -v apt-get > /dev/null; then \
		apt-get update -q && apt-get install -q -y --no-install-recommends chromium nodejs; \
	else \
		echo "the tests need chromium and node; install them, such as: sudo apt-get install chromium nodejs"; \
		exit 1; \
	fi

$(VENV)/made:
	@python=$$(command -v python3.11 || command -v python3); \
	$$python -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
		|| { echo "Python 3.11 or newer is needed; this is $$($$python --version)"; exit 1; }; \
	$$python -m venv $(VENV) && touch $@ \
		|| { echo "no virtual environment; install Python's venv, such as: sudo apt-get install python3-venv"; exit 1; }

# A torch that is there already and has the right version is kept, a CUDA build too.
$(VENV)/installed: requirements.txt | $(VENV)/made
	$(PYTHON) -m pip install -q --no-compile -r requirements.txt
	@touch $@

$(VENV)/installed-dev: requirements-dev.txt $(VENV)/installed
	$(PYTHON) -m pip install -q --no-compile -r requirements-dev.txt
	@touch $@
