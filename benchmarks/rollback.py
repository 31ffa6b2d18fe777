"""From the approval of a rollback to a verified champion, and from a watch that fails to the old version restored.

Before and after the switch of a rollback both versions are compared. A watch that fails needs no further approval.

In one process, on a generated production with its ledger and MLflow in SQLite: what Airflow needs to start a task comes
on top, and is part of the benchmark ``loop``.
"""

from __future__ import annotations

import argparse
import tempfile
import warnings
from dataclasses import replace
from pathlib import Path
from statistics import median
from time import perf_counter

from airmedic.testing.production import NOW, approved, day, incident_of, observe, renewals, workspace
from airmedic_core.actions import ACTIONS
from airmedic_core.execution import carry_out, undo
from airmedic_core.records import Cause
from airmedic_core.rollout import health
from airmedic_core.training.adopt import adopt
from airmedic_core.training.fit import train
from airmedic_core.windows import Window
from airmedic_core.workspace import Workspace

LIMIT_SECONDS = 5.0
"""States what the project promises of an approved rollback …"""
WATCH_LIMIT_SECONDS = 10.0
"""… and of a watch that fails."""

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
        ws = _production(Path(home), chosen.rows_per_day, days=_SERVED_DAYS.stop + 5 * chosen.repeats)
        days = range(_SERVED_DAYS.stop, _SERVED_DAYS.stop + 5 * chosen.repeats)
        # A watch comes first: a version that was rolled back has left as bad, and one that failed its watch as well.
        watched = {
            strategy: [
                _taken_back(ws, strategy, days[2 * (at * chosen.repeats + number)]) for number in range(chosen.repeats)
            ]
            for at, strategy in enumerate(("simple", "blue_green"))
        }
        seconds = [_rolled_back(ws, days[4 * chosen.repeats + number]) for number in range(chosen.repeats)]
    print(f"{f'{chosen.repeats} each, {chosen.rows_per_day:,} rows a day (s)':46}{'p50':>8}{'max':>8}{'limit':>8}")
    print(f"{'approval → verified rollback':46}{median(seconds):8.2f}{max(seconds):8.2f}{LIMIT_SECONDS:8.0f}")
    for strategy, taken in watched.items():
        what = f"watch that fails → old version, {strategy}"
        print(f"{what:46}{median(taken):8.2f}{max(taken):8.2f}{WATCH_LIMIT_SECONDS:8.0f}")


def _production(home: Path, rows_per_day: int, *, days: int) -> Workspace:
    ws = workspace(home, renewals(days, rows_per_day))
    (home / "policies").mkdir()
    (home / "policies" / "default.yaml").write_text("permissions: [{actions: [rollback, deploy], permission: ask}]")
    adopt(ws, by="anna")
    for number in _SERVED_DAYS:
        observe(ws, number, outcome="healthy", cause=Cause.HEALTHY)
    train(ws, Window(day(0), day(40)), day(42), {})
    return ws


def _taken_back(ws: Workspace, strategy: str, number: int) -> float:
    """Return how long it takes from the question how a bad deployment does until the version before serves again."""
    rollout = ws.spec.rollout.model_copy(update={"strategy": strategy, "watch_windows": 1})
    ws = replace(ws, spec=ws.spec.model_copy(update={"rollout": rollout}))
    incident = incident_of(ws, number)
    proposal = approved(ws, incident, "deploy", {"version": "2", "gate": {"champion": "1"}, "number": number})
    carry_out(ws, proposal.hash, now=NOW)
    observe(ws, number + 1, cause=Cause.BAD_DEPLOYMENT)
    started = perf_counter()
    state = health(ws, proposal, now=NOW)
    ws.ledger.record_watch(proposal.hash, state.status, state.reasons)
    result = undo(ws, proposal.hash, now=NOW)
    seconds = perf_counter() - started
    if (state.status, result.status, ws.registry.champion(ws.spec.name).version) != ("unhealthy", "undone", "1"):
        raise SystemExit(f"The watch is {state.status}, the deployment {result.status}: {result.summary}")
    return seconds


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
