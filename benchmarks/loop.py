"""From a new batch to the approval request, and from the approval to the verified rollback, warm and cold.

The generated subscriptions run through a real Airflow and a real MLflow on this machine. On each day somebody sets a
bad version as champion by hand; the day is announced; the request is answered; the rollback is awaited.
"""

from __future__ import annotations

import os
import sys
import time
from datetime import date, timedelta
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from airmedic_core.settings import Settings
from airmedic_core.simulate.by_hand import deploy_unfinished_experiment
from airmedic_core.simulate.production import begin, reference_window, write_day
from airmedic_core.simulate.story import Day
from airmedic_core.simulate.subscriptions import World
from airmedic_core.workspace import Workspace
from airmedic_local.airflow_client import AirflowClient, moment
from airmedic_local.approver import Approver
from airmedic_local.installation import Installation
from airmedic_local.process import wait_until

MODEL = "subscription_churn"
DAYS = 4
"""The first day is not counted: workers are forked and pages of the disk are read."""
LIMITS_SECONDS = {"batch → request": 15.0, "approval → verified rollback": 5.0}


def main() -> None:
    """Print both times, with warm workers and with cold ones."""
    taken = {"warm": _measure(warm=True), "cold": _measure(warm=False)}
    print(
        f"{'median of ' + str(DAYS - 1) + ' days (s)':32}{'warm':>8}{'max':>8}{'cold':>8}{'limit':>8}{'cold/warm':>11}"
    )
    for name, limit in LIMITS_SECONDS.items():
        warm, cold = (median(taken[kind][name][1:]) for kind in ("warm", "cold"))
        most = max(taken["warm"][name][1:])
        print(f"{name:32}{warm:8.1f}{most:8.1f}{cold:8.1f}{limit:8.0f}{cold / warm:11.1f}")


def _measure(*, warm: bool) -> dict[str, list[float]]:
    taken: dict[str, list[float]] = {name: [] for name in LIMITS_SECONDS}
    with TemporaryDirectory() as home, Installation(Path(home), env={"AIRMEDIC_WARM_IMPORTS": str(int(warm))}) as local:
        environment = local.environment()
        os.environ["AIRMEDIC_HOME"] = environment["AIRMEDIC_HOME"]  # the spec's path names it
        ws = Workspace.open(MODEL, Settings.from_env(environment))
        client = local.client()
        client.wait_for_dags([f"monitor__{MODEL}", f"remediate__{MODEL}"])
        client.unpause(f"monitor__{MODEL}")
        begin(ws)
        first = reference_window(ws).end.date()
        # A bad version is known by comparison with the one that served before it.
        client.wait_for_run(f"monitor__{MODEL}", _announce(ws, client, first))
        for number in range(1, DAYS + 1):
            request, rollback = _one_day(ws, client, first + timedelta(days=number))
            taken["batch → request"].append(request)
            taken["approval → verified rollback"].append(rollback)
    return taken


def _announce(ws: Workspace, client: AirflowClient, day: date) -> str:
    write_day(ws, day, World())
    window = Day(day.isoformat(), "", "quiet").window
    conf = {"window_start": window.start.isoformat(), "window_end": window.end.isoformat()}
    return client.trigger(f"monitor__{MODEL}", conf | {"as_of": window.end.isoformat()})


def _one_day(ws: Workspace, client: AirflowClient, day: date) -> tuple[float, float]:
    deploy_unfinished_experiment(ws, reference_window(ws))
    arrived = time.time()
    _announce(ws, client, day)
    approver = Approver(client)
    wait_until(lambda: bool(approver.step()), what="the approval request", timeout_seconds=180, poll_seconds=0.2)
    answered = approver.answered[0]
    run_id = answered["task_instance"]["dag_run_id"]

    def rolled_back() -> bool:
        return client.task_states(f"remediate__{MODEL}", run_id).get("roll_back") == "success"

    wait_until(rolled_back, what="the rollback", timeout_seconds=60, poll_seconds=0.2)
    client.wait_for_run(f"remediate__{MODEL}", run_id)
    [action] = ws.ledger.actions(incident_id=run_id)
    [approval] = ws.ledger.approvals(action.proposal_hash)
    if action.status != "done" or action.finished_at is None:
        sys.exit(f"The rollback is {action.status}: {action.summary}")
    asked = moment(answered["created_at"]).timestamp()
    return asked - arrived, (action.finished_at - approval.at).total_seconds()


if __name__ == "__main__":
    main()
