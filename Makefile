# make run    everything in one process on http://localhost:8000
# make test   everything that is checked
PYTHON ?= python3
PORT ?= 8000
VENV := .venv
PY := $(VENV)/bin/python
PIP := $(VENV)/bin/pip --disable-pip-version-check --quiet install --require-hashes --no-deps
.DEFAULT_GOAL := help
.PHONY: help setup run web worker beat test lint fmt lock seed bench

help: ## what can be made
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

$(VENV)/.runtime: requirements.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "需要 Python 3.11 以上（PYTHON=python3.11 make …）"; exit 1; }
	@test -x $(PY) || $(PYTHON) -m venv $(VENV) || { echo "不能建立虚拟环境：请安装 python3-venv"; exit 1; }
	@echo "installing pinned packages …"
	@$(PIP) -r requirements.txt
	@touch $@

$(VENV)/.dev: $(VENV)/.runtime requirements-dev.txt
	@$(PIP) -r requirements-dev.txt
	@touch $@

setup: $(VENV)/.runtime ## virtual environment with pinned packages

run: setup ## site, worker and beat in one process, with demo data
	@$(PY) manage.py migrate --verbosity 0
	@$(PY) manage.py setup_defaults > /dev/null
	@$(PY) manage.py seed > /dev/null
	@SITE_URL=http://localhost:$(PORT) exec $(PY) manage.py serve --port $(PORT)

web: setup ## production web process (DATABASE_URL, REDIS_URL)
	@exec $(VENV)/bin/granian --interface wsgi --workers 2 --blocking-threads 8 --host 127.0.0.1 --port $(PORT) portal.wsgi:application

worker: setup ## production worker
	@exec $(VENV)/bin/celery -A portal worker --pool prefork --concurrency 2 --loglevel INFO

beat: setup ## production timer
	@exec $(VENV)/bin/celery -A portal beat --loglevel INFO

test: $(VENV)/.dev ## lint, layers, suite on SQLite, suite on PostgreSQL + Redis + worker, flows in Chromium
	@$(PY) tests/run.py

lint: $(VENV)/.dev ## lint and layers only
	@$(PY) tests/run.py lint

fmt: $(VENV)/.dev ## format
	@$(VENV)/bin/ruff check --fix --quiet . ; $(VENV)/bin/ruff format .

lock: ## resolve requirements*.in into pinned files with hashes (needs uv)
	uv pip compile --python-version 3.11 --universal --generate-hashes --no-emit-index-url --no-header requirements.in -o requirements.txt
	uv pip compile --python-version 3.11 --universal --generate-hashes --no-emit-index-url --no-header requirements-dev.in -o requirements-dev.txt

seed: setup ## N=10000: synthetic enterprises into the present database
	@$(PY) manage.py migrate --verbosity 0 && $(PY) manage.py setup_defaults > /dev/null && $(PY) manage.py seed --enterprises $(or $(N),1000)

bench: $(VENV)/.dev ## N=100000: the bounds of docs/performance.md, on a private PostgreSQL and Redis (TOPICS="pages api" for some)
	@$(PY) -m benchmarks $(or $(N),100000) $(TOPICS)
