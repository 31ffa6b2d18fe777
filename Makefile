# Each target sets up what it needs in .venv; only Python 3.11–3.13 and make must be there. See `make help`.

PYTHON ?=
FRESH ?=
HEADLESS ?=
ARGS ?=
# What `make chaos` runs on (sqlite, postgres, mlflow), which actions, and for how many minutes; all of it where empty.
ON ?=
ACTIONS ?=
MINUTES ?= inf
# One more process than cores: the one with the running Airflow mostly waits.
WORKERS ?= $(shell expr $$(getconf _NPROCESSORS_ONLN) + 1)
# Many small fits at once: one thread each is faster than threads that wait for one another.
export OMP_NUM_THREADS ?= 1
export PYTHON FRESH HEADLESS

BIN := .venv/bin

.DEFAULT_GOAL := help
.PHONY: help setup demo test check docs e2e browser chaos cluster events bypass spark bench comparison matrix lock

help:  ## List the targets.
	@grep -hE '^[a-z0-9]+:.*##' $(MAKEFILE_LIST) | awk -F ':.*## ' '{ printf "  make %-8s %s\n", $$1, $$2 }'

setup:  ## Set up .venv (every other target does it first).
	@sh scripts/set_up.sh

demo: setup  ## Run Airflow, MLflow and a simulated production. HEADLESS=1: unattended; FRESH=1: from the beginning.
	@$(BIN)/python -m airmedic_local.demo

test: setup  ## Run the tests. ARGS="-k word" picks some.
	@$(BIN)/python -m pytest -n $(WORKERS) $(ARGS)

check: setup  ## Lint, formatting, types, and who may import whom.
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports

docs: setup  ## Build the documentation into build/docs, and check its links. Installs MkDocs with its theme (60 MB) into .venv.
	@$(BIN)/python -c "import material" 2>/dev/null || { echo "Installing MkDocs …"; $(BIN)/python -c \
		"import tomllib; print(*tomllib.load(open('pyproject.toml', 'rb'))['project']['optional-dependencies']['docs'], sep='\n')" \
		| $(BIN)/python -m pip --disable-pip-version-check --quiet install -r /dev/stdin; }
	@$(BIN)/python scripts/build_site.py $(ARGS)

e2e: setup  ## Heal two models on real data, and answer questions, in a real Airflow and MLflow. AIRMEDIC_DATA: where the data is.
	@$(BIN)/python -m pytest -m e2e -s --no-header -p no:logging tests/e2e $(ARGS)
	@$(if $(ARGS),,$(BIN)/python -m pytest -m e2e --no-header tests/airflow/running)

browser: setup  ## Test the page in the system's Chromium, on a real Airflow. Installs Playwright (50 MB) into .venv.
	@$(BIN)/python -c "import axe_core_python, playwright" 2>/dev/null || { echo "Installing Playwright …"; $(BIN)/python -c \
		"import tomllib; print(*tomllib.load(open('pyproject.toml', 'rb'))['project']['optional-dependencies']['browser'], sep='\n')" \
		| $(BIN)/python -m pip --disable-pip-version-check --quiet install -r /dev/stdin; }
	@$(BIN)/python -m pytest -m browser tests/browser $(ARGS)

chaos: setup  ## Kill processes, cut lines and fill disks while actions run. ON=postgres ACTIONS=rollback MINUTES=10: some of it.
	@$(BIN)/python -W ignore -m tests.chaos --on "$(ON)" --actions "$(ACTIONS)" --minutes $(MINUTES) $(ARGS)
	@$(if $(ON),,$(BIN)/python -m pytest -m chaos tests/airflow/running)

events: setup  ## Test events and OpenLineage with their providers, a real Redis and a real Airflow. Installs 200 MB.
	@$(BIN)/python scripts/events.py $(ARGS)

cluster: setup  ## Run docker-compose.yaml without Docker, kill its worker and restart its stores, for 15 minutes. KEEP=1: keep its folder.
	@$(BIN)/python -W ignore -m airmedic_local.cluster

bypass: setup  ## Try to get something done without a valid approval, and to rewrite history.
	@$(BIN)/python -m pytest tests/core/execution/test_bypass.py tests/core/ledger/test_rewriting.py $(ARGS)

spark: setup  ## Test the push-down of profiles on a local Spark. Installs PySpark (400 MB) into .venv; needs a Java 17 or 21.
	@$(BIN)/python -c "import pyspark" 2>/dev/null || { echo "Installing PySpark …"; $(BIN)/python -c \
		"import tomllib; print(*tomllib.load(open('pyproject.toml', 'rb'))['project']['optional-dependencies']['spark'], sep='\n')" \
		| $(BIN)/python -m pip --disable-pip-version-check --quiet install -r /dev/stdin; }
	@$(BIN)/python -m pytest -m spark tests/core/profile/test_spark.py $(ARGS)

bench: setup  ## Measure, for about an hour. ARGS="--quick": less data; ARGS="--list": what there is.
	@$(BIN)/python -m benchmarks $(ARGS)

comparison: setup  ## Have several ways of acting heal the same injected incidents, really. ARGS=--write: write docs/comparison.md.
	@$(BIN)/python benchmarks/comparison/run.py $(ARGS)

matrix: setup  ## Test at the lowest and the highest versions, for about an hour. Installs 6 GB. ARGS="--only lowest": one set.
	@$(BIN)/python scripts/matrix.py $(ARGS)

lock: setup  ## Write requirements.txt and requirements-dev.txt anew from pyproject.toml.
	@sh scripts/lock.sh
