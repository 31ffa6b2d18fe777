"""The steps of a test on a running Airflow."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import pytest

if TYPE_CHECKING:
    from tests.airflow.conftest import Running

WAIT_SECONDS = 600.0
"""Far more than anything takes: a busy machine is not a failure."""

SETTLE_SECONDS = 1.0
"""Between the scheduler's last word on a parked task and an answer."""


def new_run_id() -> str:
    """Return an id for a run: a request that names it can be sent again where Airflow's database is locked."""
    return f"asked__{uuid4().hex[:12]}"


def wait_for(condition: Callable[[], Any], what: str, seconds: float = WAIT_SECONDS) -> Any:
    give_up_at = time.monotonic() + seconds
    while not (outcome := condition()):
        if time.monotonic() > give_up_at:
            pytest.fail(f"{what} did not happen within {seconds:g} s.")
        time.sleep(0.3)
    return outcome


def parked(running: Running, run_id: str, task_id: str = "") -> dict[str, Any]:
    """Wait until a run asks, and return the Required Action."""
    client = running.client()

    def waiting() -> dict[str, Any] | None:
        tasks = [(approval["task_instance"], approval) for approval in client.pending_approvals()]
        mine = [
            approval for task, approval in tasks if task["dag_run_id"] == run_id and task_id in ("", task["task_id"])
        ]
        return mine[0] if mine else None

    detail: dict[str, Any] = wait_for(waiting, f"A question of {run_id}")
    asking = detail["task_instance"]["task_id"]
    wait_for(lambda: _is_settled(running, run_id, asking), f"The scheduler's word on {asking} of {run_id}")
    time.sleep(SETTLE_SECONDS)
    return detail


def _is_settled(running: Running, run_id: str, task_id: str) -> bool:
    """Return whether the scheduler knows of each process of a task that has ended by parking it.

    An answer before that fails the task (Airflow 3.3), and its retry asks again; people are slower than that.
    Airflow 3.2 defers the task.
    """
    told = (running.installation.logs / "scheduler.log").read_text(encoding="utf-8", errors="replace").splitlines()
    mine = [line for line in told if run_id in line and task_id in line]
    parked = sum("Pausing task as" in line for line in mine)
    return 0 < parked <= sum("TaskInstance Finished" in line for line in mine)


def ended(running: Running, run_id: str, model: str = "meter") -> tuple[str, dict[str, str | None]]:
    """Wait for the end of a remediation; returns its state and those of its tasks."""
    client = running.client()
    run = client.wait_for_run(f"remediate__{model}", run_id)
    return run["state"], client.task_states(f"remediate__{model}", run_id)


def incident_of(running: Running, run_id: str, model: str = "meter") -> Any:
    collected = running.client().xcom(f"remediate__{model}", run_id, "collect_evidence")
    return running.workspace(model).ledger.incident(collected["incident_id"])
