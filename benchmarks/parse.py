"""Says what parsing and serialising dags/ costs, by DAG file and by DAG, for a number of generated models.

python benchmarks/parse.py                 200 models
python benchmarks/parse.py --models 1000   as many as you have

Each parse is a new process, as in Airflow's DAG processor: it imports the file, makes the DAGs of all models and
turns them into JSON. A task parses its file once more, for its own DAG only. A DAG file without a task shows what
Airflow itself takes.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from rich.console import Console
from rich.table import Table

from airmedic_local.installation import PROJECT, Installation
from fleet.dag_files import write_specs

REPEATS = 3
MOST_SECONDS = 50
"""Airflow's default for ``[core] dag_file_processor_timeout``: a file that takes longer is ended, and none of its DAGs
is kept."""
PARSE = """
import json, logging, resource, sys, time
import structlog
from airflow.dag_processing.dagbag import DagBag
from airflow.dag_processing.processor import _serialize_dags
began = time.process_time()
bag = DagBag(sys.argv[1])
parsed = time.process_time()
serialised, errors = _serialize_dags(bag, structlog.get_logger())
done = time.process_time()
assert not bag.import_errors and not errors, (bag.import_errors, errors)
size = sum(len(json.dumps(dag.data)) for dag in serialised)
print(json.dumps([len(bag.dags), parsed - began, done - parsed, size]))
"""
EMPTY = "from airflow.sdk import DAG\ndag = DAG(dag_id='empty', schedule=None)\n"


@dataclass(frozen=True)
class Cost:
    """Holds what one process did with one DAG file."""

    dags: int
    parse_seconds: float
    serialise_seconds: float
    size: int
    """Of all serialised DAGs, in bytes."""


def main() -> int:
    """Print the medians."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--models", type=int, default=200, help="how many model specs to generate (%(default)s)")
    parser.add_argument("--repeats", type=int, default=REPEATS, help="processes for each file (%(default)s)")
    options = parser.parse_args()
    if options.models < 1 or options.repeats < 1:
        parser.error("--models and --repeats are at least 1")
    with TemporaryDirectory() as temporary:
        home = Path(temporary)
        write_specs(home / "models", options.models)
        empty = home / "empty.py"
        empty.write_text(EMPTY, encoding="utf-8")
        env = Installation(home).environment() | {
            "AIRMEDIC_CONTENT": str(home),
            "AIRFLOW__LOGGING__LOGGING_LEVEL": "ERROR",
        }
        files = [empty, *sorted((PROJECT / "dags").glob("*.py"))]
        costs = {file: [parse(file, env) for _ in range(options.repeats)] for file in files}
        alone = {file: parse_for_task(file, env) for file in files}
    Console(width=120).print(table(costs, alone, options.models))
    return 0


def parse(file: Path, env: dict[str, str]) -> Cost:
    """Parse and serialise a DAG file in a process of its own, and return its CPU time."""
    command = [sys.executable, "-W", "ignore", "-c", PARSE, str(file)]
    done = subprocess.run(command, env=env, capture_output=True, text=True, check=True)  # noqa: S603 - our own program
    return Cost(*json.loads(done.stdout.splitlines()[-1]))


def parse_for_task(file: Path, env: dict[str, str]) -> Cost:
    """Parse a DAG file as the process of a task does, which needs one DAG only."""
    return parse(file, env | {"_AIRFLOW_PARSING_CONTEXT_DAG_ID": f"{file.stem}__model_0000"})


def table(costs: dict[Path, list[Cost]], alone: dict[Path, Cost], models: int) -> Table:
    """Return the medians as a table: CPU seconds of a file, milliseconds of one of its DAGs."""
    shown = Table(title=f"{models} models, CPU time")
    for name in ("DAG file", "DAGs", "parse s", "serialise s", "both s", "parse ms/DAG", "serialise ms/DAG", "kB/DAG"):
        shown.add_column(name, justify="left" if name == "DAG file" else "right")
    shown.add_column("parse for a task s", justify="right")
    for file, measured in costs.items():
        dags = max(measured[0].dags, 1)
        parsed = median(cost.parse_seconds for cost in measured)
        serialised = median(cost.serialise_seconds for cost in measured)
        both = f"{parsed + serialised:.2f}" + (" !" if parsed + serialised > MOST_SECONDS else "")
        per_dag = [f"{seconds / dags * 1000:.1f}" for seconds in (parsed, serialised)]
        size, task = f"{measured[0].size / dags / 1000:.1f}", f"{alone[file].parse_seconds:.2f}"
        shown.add_row(
            file.name, str(measured[0].dags), f"{parsed:.2f}", f"{serialised:.2f}", both, *per_dag, size, task
        )
    shown.caption = f"! is over {MOST_SECONDS} s, after which Airflow ends the process by default"
    return shown


if __name__ == "__main__":
    raise SystemExit(main())
