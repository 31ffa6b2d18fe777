"""The review in a real Airflow, and what it knows of other DAGs."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from airmedic_core.records import IncidentState
from tests.airflow.production.alarms import KEY, false_alarms
from tests.airflow.running.steps import ended, parked, wait_for

if TYPE_CHECKING:
    from tests.airflow.conftest import Running


def test_an_approved_threshold_holds_until_it_is_taken_back(running: Running) -> None:
    dag_id, client = "review__reviewed", running.client()
    nothing = client.trigger(dag_id, {})
    assert client.wait_for_run(dag_id, nothing)["state"] == "success"
    assert set(client.task_states(dag_id, nothing).values()) == {"success", "skipped"}

    workspace = running.workspace("reviewed")
    false_alarms(workspace)
    run_id = client.trigger(dag_id, {})
    question = parked(running, run_id)
    assert question["subject"] == "Change a setting of Test reviewed?"
    assert "3 false alarms" in question["body"]
    running.client("anna").answer(question, "Approve")
    assert client.wait_for_run(dag_id, run_id)["state"] == "success"
    states = client.task_states(dag_id, run_id)
    assert (states["apply_setting"], states["apply_expectation"]) == ("success", "skipped")

    changed = running.workspace("reviewed")
    assert changed.spec.checks["drift"] == {"least_effect": 0.15}
    (override,) = changed.ledger.overrides("reviewed", "setting")
    assert override.author == "anna"
    incident = changed.ledger.incident(client.xcom(dag_id, run_id, "review")["incident_id"])
    assert (incident.state, incident.resolution["outcome"]) == ("resolved", "changed")
    changed.ledger.revoke_override("reviewed", "setting", KEY, author="boris")
    assert "drift" not in running.workspace("reviewed").spec.checks


def test_a_rejected_alarm_that_was_not_the_first_starts_a_review(running: Running) -> None:
    model, client = "delegated", running.client()
    running.adopt(model)
    workspace = running.workspace(model)
    false_alarms(workspace)
    before = workspace.ledger.incidents(model)[0]
    fourth = replace(before, id="fourth", fingerprint="fourth", state=IncidentState.OPEN, closed_at=None)
    workspace.ledger.open_incident(fourth)
    run_id = client.trigger(
        f"remediate__{model}", {"incident_id": "fourth", "action": "retrain", "reason": "A test asks."}
    )
    client.answer(parked(running, run_id), "Reject")
    assert ended(running, run_id, model)[0] == "success"
    assert workspace.ledger.incident("fourth").state is IncidentState.REJECTED

    def reviews() -> list[str]:
        return [run["dag_run_id"] for run in client.runs(f"review__{model}") if "false_alarms" in run["dag_run_id"]]

    (review_run,) = wait_for(reviews, "The review")
    assert review_run.startswith("after_false_alarms__")
    assert "3 false alarms" in parked(running, review_run)["body"]
    (made,) = [
        incident for incident in workspace.ledger.incidents(model) if incident.resolution.get("requested") == "review"
    ]
    assert made.resolution["requested_by"] == "the review after false alarms"
    client.request("PATCH", f"/dags/review__{model}/dagRuns/{review_run}", json={"state": "failed"})


def test_the_evidence_tells_how_the_upstream_pipeline_ran(running: Running) -> None:
    client = running.client()
    moment = {"logical_date": datetime.now(UTC).isoformat()}  # runs without one are not told
    broken = client.request("POST", "/dags/ingest/dagRuns", json=moment)["dag_run_id"]
    assert client.wait_for_run("ingest", broken)["state"] == "failed"
    dag_id = "remediate__reviewed"
    run_id = client.trigger(dag_id, {"action": "diagnose_only", "reason": "Why is it late?"})
    client.wait_for_run(dag_id, run_id)
    packet = running.workspace("reviewed").ledger.packet(client.xcom(dag_id, run_id, "collect_evidence")["incident_id"])
    assert packet is not None
    (told,) = [item for item in packet.items if item.kind == "upstream"]
    assert "ended in failed in 1 task (extract)" in told.statement
