"""Kills processes, cuts lines and fills disks while actions are carried out, and prints what came of it.

    python -m tests.chaos [--actions rollback,deploy] [--on files,postgres,mlflow] [--workers 2] [--postgres URL]

What is done is carried out to its end by other processes, as Airflow's retries do it; then everything must be there
once, approved, and on record.
"""

from __future__ import annotations

import argparse
import multiprocessing
import sys
import tempfile
import time
import warnings
from collections import defaultdict
from collections.abc import Iterable
from concurrent.futures import ProcessPoolExecutor, as_completed
from pathlib import Path

from tests.chaos.kills import Row, kills_of
from tests.chaos.outages import outages_of, steps_of
from tests.chaos.place import Place, Services
from tests.chaos.services import a_line, a_postgres, an_mlflow

FILES, POSTGRES, MLFLOW = "files", "postgres", "mlflow"
TITLES = {FILES: "ledger in SQLite", POSTGRES: "ledger in Postgres", MLFLOW: "MLflow on a server"}


def trials_of(action: str, on: str, root: Path, services: Services) -> list[Row]:
    """Run all trials of an action, and return its kills first and then its outages.

    Parameters
    ----------
    action : str
        The action.
    on : str
        ``files``, ``postgres`` or ``mlflow``: what is underneath.
    root : Path
        A folder.
    services : Services
        What runs beside.
    """
    # Whatever a process says on the way is not part of the tables.
    warnings.simplefilter("ignore")
    folder = root / on / action
    if on == POSTGRES:
        with a_line(services, root) as along:
            place = Place(action, folder, along)
            kills = kills_of(place)
            return [kills, *outages_of(place, kills.steps)]
    place = Place(action, folder, services)
    if on == MLFLOW:
        return [Row(action), *outages_of(place, steps_of(place))]
    kills = kills_of(place)
    return [kills, *outages_of(place, kills.steps)]


def kills_table(rows: Iterable[Row], title: str) -> list[str]:
    """Return the kills as a table in markdown."""
    rows = list(rows)
    kills, trials = sum(row.events for row in rows), sum(row.trials for row in rows)
    return [
        f"| killed, {title} | steps | kills | trials | lost, doubled, unapproved or not meant |",
        "|---|---:|---:|---:|---:|",
        *(f"| {row.action} | {row.steps} | {row.events} | {row.trials} | {len(row.problems)} |" for row in rows),
        f"| **all** | | {kills} | {trials} | {sum(len(row.problems) for row in rows)} |",
        "",
    ]


def outages_table(rows: Iterable[tuple[str, Row]]) -> list[str]:
    """Return the outages as a table in markdown: all actions of one kind together."""
    kinds: dict[tuple[str, str], list[Row]] = defaultdict(list)
    for on, row in rows:
        kinds[TITLES[on], row.kind].append(row)
    lines = [
        "| outage | actions | trials | met by a process | lost, doubled, unapproved or not meant |",
        "|---|---:|---:|---:|---:|",
    ]
    for (title, kind), several in sorted(kinds.items()):
        counts = (len(several), sum(row.trials for row in several), sum(row.events for row in several))
        wrong = sum(len(row.problems) for row in several)
        lines.append(f"| {kind} ({title}) | {' | '.join(map(str, counts))} | {wrong} |")
    return [*lines, ""]


def main() -> int:
    """Run the trials and print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--postgres", metavar="URL", default="", help="a server for ledgers; its own where not given")
    parser.add_argument("--actions", metavar="NAMES", default="", help="only these, separated by commas")
    parser.add_argument("--on", metavar="PLACES", default="files,postgres,mlflow", help="only on these")
    parser.add_argument("--workers", type=int, default=2, help="trials that run beside each other; most of them wait")
    chosen = parser.parse_args()
    import mlflow  # noqa: F401  loaded once: the processes that are killed are forks of this one
    import sklearn.ensemble  # noqa: F401

    from tests.chaos.cases import CASES

    names, places = [name for name in chosen.actions.split(",") if name] or list(CASES), chosen.on.split(",")
    started, results = time.monotonic(), dict[tuple[str, str], list[Row]]()
    fork = multiprocessing.get_context("fork")
    with tempfile.TemporaryDirectory() as home, a_postgres(chosen.postgres if POSTGRES in places else "") as server:
        root, services = Path(home), Services(postgres=server)
        if POSTGRES in places and not server:
            print("Postgres is not installed: its trials are left out.", file=sys.stderr)
            places.remove(POSTGRES)
        with ProcessPoolExecutor(chosen.workers, mp_context=fork) as pool:
            tasks = {
                pool.submit(trials_of, name, on, root, services if on == POSTGRES else Services()): (on, name)
                for on in places
                if on != MLFLOW
                for name in names
            }
            for task in as_completed(tasks):
                on, name = tasks[task]
                _keep(
                    results, (on, name), task.result() if task.exception() is None else _broken(name, task.exception())
                )
        if MLFLOW in places:
            with an_mlflow(root) as served:
                for name in (name for name in names if CASES[name].writes_to_mlflow):
                    _keep(results, (MLFLOW, name), trials_of(name, MLFLOW, root, served))
    ordered = sorted(results.items(), key=lambda result: (places.index(result[0][0]), names.index(result[0][1])))
    lines = []
    for on in (on for on in places if on != MLFLOW):
        lines += kills_table((rows[0] for (where, _), rows in ordered if where == on), TITLES[on])
    lines += outages_table((on, row) for (on, _), rows in ordered for row in rows[1:])
    every = [row for _, rows in ordered for row in rows]
    problems = [problem for row in every for problem in row.problems]
    took = (time.monotonic() - started) / 60
    print(*lines, f"{sum(row.trials for row in every)} trials, {len(problems)} problems, {took:.0f} minutes", sep="\n")
    print(*problems, sep="\n")
    return 1 if problems else 0


def _broken(action: str, error: BaseException | None) -> list[Row]:
    return [Row(action, problems=[f"{action}: the trials themselves failed: {error!r}"])]


def _keep(results: dict[tuple[str, str], list[Row]], which: tuple[str, str], rows: list[Row]) -> None:
    trials, problems = sum(row.trials for row in rows), [problem for row in rows for problem in row.problems]
    print(f"{' '.join(which)}: {trials} trials, {len(problems)} problems", *problems, file=sys.stderr, flush=True)
    results[which] = rows


if __name__ == "__main__":
    sys.exit(main())
