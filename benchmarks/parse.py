"""What parsing dags/ costs above an empty DAG file. Each parse is a new process, as for a task of Airflow."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from airmedic_local.installation import PROJECT, Installation

REPEATS = 7
LIMIT_SECONDS = 0.3
PARSE = """
import sys, time
from airflow.dag_processing.dagbag import DagBag
began = time.perf_counter()
bag = DagBag(dag_folder=sys.argv[1])
seconds = time.perf_counter() - began
assert not bag.import_errors, bag.import_errors
print(len(bag.dags), seconds)
"""
EMPTY = "from airflow.sdk import DAG\nDAG(dag_id='empty', schedule=None)\n"


def main() -> None:
    """Print the medians and their difference."""
    with TemporaryDirectory() as temporary:
        home = Path(temporary)
        env = Installation(home).environment() | {
            "AIRMEDIC_DATA": str(home),
            "AIRFLOW__LOGGING__LOGGING_LEVEL": "ERROR",
        }
        empty = home / "empty"
        empty.mkdir()
        (empty / "empty.py").write_text(EMPTY, encoding="utf-8")
        seconds: dict[Path, list[float]] = {empty: [], PROJECT / "dags": []}
        dags = {}
        for _ in range(REPEATS):
            for folder, found in seconds.items():
                dags[folder], took = _parse(folder, env)
                found.append(took)
        base, ours = (median(found) for found in seconds.values())
    print(f"an empty DAG file   {base:6.3f} s")
    print(f"dags/ ({dags[PROJECT / 'dags']} DAGs)       {ours:6.3f} s")
    print(f"above the empty one {ours - base:6.3f} s   (limit {LIMIT_SECONDS} s, ratio {ours / base:.1f})")


def _parse(folder: Path, env: dict[str, str]) -> tuple[int, float]:
    command = [sys.executable, "-c", PARSE, str(folder)]
    done = subprocess.run(command, env=env, capture_output=True, text=True, check=True)  # noqa: S603 - our own program
    count, seconds = done.stdout.split()[-2:]
    return int(count), float(seconds)


if __name__ == "__main__":
    main()
