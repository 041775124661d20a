# 掌上办. Every target sets up what it needs by itself: Python 3.11+ and make are enough.
.DEFAULT_GOAL := help
PYTHON ?= python3
VENV := .venv
PY := $(VENV)/bin/python
TYPED := app miniprogram_api operator_api agency_api web proactive licences payments notifications facts identity core sandbox seeds

.PHONY: help run demo test soak check format lock clean

help: ## Say what each target does
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

run: $(VENV)/.run ## Serve the product on embedded servers until Ctrl-C
	@$(PY) -m app dev

demo: $(VENV)/.run ## Walk four journeys through the served product (starts it when nothing runs)
	@$(PY) -m app demo

test: $(VENV)/.test ## Run every test
	@$(PY) -m pytest

soak: $(VENV)/.test ## Run the long runs: minutes to an hour, every seed printed
	@$(PY) -m pytest -m soak -s

check: $(VENV)/.test ## Everything static: format, lint, types, import contracts
	@$(VENV)/bin/ruff format --check .
	@$(VENV)/bin/ruff check .
	@$(VENV)/bin/mypy $(TYPED)
	@$(VENV)/bin/lint-imports --no-cache

format: $(VENV)/.test ## Format the code and mend what lint can mend
	@$(VENV)/bin/ruff check --fix -q . ; $(VENV)/bin/ruff format -q .

lock: ## Lock the dependencies again, with hashes (needs uv)
	uv pip compile pyproject.toml --universal --python-version 3.11 --generate-hashes --no-header --no-annotate -q -o requirements/run.txt
	uv pip compile pyproject.toml --group test --universal --python-version 3.11 --generate-hashes --no-header --no-annotate -q -c requirements/run.txt -o requirements/test.txt
	uv pip compile pyproject.toml --group test --group bench --universal --python-version 3.11 --generate-hashes --no-header --no-annotate -q -c requirements/test.txt -o requirements/bench.txt

clean: ## Remove what was made: environment, caches, embedded servers' data
	@rm -rf $(VENV) .run .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis
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
