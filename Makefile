# Every chore of the project; `make` alone lists them. Needs make and Python 3.11 or newer; uses uv where it is.

.DEFAULT_GOAL := help
.PHONY: help install demo test lint types layers bytecode tests bench soak format golden docs dashboards kubernetes lock dist image debian clean

PYTHON ?= $(shell for python in python3.11 python3.12 python3.13 python3.14 python3; do \
	found=$$("$$python" -c 'import sys; sys.version_info >= (3, 11) and print(sys.executable)' 2>/dev/null); \
	[ -n "$$found" ] && echo "$$found" && break; done)
UV ?= $(shell uv --version >/dev/null 2>&1 && echo uv)
DOCKER ?= $(shell for tool in docker podman buildah; do $$tool info >/dev/null 2>&1 && echo $$tool && break; done)
IMAGE ?= aws-ses-exporter
TARGETS ?= exporter demo
BASE ?= python:3.13-slim
DEBIAN := prometheus prometheus-alertmanager
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
COMPILE = $(BIN)/uv pip compile pyproject.toml --quiet --universal --python-version 3.11 --generate-hashes \
	--no-emit-index-url --no-header --no-annotate

# The interpreter is the machine's own; nothing fetches another one.
export UV_PYTHON_DOWNLOADS := never
export PIP_DISABLE_PIP_VERSION_CHECK := 1
# Tests and benchmarks start hundreds of processes: bytecode is kept, else each one compiles all it imports.
unexport PYTHONDONTWRITEBYTECODE

help: ## list the targets
	@sed -n 's/^\([a-z]*\):.*## /\1\t/p' Makefile | expand -t 12

install: $(STAMP) ## make .venv with everything for development, again only when the locks changed

$(STAMP): requirements/dev.txt pyproject.toml
	@if [ -z "$(PYTHON)" ] && [ ! -x $(BIN)/python ]; then \
		echo "no Python 3.11 or newer found: install one, or name it with make PYTHON=/path/to/python3" >&2; exit 2; fi
	@echo "installing into $(VENV) with $(or $(UV),pip) ..."
	@set -e; if [ -n "$(UV)" ]; then \
		[ -x $(BIN)/python ] || uv venv --quiet --python "$(PYTHON)" $(VENV); \
		uv pip install --quiet --python $(BIN)/python --require-hashes -r requirements/dev.txt; \
		uv pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation --editable .; \
	else \
		[ -x $(BIN)/pip ] || "$(PYTHON)" -m venv $(VENV); \
		$(BIN)/python -m pip install --quiet --require-hashes -r requirements/dev.txt; \
		$(BIN)/python -m pip install --quiet --no-deps --no-build-isolation --editable .; \
	fi
	@touch $@

demo: install ## show the exporter on an embedded AWS, until Ctrl-C; make demo ARGS=--once prints and ends
	@$(BIN)/aws-ses-exporter demo $(ARGS)

test: lint ## everything that has to pass: lint, types, layers, tests with coverage
	@$(MAKE) --no-print-directory --jobs=2 types layers bytecode
	@$(MAKE) --no-print-directory tests

lint: install ## ruff: rules and format
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: install ## mypy, strict, over code and tests
	$(BIN)/mypy

layers: install ## who may import whom
	$(BIN)/lint-imports

bytecode: install ## import all tests once, so that not every worker of pytest compiles them and what they need
	@said=$$($(BIN)/python -m pytest --collect-only --quiet --no-cov) || { echo "$$said"; exit 1; }

tests: install debian ## pytest with branch coverage; make tests ARGS="-k ledger --no-cov" for a part
	@rm -f .coverage .coverage.*
	@# twice as many workers as the cores that are counted on, since tests wait for processes a third of their time
	$(BIN)/python -m pytest -n 4 --dist loadfile --no-loadscope-reorder --cov --cov-report=term $(ARGS)

bench: install ## speed, memory and calls beside their targets; make bench ARGS="scrape --json figures.json"
	$(BIN)/python -m benchmarks $(ARGS)

soak: install debian ## the random tests at length, with new seeds, without coverage
	SOAK=1 $(BIN)/python -m pytest -n 2 --dist worksteal --timeout=3600 $(ARGS)

format: install ## ruff: mend what can be mended
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

golden: install ## write the golden pages again; read the diff before committing it
	$(BIN)/python -m pytest -q --update-golden $$(grep -rl update_golden tests --include='test_*.py')

docs: install ## write again what is generated: docs/configuration.md, metrics.md, licences.md, config.example.yaml
	$(BIN)/python scripts/generate_docs.py
	$(BIN)/python scripts/generate_metrics_docs.py
	$(BIN)/python scripts/generate_licences.py

dashboards: install ## write dashboards/*.json again, and what Kubernetes gets of them
	$(BIN)/python -m dashboards.generate
	$(BIN)/python scripts/generate_kubernetes.py

kubernetes: install ## write the PrometheusRule and the ConfigMap of the dashboards; make kubernetes ARGS=--help
	$(BIN)/python scripts/generate_kubernetes.py $(ARGS)

lock: install ## resolve the requirements again, as far as needed; make lock ARGS=--upgrade for the newest
	$(COMPILE) $(ARGS) --extra demo --group dev -o requirements/dev.txt
	$(COMPILE) -c requirements/dev.txt -o requirements/runtime.txt
	$(COMPILE) -c requirements/dev.txt --extra demo -o requirements/demo.txt
	$(COMPILE:pyproject.toml=) -c requirements/dev.txt --group build -o requirements/build.txt
	$(COMPILE:pyproject.toml=) -c requirements/dev.txt --group audit -o requirements/audit.txt

dist: install ## build the source package and, from it, the wheel, into dist/
	@rm -rf dist
	$(BIN)/python -m build --no-isolation --outdir dist

image: ## build the container image and the demo image with docker, podman or buildah; BASE=NAME@DIGEST pins the base
	@# podman and buildah write no health check into their own format, and the times of their layers by a flag
	@set -e; tool="$(DOCKER)"; epoch=$${SOURCE_DATE_EPOCH:-$$(git log -1 --format=%ct 2>/dev/null || echo 1580601600)}; \
	[ -n "$$tool" ] || { echo "no docker, podman or buildah that works here; make image DOCKER=... names one" >&2; exit 2; }; \
	case "$$($$tool --version)" in Docker*) flags=;; *) flags="--format docker --timestamp $$epoch";; esac; \
	for target in $(TARGETS); do \
		tag=$(IMAGE); [ $$target = exporter ] || tag=$(IMAGE):$$target; \
		(set -x; $$tool build $$flags --target $$target --tag $$tag --build-arg BASE=$(BASE) \
			--build-arg SOURCE_DATE_EPOCH=$$epoch --build-arg VERSION=$$(sed -n 's/^version = "\(.*\)"/\1/p' pyproject.toml) \
			--build-arg REVISION=$$(git rev-parse HEAD 2>/dev/null) --build-arg SOURCE=$(SOURCE) $(ARGS) .); \
	done

debian: ## put Prometheus and Alertmanager in place for the tests, as root where apt-get is
	@missing=; for program in prometheus promtool prometheus-alertmanager amtool; do \
		command -v $$program >/dev/null || missing="$$missing $$program"; done; \
	[ -z "$$missing" ] && exit 0; \
	if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
		apt-get update -qq && RUNLEVEL=1 DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $(DEBIAN) && exit 0; \
	fi; \
	echo "not here:$$missing; their tests are skipped (Debian: apt-get install $(DEBIAN))"

clean: ## remove .venv and everything that is made
	rm -rf $(VENV) dist build .coverage .coverage.* .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
