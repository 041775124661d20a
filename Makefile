# 掌上办. Every target sets up what it needs by itself: Python 3.11+ and make are enough.
.DEFAULT_GOAL := help
PYTHON ?= python3
VENV := .venv
SHARED := -n auto --maxprocesses 4 --dist loadfile
PY := $(VENV)/bin/python
TYPED := app miniprogram_api operator_api agency_api web proactive licences payments notifications facts identity core sandbox seeds benchmarks verifier

.PHONY: help run demo test soak bench client faces documents release-openapi check format lock clean

help: ## Say what each target does
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 18

run: $(VENV)/.run ## Serve the product on embedded servers until Ctrl-C
	@$(PY) -m app dev $(ARGS)

demo: $(VENV)/.run ## Walk ten journeys through the served product (starts it when nothing runs)
	@$(PY) -m app demo

test: $(VENV)/.test $(VENV)/.node ## Run every test
	@$(PY) -m pytest $(SHARED) $(ARGS)

soak: $(VENV)/.test ## Run the long runs: minutes to an hour, every seed printed
	@$(PY) -m pytest -m soak $(SHARED) $(ARGS)

bench: $(VENV)/.bench ## Measure on this machine, beside bare handlers: ARGS="--persons 1000000"
	@$(PY) -m benchmarks $(ARGS)

client: $(VENV)/.test $(VENV)/.node ## Build the client for mini-programs and test it
	@$(PY) clients/npm.py run build
	@$(PY) -m pytest tests/clients

faces: $(VENV)/.run ## Draw docs/faces.png: every design of a licence face on a phone
	@$(PY) -m licences.faces.sheet docs/faces.png

documents: $(VENV)/.run ## Write again what is made from the code: the table of error codes
	@$(PY) -m app errors --write

release-openapi: $(VENV)/.run ## Write docs/openapi/v1.json: what clients may rely on from now on
	@$(PY) -m app openapi --release

check: $(VENV)/.test ## Everything static: format, lint, types, import contracts, security
	@$(VENV)/bin/ruff format --check .
	@$(VENV)/bin/ruff check .
	@$(VENV)/bin/mypy $(TYPED) clients/npm.py
	@$(VENV)/bin/lint-imports --no-cache
	@$(VENV)/bin/bandit -q -ll -c pyproject.toml -r $(TYPED)

format: $(VENV)/.test ## Format the code and mend what lint can mend
	@$(VENV)/bin/ruff check --fix -q . ; $(VENV)/bin/ruff format -q .

lock: ## Lock the dependencies again, with hashes (needs uv)
	uv pip compile pyproject.toml --universal --python-version 3.11 --generate-hashes --no-header --no-annotate -q -o requirements/run.txt
	uv pip compile pyproject.toml --group test --universal --python-version 3.11 --generate-hashes --no-header --no-annotate -q -c requirements/run.txt -o requirements/test.txt
	uv pip compile pyproject.toml --group test --group bench --universal --python-version 3.11 --generate-hashes --no-header --no-annotate -q -c requirements/test.txt -o requirements/bench.txt
	uv pip compile --group node --universal --python-version 3.11 --generate-hashes --no-header --no-annotate -q -o requirements/node.txt

clean: ## Remove what was made: environment, caches, embedded servers' data
	@rm -rf $(VENV) .run .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis
	@cd clients/typescript && rm -rf node_modules dist build-tests build-quickstarts src/generated
	@rm -rf tests/interop/node_modules
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(VENV)/bin/python:
	@echo "正在准备 Python 环境 (creating $(VENV)) …"
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "掌上办 needs Python 3.11 or newer: make PYTHON=python3.11")'
	@$(PYTHON) -m venv $(VENV)

$(VENV)/.run: requirements/run.txt | $(VENV)/bin/python
	@echo "正在安装依赖 (installing locked dependencies) …"
	@$(PY) -m pip install --disable-pip-version-check -q --require-hashes -r $<
	@touch $@

$(VENV)/.test: requirements/test.txt $(VENV)/.run
	@echo "正在安装测试依赖 (installing test dependencies) …"
	@$(PY) -m pip install --disable-pip-version-check -q --require-hashes -r $<
	@touch $@

$(VENV)/.bench: requirements/bench.txt $(VENV)/.test
	@$(PY) -m pip install --disable-pip-version-check -q --require-hashes -r $<
	@touch $@

# Node.js of the machine when it is new enough, and out of a wheel when it is not.
$(VENV)/.node: requirements/node.txt | $(VENV)/bin/python
	@$(PY) clients/npm.py found || { echo "正在准备 Node.js (installing it from a wheel) …" && $(PY) -m pip install --disable-pip-version-check -q --require-hashes -r $<; }
	@touch $@
