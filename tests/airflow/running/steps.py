"""The steps of a test on a running Airflow."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.airflow.conftest import Running

WAIT_SECONDS = 600.0
"""Far more than anything takes: a busy machine is not a failure."""

SETTLE_SECONDS = 2.0
"""An answer in the first moments after parking can fail the task (Airflow 3.3); people are slower than that."""


def wait_for(condition: Callable[[], Any], what: str, seconds: float = WAIT_SECONDS) -> Any:
    give_up_at = time.monotonic() + seconds
    while not (found := condition()):
        if time.monotonic() > give_up_at:
            pytest.fail(f"{what} did not happen within {seconds:g} s.")
        time.sleep(0.3)
    return found


def parked(running: Running, run_id: str, task_id: str = "") -> dict[str, Any]:
    """Wait until a run asks, and return the Required Action."""
    client = running.client()

    def waiting() -> dict[str, Any] | None:
        tasks = [(each["task_instance"], each) for each in client.pending_approvals()]
        mine = [each for task, each in tasks if task["dag_run_id"] == run_id and task_id in ("", task["task_id"])]
        return mine[0] if mine else None

    detail: dict[str, Any] = wait_for(waiting, f"A question of {run_id}")
    time.sleep(SETTLE_SECONDS)
    return detail


def ended(running: Running, run_id: str, model: str = "meter") -> tuple[str, dict[str, str | None]]:
    """Wait for the end of a remediation; returns its state and those of its tasks."""
    client = running.client()
    run = client.wait_for_run(f"remediate__{model}", run_id)
    return run["state"], client.task_states(f"remediate__{model}", run_id)


def incident_of(running: Running, run_id: str, model: str = "meter") -> Any:
    found = running.client().xcom(f"remediate__{model}", run_id, "collect_evidence")
    return running.workspace(model).ledger.incident(found["incident_id"])
