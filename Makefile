# The verbs of the project; each does all its own set-up. CI runs the same ones.
.DEFAULT_GOAL := help
SHELL := /bin/bash

# uv from the path, else from a folder of the project, where pip puts it.
UV := $(shell command -v uv 2>/dev/null || echo .tools/bin/uv)
RUN := $(UV) run --frozen
DEMO_DIR ?= .demo

.PHONY: help demo test lint format up down seed logs serve worker quality fuzz holdout queue-kill search

help: ## list the verbs
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "make %-10s %s\n", $$1, $$2}'

demo: .venv/ready ## set up, seed, learn, serve on embedded servers and show real answers (DATA=folder of CSV files)
	@DATA_DIR=$(DEMO_DIR) $(RUN) giftwise demo $(if $(DATA),--data $(DATA)) || test $$? = 130  # Ctrl-C

test: .venv/ready ## every test, on embedded PostgreSQL and Redis
	@OPENBLAS_NUM_THREADS=1 $(RUN) pytest $(ARGS)  # as processes that serve have it

lint: .venv/ready ## formatting, lint, types, the rooms' one-way imports
	@$(RUN) ruff format --check .
	@$(RUN) ruff check .
	@$(RUN) mypy
	@$(RUN) lint-imports

format: .venv/ready ## rewrite what the formatter can
	@$(RUN) ruff format .
	@$(RUN) ruff check --fix .

serve: .venv/ready ## the API (embedded servers where no URL is set)
	@$(RUN) giftwise serve $(ARGS)

worker: .venv/ready ## the jobs
	@$(RUN) giftwise worker $(ARGS)

seed: .venv/ready ## fill both catalogs with generated data (SCALE=demo, S or L, of presents)
	@$(RUN) giftwise seed --scale $(or $(SCALE),demo)
	@$(RUN) giftwise seed --catalog businesses

up: .venv/ready ## API and worker in the background; make logs, make down
	@mkdir -p .giftwise/logs
	@for verb in serve worker; do \
		$(RUN) giftwise $$verb > .giftwise/logs/$$verb.log 2>&1 & echo $$! > .giftwise/$$verb.pid; \
	done
	@echo "started; the password is in .giftwise/password unless BASIC_AUTH_PASSWORD is set"

down: ## stop what make up started
	@for verb in serve worker; do kill -TERM $$(cat .giftwise/$$verb.pid) && rm .giftwise/$$verb.pid; done

logs: ## follow the logs of `make up`
	@tail -n 50 -F .giftwise/logs/*.log

fuzz: .venv/ready ## odd requests, made from OpenAPI, against a running server (URL=..., BASIC_AUTH_PASSWORD=...)
	@$(RUN) schemathesis run $(or $(URL),http://127.0.0.1:8000)/openapi.json --continue-on-failure \
		--auth "$${BASIC_AUTH_USERNAME:-giftwise}:$$BASIC_AUTH_PASSWORD"

quality: .venv/ready ## ranking quality on public data sets in ../shared/data
	@$(RUN) python benchmarks/quality.py $(ARGS)

holdout: .venv/ready ## one like held out of 2,000 users: our lists over HTTP against a tuned ItemKNN
	@$(RUN) python benchmarks/holdout.py $(ARGS)

queue-kill: .venv/ready ## 100,000 queued events, the worker killed ten times, an oracle (ARGS="--transport rabbitmq")
	@OPENBLAS_NUM_THREADS=1 $(RUN) python -m benchmarks.queue_kill $(ARGS)

search: .venv/ready ## a hundred judged gift searches: NDCG@10 of our finder and of plain full-text search
	@OPENBLAS_NUM_THREADS=1 $(RUN) python -m benchmarks.search $(ARGS)

.venv/ready: pyproject.toml uv.lock | $(UV)
	@$(UV) sync --frozen --quiet --compile-bytecode
	@touch $@

.tools/bin/uv:
	@echo "uv is not installed: putting it into .tools"
	@python3 -m venv .tools && .tools/bin/pip install --quiet --disable-pip-version-check uv
