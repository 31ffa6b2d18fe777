"""From the approval of a rollback to a verified champion, with both versions compared before and after the switch.

In one process, on a generated production with its ledger and MLflow in SQLite: what Airflow needs to start a task comes
on top, and is part of the benchmark ``loop``.
"""

from __future__ import annotations

import argparse
import tempfile
import warnings
from pathlib import Path
from statistics import median
from time import perf_counter

from airmedic.testing.production import NOW, approved, day, incident_of, observe, renewals, workspace
from airmedic_core.actions import ACTIONS
from airmedic_core.execution import carry_out
from airmedic_core.records import Cause
from airmedic_core.training.adopt import adopt
from airmedic_core.training.fit import train
from airmedic_core.windows import Window
from airmedic_core.workspace import Workspace

LIMIT_SECONDS = 5.0
"""What the project promises."""

_SERVED_DAYS = range(30, 45)
"""Healthy days before the incidents: the newest of them are what versions are compared on."""


def main() -> None:
    """Print the median and the longest time of several rollbacks."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeats", type=int, default=10)
    parser.add_argument("--rows-per-day", type=int, default=2000)
    chosen = parser.parse_args()
    warnings.simplefilter("ignore")
    with tempfile.TemporaryDirectory() as home:
        ws = _production(Path(home), chosen.rows_per_day)
        seconds = [_rolled_back(ws, _SERVED_DAYS.stop + number) for number in range(chosen.repeats)]
    print(f"{'approval → verified rollback (s)':34}{'p50':>8}{'max':>8}{'limit':>8}")
    what = f"{chosen.repeats} rollbacks, {chosen.rows_per_day:,} rows a day"
    print(f"{what:34}{median(seconds):8.2f}{max(seconds):8.2f}{LIMIT_SECONDS:8.0f}")


def _production(home: Path, rows_per_day: int) -> Workspace:
    ws = workspace(home, renewals(per_day=rows_per_day))
    (home / "policies").mkdir()
    (home / "policies" / "default.yaml").write_text("permissions: [{actions: [rollback], permission: ask}]")
    adopt(ws, by="anna")
    for number in _SERVED_DAYS:
        observe(ws, number, outcome="healthy", cause=Cause.HEALTHY)
    train(ws, Window(day(0), day(40)), day(42), {})
    return ws


def _rolled_back(ws: Workspace, number: int) -> float:
    """Return how long it takes from an approval until the version before serves, verified."""
    ws.registry.switch(ws.spec.name, "2", kind="deploy", by="anna", expected=("1",), now=day(number))
    incident = incident_of(ws, number, Cause.BAD_DEPLOYMENT)
    params, _ = ACTIONS.member("rollback").plan(ws, incident, None)
    proposal = approved(ws, incident, "rollback", params)
    started = perf_counter()
    result = carry_out(ws, proposal.hash, now=NOW)
    seconds = perf_counter() - started
    if result.status != "done":
        raise SystemExit(f"The rollback is {result.status}: {result.summary}")
    return seconds


if __name__ == "__main__":
    main()
