"""Kills processes, cuts lines and fills disks while actions are carried out, and prints what came of it.

    python -m tests.chaos [--on sqlite,postgres,mlflow] [--actions rollback,deploy] [--minutes 30] [--workers 3]

What is done is carried out to its end by other processes, as Airflow's retries do it; then everything must be there
once, approved, and on record.
"""

from __future__ import annotations

import argparse
import multiprocessing
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from contextlib import ExitStack
from pathlib import Path

from airmedic_core.errors import closest
from tests.chaos.kills import kills_of, steps_of
from tests.chaos.outages import outages_of
from tests.chaos.place import Place, Services
from tests.chaos.services import a_line, a_postgres, a_small_disk, an_mlflow
from tests.chaos.tables import kills_table, outages_table
from tests.chaos.trials import Row, run_trials

SQLITE, POSTGRES, MLFLOW = "sqlite", "postgres", "mlflow"
TITLES = {SQLITE: "ledger in SQLite", POSTGRES: "ledger in Postgres", MLFLOW: "MLflow on a server"}


def trials_of(action: str, on: str, root: Path, services: Services, *, most_seconds: float) -> list[Row]:
    """Run the trials of an action, and return its kills first and then its outages.

    Parameters
    ----------
    action : str
        The action.
    on : str
        ``sqlite``, ``postgres`` or ``mlflow``: what is underneath.
    root : Path
        A folder.
    services : Services
        What runs beside.
    most_seconds : float
        When no further trial begins.
    """
    # Whatever a process says on the way is not part of the tables.
    warnings.simplefilter("ignore")
    with ExitStack() as stack:
        if on == POSTGRES:
            services = stack.enter_context(a_line(services, root))
            if services.postgres_is_own:
                services = stack.enter_context(a_small_disk(services, action))
        place = Place(action, root / on / action, services)
        stack.callback(place.close)
        if services.small_disk:
            stack.callback(place.give_up_database)
        steps = steps_of(place)
        # On an MLflow server there is nothing new to be killed: a client's steps are the same.
        kills, killing = (Row(action, steps=steps), []) if on == MLFLOW else kills_of(place, steps)
        rows, outages = outages_of(place, steps)
        run_trials([*killing, *outages], most_seconds=most_seconds, where=f"{on} {action}")
    return [kills, *rows]


def main() -> int:
    """Run the trials and print the tables."""
    from tests.chaos.cases import CASES

    chosen = _chosen(list(CASES))
    import mlflow  # noqa: F401  loaded once: the processes that are killed are forks of this one
    import sklearn.ensemble  # noqa: F401

    names, places, started = chosen.actions, chosen.on, time.monotonic()
    writing = [name for name in names if CASES[name].writes_to_mlflow]
    beside, after = len(names) * sum(on != MLFLOW for on in places), len(writing) * (MLFLOW in places)
    seconds = 60 * chosen.minutes / max(beside / chosen.workers + after, 1)
    results = dict[tuple[str, str], list[Row]]()
    with tempfile.TemporaryDirectory() as home, a_postgres(chosen.postgres, wanted=POSTGRES in places) as server:
        root, services = Path(home), Services(postgres=server, postgres_is_own=not chosen.postgres)
        if POSTGRES in places and not server:
            print("Postgres is not installed: its trials are left out.", file=sys.stderr)
            places.remove(POSTGRES)
        for which, rows in _beside_each_other(names, places, root, services, chosen.workers, seconds):
            _keep(results, which, rows)
        if MLFLOW in places:
            with an_mlflow(root) as served:
                for name in writing:
                    _keep(results, (MLFLOW, name), trials_of(name, MLFLOW, root, served, most_seconds=seconds))
    ordered = sorted(results.items(), key=lambda result: (places.index(result[0][0]), names.index(result[0][1])))
    return _told(ordered, places, (time.monotonic() - started) / 60)


def _chosen(known: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--on", metavar="PLACES", default="", help="only on these: sqlite, postgres, mlflow (a server)")
    parser.add_argument("--actions", metavar="NAMES", default="", help=f"only these: {', '.join(known)}")
    parser.add_argument("--minutes", type=float, default=float("inf"), help="how long to run: some trials of each kind")
    parser.add_argument("--workers", type=int, default=3, help="trials that run beside each other; most of them wait")
    parser.add_argument("--postgres", metavar="URL", default="", help="a server for ledgers; its own where not given")
    chosen = parser.parse_args()
    for option, offered in (("on", list(TITLES)), ("actions", known)):
        values = [value for value in getattr(chosen, option).split(",") if value] or list(offered)
        if unknown := [value for value in values if value not in offered]:
            parser.error(f"--{option}: {unknown[0]!r} is none of {', '.join(offered)}. {closest(unknown[0], offered)}")
        setattr(chosen, option, values)
    return chosen


def _beside_each_other(
    names: list[str], places: list[str], root: Path, services: Services, workers: int, most_seconds: float
) -> Iterator[tuple[tuple[str, str], list[Row]]]:
    """Run the trials of actions in processes of their own, and yield what came of each action as it ends."""
    with ProcessPoolExecutor(workers, mp_context=multiprocessing.get_context("fork")) as pool:
        tasks = {
            pool.submit(
                trials_of, name, on, root, services if on == POSTGRES else Services(), most_seconds=most_seconds
            ): (on, name)
            for on in places
            if on != MLFLOW
            for name in names
        }
        for task in as_completed(tasks):
            which, error = tasks[task], task.exception()
            failed = f"{which[1]}: the trials themselves failed: {error!r}"
            yield which, task.result() if error is None else [Row(which[1], problems=[failed])]


def _keep(results: dict[tuple[str, str], list[Row]], which: tuple[str, str], rows: list[Row]) -> None:
    trials, problems = sum(row.trials for row in rows), [problem for row in rows for problem in row.problems]
    told = f"{' '.join(which)} is through: {trials} trials, {len(problems)} problems"
    print(told, *problems, sep="\n", file=sys.stderr, flush=True)
    results[which] = rows


def _told(ordered: list[tuple[tuple[str, str], list[Row]]], places: list[str], minutes: float) -> int:
    lines = []
    for on in (on for on in places if on != MLFLOW):
        lines += kills_table([rows[0] for (where, _), rows in ordered if where == on], TITLES[on])
    lines += outages_table((TITLES[on], row) for (on, _), rows in ordered for row in rows[1:])
    every = [row for _, rows in ordered for row in rows]
    problems = [problem for row in every for problem in row.problems]
    trials, left_out = sum(row.trials for row in every), sum(row.left_out for row in every)
    for_lack = f", {left_out} left out for lack of time" if left_out else ""
    print(
        f"Measured on commit `{_commit()}` ({trials} trials in {minutes:.0f} minutes{for_lack}):", "", *lines, sep="\n"
    )
    print(f"{len(problems)} problems", *problems, sep="\n")
    return 1 if problems else 0


def _commit() -> str:
    asked = subprocess.run(
        ["git", "describe", "--always", "--dirty", "--exclude", "*"], capture_output=True, text=True, check=False
    )
    return asked.stdout.strip() or "unknown"


if __name__ == "__main__":
    sys.exit(main())
