"""Says what a thousand models cost: DAG files, the ledger's questions, and a monitoring run in a real Airflow.

python benchmarks/fleet/run.py                                all parts: half an hour
python benchmarks/fleet/run.py --only files --models 1000     a real DAG processor reads so many models
python benchmarks/fleet/run.py --only ledger --batches 1000   a ledger of so many models and batches is asked
python benchmarks/fleet/run.py --only ledger --url URL        the same in another database, which must be empty
python benchmarks/fleet/run.py --only runs                    CPU seconds of a run by process, and twenty at once
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

sys.path.insert(0, str(Path(__file__).parent))

from rich.console import Console

PARTS = ("files", "ledger", "runs")


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", choices=PARTS, action="append", help="measure these parts")
    parser.add_argument("--models", type=int, default=1_000, help="models of the fleet (%(default)s)")
    parser.add_argument("--batches", type=int, default=1_000, help="batches that each model has had (%(default)s)")
    parser.add_argument("--runs", type=int, default=6, help="monitoring runs that are measured (%(default)s)")
    parser.add_argument("--url", default="", help="SQLAlchemy URL of an empty database (default: an SQLite file)")
    options = parser.parse_args()
    console = Console(width=110)
    with TemporaryDirectory() as temporary:
        for part in options.only or PARTS:
            home = Path(temporary) / part
            home.mkdir()
            if part == "files":
                from dag_files import read_by_airflow

                console.print(read_by_airflow(home, options.models))
            elif part == "ledger":
                from ledger import ask_ledger

                console.print(ask_ledger(home, options.url, options.models, options.batches))
            else:
                from runs import run_in_airflow

                console.print(run_in_airflow(home, options.runs))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
