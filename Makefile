# PlateLedger. Needs Python 3.11 or later and make; everything else is installed below .venv, node_modules and DATA_DIR.
PYTHON ?= python3
VENV := .venv
PY := $(VENV)/bin/python
export PORT ?= 8000
export DATA_DIR ?= var
export PIP_DISABLE_PIP_VERSION_CHECK := 1

.PHONY: demo test check bench soak setup setup-tests requirements screenshot matrix

demo: setup ## the whole service with made-up data, in the foreground
	@exec $(PY) manage.py demo

test: setup-tests ## the whole test suite
	@$(PY) -m tests.run $(ARGS)

check: setup-tests ## linters, types, deployment checks, missing migrations, the control matrix
	@$(PY) -m tests.check

bench: setup-tests ## one table of ratios, also in DATA_DIR/bench.json
	@$(PY) -m benchmarks

soak: setup-tests ## the fault runs, long
	@SOAK=1 $(PY) -m tests.run tests/faults

setup: $(VENV)/.run-time
	@$(PY) -m config.frontend

setup-tests: $(VENV)/.tests
	@$(PY) -m config.frontend

$(VENV)/.run-time: requirements.txt
	@$(PYTHON) -c 'import sys; sys.exit("PlateLedger needs Python 3.11 or later; this is " + sys.version.split()[0] if sys.version_info < (3, 11) else 0)'
	@echo "Installing Python packages into $(VENV) ..."
	@test -x $(PY) || $(PYTHON) -m venv $(VENV)
	@$(PY) -m pip install -q --require-hashes -r requirements.txt
	@touch $@

$(VENV)/.tests: tests/requirements.txt $(VENV)/.run-time
	@echo "Installing test tools into $(VENV) ..."
	@$(PY) -m pip install -q --require-hashes -r tests/requirements.txt
	@touch $@

COMPILE := $(PY) -m uv pip compile -q --generate-hashes --python-version 3.11 --universal --no-emit-index-url \
	--no-annotate --custom-compile-command "make requirements"
requirements: setup-tests ## compile the lock files anew
	@$(COMPILE) requirements.in -o requirements.txt
	@$(COMPILE) tests/requirements.in -o tests/requirements.txt

screenshot: setup-tests ## take README's picture anew, by the journey test
	@$(PY) -m tests.run tests/journeys/test_an_officers_day.py -k from_signing_in
	@mkdir -p docs/screenshots && cp $(DATA_DIR)/test/screenshots/results.png docs/screenshots/results.png

matrix: setup-tests ## write docs/control-matrix.md from the marks of the tests, docs/permissions.md from their table
	@$(PY) -m tests.control_matrix && $(PY) -m tests.permissions
