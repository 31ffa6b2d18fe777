"""What a newcomer does after a bad deployment, in a real Airflow: roll back twice, insist, and return."""

from __future__ import annotations

import warnings
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from tests.airflow.production import meter
from tests.airflow.running.steps import ended, incident_of, new_run_id, parked

if TYPE_CHECKING:
    from tests.airflow.conftest import Running

MODEL, REASON = "returned", "the auditors want to see it"


def deploy_badly(running: Running) -> None:
    """Put a version into service that has learned another relation."""
    from airmedic_core.records import Assessment, Batch, Cause, Severity
    from airmedic_core.training.fit import train
    from airmedic_core.windows import Window

    rows = running.installation.home / "other.csv"
    meter.write_rows(rows, turn=0)
    workspace = running.workspace(MODEL)
    data = workspace.spec.data.model_copy(update={"path": str(rows)})
    elsewhere = replace(workspace, spec=workspace.spec.model_copy(update={"data": data}))
    start, now = meter.START, datetime.now(UTC)
    for number in range(15, meter.DAYS):
        # The windows were monitored: the newest of them are what versions are compared on.
        window = Window(start + timedelta(days=number), start + timedelta(days=number + 1))
        batch = Batch(MODEL, window, window.end, 144)
        workspace.ledger.record_batch(batch, model_version="1")
        assessment = Assessment(batch.id, "healthy", Cause.HEALTHY, Severity.LOW, "Nothing unusual.", "")
        workspace.ledger.record_assessment(batch, assessment)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # MLflow's own, where it reads type hints
        train(elsewhere, Window(start, start + timedelta(days=15)), start + timedelta(days=20), {"method": "default"})
    workspace.registry.switch(MODEL, "2", kind="deploy", by="anna", expected=("1",), now=now)


def ask(running: Running, **form: str) -> str:
    conf = {"action": "rollback", "reason": "Customers complain.", **form}
    return running.client("anna").trigger(f"remediate__{MODEL}", conf, run_id=new_run_id())


def approved(running: Running, run_id: str) -> tuple[dict[str, Any], Any]:
    """Let somebody else approve what a run asks; returns the question and the incident."""
    question = parked(running, run_id, "approve_rollback")
    running.client("boris").answer(question, "Approve")
    state, tasks = ended(running, run_id, MODEL)
    assert (state, tasks["roll_back"]) == ("success", "success"), tasks
    return question, incident_of(running, run_id, MODEL)


def test_after_a_bad_deployment_nobody_is_led_back_to_it(running: Running) -> None:
    running.adopt(MODEL)
    deploy_badly(running)
    workspace = running.workspace(MODEL)

    # The bad version is taken out, and that is measured.
    question, incident = approved(running, ask(running))
    assert "🔴" not in question["body"]
    assert workspace.registry.champion(MODEL).version == "1"
    assert (incident.state, incident.resolution["outcome"]) == ("resolved", "rolled_back")
    assert incident.resolution["before"] < 0.5 < incident.resolution["after"]

    # To roll back to the previous version would be to go back to it: that is refused, and people are told why.
    again = ask(running)
    state, tasks = ended(running, again, MODEL)
    assert (state, tasks["approve_rollback"], tasks["roll_back"]) == ("success", "skipped", "skipped"), tasks
    (decision,) = workspace.ledger.decisions(incident_of(running, again, MODEL).id)
    (refused,) = decision["skipped"]
    assert refused["action"] == "rollback"
    assert "version 2 was rolled back on" in refused["reason"]
    assert workspace.registry.champion(MODEL).version == "1"

    # Somebody may insist. The approver sees it in red, and what fell is not resolved.
    question, incident = approved(running, ask(running, version="2", override=REASON))
    first_line = question["body"].splitlines()[0]
    assert first_line.startswith("## 🔴 Version 2 was rolled back on")
    assert "clearly worse" in first_line
    assert f"This is overridden: anna says: {REASON}" in first_line
    assert workspace.registry.champion(MODEL).version == "2"
    assert (incident.state, incident.resolution["outcome"]) == ("escalated", "worse")
    assert incident.resolution["after"] < 0.5 < incident.resolution["before"]

    # The way back needs no override: the version that served before has done nothing wrong.
    question, incident = approved(running, ask(running))
    assert "🔴" not in question["body"]
    assert workspace.registry.champion(MODEL).version == "1"
    assert (incident.state, incident.resolution["outcome"]) == ("resolved", "rolled_back")
    assert workspace.ledger.audit_problems()[0] == []
