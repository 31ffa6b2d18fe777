"""A real DAG processor reads the DAG files of a fleet, three times."""

from __future__ import annotations

import json
import resource
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from statistics import median
from time import monotonic

from rich.table import Table

from airmedic_core.dag_files import files_needed, write_dag_files
from airmedic_local.installation import Installation, program

SPEC = """name: model_{number:04}
task: binary
target: y
data: {{path: /data/model_{number:04}.parquet, time_column: at}}
owner: team_{owner}@example.org
window: {every}
approvers: [anna, ben]
notify: {{slack_channel: "#models"}}
"""
STEPS = ("hour", "day", "week", "month")
REPEATS = 3
TASK = """
import sys, time
from airflow.dag_processing.dagbag import DagBag
began = time.process_time()
bag = DagBag(sys.argv[1])
print(time.process_time() - began)
assert len(bag.dags) == 1, bag.import_errors
"""
"""Says what a task does before it begins: it reads its DAG file, for its own DAG."""
AGAIN = "UPDATE serialized_dag SET last_updated = '2020-01-01 00:00:00'"
"""So that Airflow compares every DAG with what it has stored, which it otherwise does after a while."""


def read_by_airflow(home: Path, models: int) -> Table:
    """Return what it took, and what Airflow then knows."""
    content, dags = home / "content", home / "dags"
    write_specs(content / "models", models)
    write_dag_files(dags, files_needed(models))
    env = Installation(home, dags=dags, env={"AIRMEDIC_CONTENT": str(content)}).environment()
    # An installation keeps the bytecode of its modules: without it each file compiles them again, for 0.2 s of CPU.
    env.pop("PYTHONDONTWRITEBYTECODE", None)
    database = Path(env["AIRFLOW_HOME"]) / "airflow.db"
    database.parent.mkdir(parents=True)
    command(env, "db", "migrate")
    table = Table(title=f"{models} models: a DAG processor reads all files once")
    for name in ("", "first time", "again", "again, imports not warmed"):
        table.add_column(name, justify="left" if not name else "right")
    passes = []
    for warmed in ("1", "1", "0"):
        passes.append(one_pass(env | {"AIRMEDIC_WARM_IMPORTS": warmed}, database))
        with closing(sqlite3.connect(database)) as connection, connection:
            connection.execute(AGAIN)
    for name in passes[0]:
        table.add_row(name, *(told[name] for told in passes))
    alone = home / "alone"
    write_specs(alone / "models", 1)
    for name, folder in (("1 model", alone), (f"{models} models", content)):
        seconds = median(task_start(env | {"AIRMEDIC_CONTENT": str(folder)}, dags) for _ in range(REPEATS))
        table.add_row(f"a task reads its DAG, of {name} (CPU s)", f"{seconds:.2f}")
    return table


def write_specs(folder: Path, models: int) -> None:
    """Write so many model specs."""
    folder.mkdir(parents=True)
    for number in range(models):
        text = SPEC.format(number=number, owner=number % 7, every=STEPS[number % len(STEPS)])
        (folder / f"model_{number:04}.yaml").write_text(text, encoding="utf-8")


def one_pass(env: dict[str, str], database: Path) -> dict[str, str]:
    """Let the DAG processor read every file once, and return what came of it."""
    before, began = cpu_of_children(), monotonic()
    command(env, "dag-processor", "--num-runs", "1")
    seconds, cpu = monotonic() - began, cpu_of_children() - before
    with closing(sqlite3.connect(database)) as connection:
        files = dict(connection.execute("SELECT relative_fileloc, max(last_parse_duration) FROM dag GROUP BY 1"))
        count = connection.execute("SELECT count(*) FROM dag WHERE NOT is_stale").fetchone()[0]
        versions = connection.execute("SELECT count(*) FROM dag_version").fetchone()[0]
        errors = connection.execute("SELECT count(*) FROM import_error").fetchone()[0]
        sizes = connection.execute("SELECT length(data) FROM serialized_dag").fetchall()
    return {
        "files": f"{len(files)}",
        "DAGs": f"{count}",
        "import errors": f"{errors}",
        "versions of DAGs": f"{versions}",
        "file, median (s)": f"{median(files.values()):.2f}",
        "slowest file (s)": f"{max(files.values()):.2f}",
        "all files (s)": f"{seconds:.0f}",
        "all files (CPU s)": f"{cpu:.0f}",
        "a DAG (kB)": f"{median(size for (size,) in sizes) / 1000:.1f}",
    }


def task_start(env: dict[str, str], dags: Path) -> float:
    """Return the CPU seconds that a task needs to read its own DAG."""
    wanted = env | {"_AIRFLOW_PARSING_CONTEXT_DAG_ID": "monitor__model_0000"}
    arguments = [sys.executable, "-W", "ignore", "-c", TASK, str(dags / "monitor.py")]
    done = subprocess.run(arguments, env=wanted, capture_output=True, text=True, check=True)  # noqa: S603 - our own program
    return float(json.loads(done.stdout.splitlines()[-1]))


def command(env: dict[str, str], *arguments: str) -> None:
    """Run a command of Airflow."""
    done = subprocess.run(  # noqa: S603 - a program that is installed beside this one
        [program("airflow"), *arguments], env=env, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise SystemExit(f"airflow {' '.join(arguments)} failed:\n{(done.stdout + done.stderr)[-3000:]}")


def cpu_of_children() -> float:
    """Return the CPU seconds of all processes that were started here and have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime
