# Needs make and Python 3.11 or newer; every target makes its own set-up. `make help` lists them.

PYTHON ?= python3
BIN := .venv/bin
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check
INSTALLED := .venv/.installed
ARGS ?=

# What is quick and needs no server: `make check` runs these, of the folders that exist.
QUICK_TESTS = $(wildcard tests/unit tests/properties tests/contracts tests/schemas tests/architecture) \
  $(addprefix tests/docs/test_,pages.py commands_page.py observability.py)

# A process for each core and one more, for many tests wait; each starts a Kafka and a Redis of its own once a test asks for one.
# A file's tests stay together.
PARALLEL ?= --numprocesses=$(shell expr $$(getconf _NPROCESSORS_ONLN) + 1) --maxprocesses=4 --dist=loadfile --no-loadscope-reorder

# What is installed comes from the lock, whatever this machine's pip is told to prefer.
unexport PIP_FIND_LINKS PIP_CONSTRAINT PIP_TARGET PIP_PREFIX PIP_USER

# Tests start the program a hundred times; without its bytecode each start compiles a thousand modules, for 2 s.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help install check test test-long faults bench bench-steps bench-long bench-pages capacity demo docs dist \
  check-deploy audit sbom schemas commands release-schemas fixtures lock clean

help: ## list the targets
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' Makefile | expand -t 18

install: $(INSTALLED) ## .venv with the program and its development tools, from the lock

$(INSTALLED): pyproject.toml requirements/dev.txt requirements/build.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null \
	  || { echo '$(PYTHON) is missing or older than 3.11; name another with: make PYTHON=python3.12 ...' >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null \
	  || { echo '$(PYTHON) has no venv module; on Debian and Ubuntu: apt-get install python3-venv' >&2; exit 1; }
	@echo 'Installing into .venv ...' >&2
	@$(PYTHON) -m venv .venv
	@$(PIP) --require-hashes -r requirements/build.txt
	@# uv takes 2 s for what takes pip 40; pip is there for machines whose package index only pip is told of.
	@$(BIN)/uv pip install --quiet --compile-bytecode --python $(BIN)/python --require-hashes -r requirements/dev.txt \
	  || { echo 'uv could not; pip takes over, more slowly' >&2; $(PIP) --require-hashes -r requirements/dev.txt; }
	@$(PIP) --no-deps --no-build-isolation --editable .
	@touch $@

check: $(INSTALLED) ## lint, types, import contracts, and every test that needs no server
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/pytest $(PARALLEL) -m 'not servers' $(QUICK_TESTS)

test: $(INSTALLED) ## every test, on a real Kafka and a real Redis
	HYPOTHESIS_PROFILE=full $(BIN)/pytest $(PARALLEL) $(ARGS)

test-long: $(INSTALLED) ## the properties with many more examples, in memory and on a real Redis
	HYPOTHESIS_PROFILE=long $(BIN)/pytest $(PARALLEL) tests/properties $(ARGS)

faults: $(INSTALLED) ## faults on real servers and a checker that knows nothing of the code; MINUTES=12 OUT=figures.json SEED= STORE=cluster KEEP=folder
	@PYTHONPATH=tests $(BIN)/python -m nemesis $(if $(MINUTES),--minutes '$(MINUTES)') $(if $(OUT),--out '$(OUT)') \
	  $(if $(SEED),--seed '$(SEED)') $(if $(STORE),--store '$(STORE)') $(if $(KEEP),--keep '$(KEEP)')

bench: $(INSTALLED) ## against other programs on a real Kafka and Redis; OUT=figures.json PLOTS=folder ONLY=name,... RUNS=3
	@PYTHONPATH=.:tests $(BIN)/python -m benchmarks $(if $(OUT),--out '$(OUT)') $(if $(PLOTS),--plots '$(PLOTS)') \
	  $(if $(ONLY),--only '$(ONLY)') $(if $(RUNS),--runs '$(RUNS)')

bench-steps: $(INSTALLED) ## what each step of metering computes, on a Redis of its own; OUT=figures.json POLLS=9
	@PYTHONPATH=.:tests $(BIN)/python -m benchmarks.steps $(if $(OUT),--out '$(OUT)') $(if $(POLLS),--polls '$(POLLS)')

bench-long: $(INSTALLED) ## how that grows with accounts, rules, and more; OUT=figures.json ONLY=rules,... EVENTS= BACKLOG=5000000 MILLION=1
	@PYTHONPATH=.:tests $(BIN)/python -m benchmarks.growth $(if $(OUT),--out '$(OUT)') $(if $(ONLY),--only '$(ONLY)') \
	  $(if $(EVENTS),--events '$(EVENTS)') $(if $(BACKLOG),--backlog '$(BACKLOG)') $(if $(MILLION),--million)

bench-pages: $(INSTALLED) ## the tables of docs/performance.md and docs/capacity.md, from benchmarks/figures.json
	@PYTHONPATH=.:tests $(BIN)/python -m benchmarks.pages

capacity: $(INSTALLED) ## workers, partitions and Redis nodes; ARGS="--events 50000 --accounts 1000000"
	@$(BIN)/python -m benchmarks.capacity $(ARGS)

demo: $(INSTALLED) ## a simulated product, and its triggers as they fire; ARGS="--seconds 40 --json"
	@$(BIN)/expansion-signals demo $(ARGS)

docs: .venv-docs/.installed ## these pages as a site: site/index.html
	NO_MKDOCS_2_WARNING=1 .venv-docs/bin/mkdocs build --quiet --strict

# An environment of its own: nothing else needs what builds the site.
.venv-docs/.installed: requirements/docs.txt
	@echo 'Installing into .venv-docs ...'
	@$(PYTHON) -m venv .venv-docs
	@.venv-docs/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/docs.txt
	@touch $@

dist: $(INSTALLED) ## the package: dist/*.tar.gz, and dist/*.whl made from it
	$(BIN)/uv build --quiet --no-build-isolation --python $(BIN)/python --out-dir dist

DEPLOY_TOOLS := .cache/deploy

$(DEPLOY_TOOLS)/.installed: requirements/deploy.txt
	@$(PYTHON) -m venv $(DEPLOY_TOOLS)
	@$(DEPLOY_TOOLS)/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r $<
	@touch $@

check-deploy: $(DEPLOY_TOOLS)/.installed ## Dockerfile, docker-compose.yml and the Helm chart, by the linters of their fields
	@PATH="$(CURDIR)/$(DEPLOY_TOOLS)/bin:$$PATH" deploy/check.sh

audit: $(DEPLOY_TOOLS)/.installed ## known weaknesses of the locked packages; asks PyPI's database, or OSV's: ARGS="--vulnerability-service osv"
	@$(DEPLOY_TOOLS)/bin/pip-audit --strict --require-hashes --disable-pip --progress-spinner off -r requirements/worker.txt $(ARGS) \
	  || { echo 'audit: not passed: a known weakness is listed above, or the database did not answer, and nothing is known' >&2; exit 1; }

sbom: $(DEPLOY_TOOLS)/.installed ## the locked packages of the image as CycloneDX; OUT=sbom.json
	@# A lock does not say which package needs which: a warning of each bill.
	@PYTHONWARNINGS=ignore $(DEPLOY_TOOLS)/bin/cyclonedx-py requirements --pyproject pyproject.toml --output-reproducible \
	  --output-file $(or $(OUT),sbom.json) requirements/worker.txt

schemas: $(INSTALLED) ## write what schemas/sources and schemas/topics say into the schemas
	$(BIN)/python tools/write_schemas.py

commands: $(INSTALLED) ## write what --help says of every command into docs/commands.md
	$(BIN)/python tools/write_commands.py

release-schemas: $(INSTALLED) ## record what the schemas promise from this version on; refuses to break a promise
	$(BIN)/python tools/release_schemas.py

fixtures: $(INSTALLED) ## write what this version leaves behind to tests/fixtures/<version>, for later versions to read
	@PYTHONPATH=tests $(BIN)/python tools/write_fixtures.py

# Pins that still fit stay as they are; a newer version of everything: make lock ARGS=--upgrade
COMPILE = $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
  --no-emit-index-url --no-annotate --no-header $(ARGS)

lock: $(INSTALLED) ## work out requirements/*.txt anew, after a change in pyproject.toml
	$(COMPILE) -o requirements/worker.txt pyproject.toml
	$(COMPILE) -o requirements/dev.txt -c requirements/worker.txt --extra local --extra otel --group dev pyproject.toml
	$(COMPILE) -o requirements/build.txt -c requirements/dev.txt requirements/build.in
	$(COMPILE) -o requirements/deploy.txt -c requirements/dev.txt requirements/deploy.in
	$(COMPILE) -o requirements/docs.txt -c requirements/dev.txt requirements/docs.in

clean: ## remove .venv and every cache in this folder
	rm -rf .venv .venv-docs .venv-quixstreams .cache .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache build dist site
	find src tests -name __pycache__ -type d -prune -exec rm -rf {} +
