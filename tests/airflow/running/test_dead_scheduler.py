"""The scheduler is killed during a training, alone or with its workers, and the remediation comes to its end."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import psutil
import pytest

from tests.airflow.running.steps import ended, incident_of, parked, wait_for

if TYPE_CHECKING:
    from tests.airflow.conftest import Running


def scheduler_lives(running: Running) -> bool:
    """Return whether Airflow takes its scheduler for alive."""
    told = running.client().request("GET", "/monitor/health")
    return bool(told["scheduler"]["status"] == "healthy")


def lives(pid: int) -> bool:
    """Return whether a process runs; where nobody asks for its end, a killed one stays on as a zombie."""
    try:
        return bool(psutil.Process(pid).status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False


@pytest.mark.chaos
@pytest.mark.parametrize(
    ("model", "its_workers_too"),
    [
        # Airflow runs the task a second time beside the first, which it has lost from sight …
        ("orphaned", False),
        # … or nothing is left of the task but what the ledger holds.
        ("lost", True),
    ],
)
def test_a_remediation_outlives_the_scheduler(running: Running, ask: Any, model: str, its_workers_too: bool) -> None:
    run_id, question = ask(model, action="retrain")
    running.client("anna").answer(question, "Approve")
    marker = running.installation.home / f"{model}_training.pid"
    trains = int(wait_for(lambda: marker.exists() and marker.read_text(), "The training"))
    with running.without_scheduler(its_workers_too=its_workers_too):
        wait_for(lambda: lives(trains) is not its_workers_too, "The end of the task, or none")
        # A scheduler that comes back before Airflow takes the old one for dead leaves the tasks to that one.
        wait_for(lambda: not scheduler_lives(running), "Word of the scheduler's death")
    deployment = parked(running, run_id, "approve_deploy")
    running.client("boris").answer(deployment, "Approve")
    state, tasks = ended(running, run_id, model)
    assert (state, tasks["retrain"], tasks["deploy"]) == ("success",) * 3, tasks

    workspace = running.workspace(model)
    incident = incident_of(running, run_id, model)
    attempts = [(attempt.action, attempt.status) for attempt in workspace.ledger.actions(incident_id=incident.id)]
    assert attempts == [("retrain", "done"), ("deploy", "done")]
    assert [version.version for version in workspace.registry.versions(model)] == ["2", "1"]
    assert workspace.registry.champion(model).version == "2"
    assert [promotion.kind for promotion in workspace.ledger.promotions(model)] == ["deploy", "adopt"]
    assert incident.state == "resolved"
    assert workspace.ledger.audit_problems()[0] == []
