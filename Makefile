# `make audit` and `make test` set up all they need in .venv by themselves; nothing is installed outside this folder.

.DEFAULT_GOAL := help
.PHONY: help audit test lint docs ui bench slow format picture clean

BIN := .venv/bin
RUN ?= runs/audit
# Every test is one thread; a file stays in one process, so that what its tests share is made once.
WORKERS ?= -n logical --maxprocesses 8 --dist loadfile

help: ## list what can be made
	@sed -n 's/^\([a-z]*\):.*## /  make \1	/p' Makefile | expand -t 16

audit: ## audit the embedded default slide; ends with the report's path and a summary
	@.ci/setup audit
	@$(BIN)/mesolens audit --out $(RUN)

test: lint ## ruff, pyright, the floors, and every test that is not slow
	@$(BIN)/python -m pytest -q $(WORKERS)

lint: ## ruff, pyright and the floors alone
	@.ci/setup test
	@$(BIN)/ruff check -q .
	@$(BIN)/ruff format -q --check . || { echo "not formatted: run 'make format'" >&2; $(BIN)/ruff format --check .; exit 1; }
	@$(BIN)/pyright --warnings > .venv/pyright.txt || { cat .venv/pyright.txt; exit 1; }
	@$(BIN)/lint-imports > .venv/floors.txt || { cat .venv/floors.txt; exit 1; }

slow: ## the tests that take longer than some seconds each
	@.ci/setup test
	@$(BIN)/python -m pytest -q $(WORKERS) -m slow

docs: ## the documentation, into docs/_build; a warning is an error
	@.ci/setup test
	@$(BIN)/sphinx-build -W --keep-going -q -b html docs docs/_build
	@echo docs/_build/index.html

ui: ## build the report's page from ui/ (needs npm)
	@cd ui && npm ci --silent --no-audit --no-fund && npm run --silent build

bench: ## the benchmarks, as a table
	@.ci/setup test
	@$(BIN)/python -m benchmarks

picture: audit ## the README's picture, from the audit's report (needs Chromium)
	@.ci/setup test
	@$(BIN)/python docs/picture.py $(RUN) $(AT)

format: ## let ruff format everything
	@.ci/setup test
	@$(BIN)/ruff check -q --fix . ; $(BIN)/ruff format -q .

clean: ## remove what was built; keeps runs/
	@rm -rf .venv .venv.lock docs/_build ui/node_modules .pytest_cache .hypothesis .ruff_cache .import_linter_cache
