# What a developer does here. Every target makes or updates .venv first; the work is done by manage.py and the tools.
#   PYTHON=python3.12   which Python makes .venv (3.11 or later)
#   PORT=9000           where run and demo serve
#   ONCE=1              demo: set up, print, end
#   ARGS="-k upload"    more arguments for worker, test and bench

VENV := .venv
PY := $(VENV)/bin/python
RUNTIME := $(VENV)/installed-runtime
DEV := $(VENV)/installed-dev
PYTHONS := $(or $(PYTHON),python3 python3.13 python3.12 python3.11 python)
# A file's tests stay together: what they share is made once. ARGS="-n 0" runs all in one process.
PARALLEL := --numprocesses auto --maxprocesses 4 --dist loadfile --no-loadscope-reorder
TESTED := core tenants users workflow_design workflow_ops tests e2e
# Type checking loads the settings, and they want a secret. This one signs nothing.
NO_SECRET := not-a-secret-type-checking-signs-nothing

.PHONY: help demo run worker test evidence check bench chaos schema mutants lock
.PHONY: check-lint check-types check-imports check-openapi check-migrations
.DELETE_ON_ERROR:
# Every process that is started would compile all sources again.
unexport PYTHONDONTWRITEBYTECODE

help:
	@echo "make demo     two companies with people and tickets, then serve on port 8000 (PORT=, ONCE=1)"
	@echo "make run      serve without demo data (PORT=)"
	@echo "make worker   one more process that runs jobs (ARGS=--concurrency 4)"
	@echo "make test     all tests (ARGS=)"
	@echo "make evidence what is proved by numbers: the same tests, with many rounds and random cases (ARGS=)"
	@echo "make check    lint, format, types, imports, OpenAPI and migrations up to date"
	@echo "make bench    measure speed (ARGS=)"
	@echo "make chaos    kill PostgreSQL, servers and workers while tickets run, then count (docs/chaos.md)"
	@echo "make schema   write openapi.yaml"
	@echo "make mutants  show that tests notice each defence that is taken away"
	@echo "make lock     pin requirements*.in to requirements*.txt"

demo: $(RUNTIME)
	@$(PY) manage.py demo

run: $(RUNTIME)
	@$(PY) manage.py run

worker: $(RUNTIME)
	@$(PY) manage.py run_worker $(ARGS)

test: $(DEV)
	@$(PY) -m pytest $(PARALLEL) $(if $(CI),-p tests.ci) $(ARGS)

# How much those tests try that prove by numbers; a run of every day takes the small numbers that stand in them.
# Any can be changed: `make evidence RACE_ROUNDS=200`.
RACE_ROUNDS ?= 50
PROOF_CASES ?= 10000
PROOF_WHOLE_CASES ?= 1000
LOOP_CASES ?= 3000
DECISION_CASES ?= 3000
DECISION_TICKETS ?= 400
DECISION_RUNS ?= 4000
ENGINE_CASES ?= 10000
DOCUMENT_CASES ?= 1000
SCHEMA_CASES ?= 5000
LANGUAGE_CASES ?= 6000
DIAGRAM_GRAPHS ?= 2000
PATTERN_ORDERS ?= 20
SCHEMATHESIS_EXAMPLES ?= 100
HOSTILE_TASKS ?= 60
ODD_VALUES ?= 100
AMOUNTS := RACE_ROUNDS PROOF_CASES PROOF_WHOLE_CASES LOOP_CASES DECISION_CASES DECISION_TICKETS DECISION_RUNS \
	ENGINE_CASES DOCUMENT_CASES SCHEMA_CASES LANGUAGE_CASES DIAGRAM_GRAPHS PATTERN_ORDERS SCHEMATHESIS_EXAMPLES \
	ODD_VALUES HOSTILE_TASKS

# Every test file that reads one of them; what the tests have counted is printed.
evidence: $(DEV)
	@$(foreach name,$(AMOUNTS),$(name)=$($(name))) $(PY) -m pytest -s --timeout=3600 $(ARGS) \
		$$(grep -lr --include='test_*.py' $(foreach name,$(AMOUNTS),-e '"$(name)"') $(TESTED))

# `make -k check` goes on after the first that fails.
check: check-lint check-types check-imports check-openapi check-migrations

check-lint: $(DEV)
	$(PY) -m ruff check .
	$(PY) -m ruff format --check .

check-types: $(DEV)
	SECRET_KEY=$(NO_SECRET) $(PY) -m mypy .

check-imports: $(DEV)
	$(VENV)/bin/lint-imports

check-openapi: $(DEV)
	$(PY) manage.py spectacular --validate --fail-on-warn --file .data/openapi.yaml
	diff -u openapi.yaml .data/openapi.yaml

check-migrations: $(DEV)
	$(PY) manage.py makemigrations --check --dry-run

bench: $(DEV)
	@$(PY) -m bench $(ARGS)

chaos: $(DEV)
	@$(PY) -m chaos

schema: $(RUNTIME)
	$(PY) manage.py spectacular --validate --fail-on-warn --file openapi.yaml

mutants: $(DEV)
	@$(PY) -m tests.mutants

COMPILE = CUSTOM_COMPILE_COMMAND="make lock" $(PY) -m piptools compile --quiet --upgrade --strip-extras \
	--no-emit-index-url --no-emit-find-links --no-emit-trusted-host
lock: $(DEV)
	$(COMPILE) --output-file=requirements.txt requirements.in
	$(COMPILE) --output-file=requirements-dev.txt requirements-dev.in

# A stamp in .venv is newer than the requirements that were installed last.
$(RUNTIME): requirements.txt | venv
	$(PY) -m pip install --quiet --disable-pip-version-check -r requirements.txt
	@touch $@

$(DEV): requirements-dev.txt requirements.txt | venv
	$(PY) -m pip install --quiet --disable-pip-version-check -r requirements-dev.txt
	@touch $@ $(RUNTIME)

# Without a .venv that works (never made, half made, its Python gone): make one with the first Python that can.
.PHONY: venv
venv:
	@$(PY) -c 'import sys, pip; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && exit 0; \
	for python in $(PYTHONS); do \
		"$$python" -c 'import sys, ensurepip, venv; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || continue; \
		echo "Making $(VENV) with $$("$$python" --version)"; \
		exec "$$python" -m venv --clear $(VENV); \
	done; \
	echo "Python 3.11 or later with its venv module is needed, and there is none in: $(PYTHONS)." >&2; \
	echo "Install one, or name it: make PYTHON=/path/to/python3.12" >&2; \
	exit 1
