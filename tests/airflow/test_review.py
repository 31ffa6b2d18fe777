"""The review of a model, as an operator and as a run in a real Airflow."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from tests.airflow.production import meter

if TYPE_CHECKING:
    from airmedic_core.workspace import Workspace
    from tests.airflow.conftest import Running

KEY = "checks.drift.least_effect"


def false_alarms(workspace: Workspace) -> None:
    """Record three windows whose alarm on ``load`` turned out harmless."""
    from airmedic_core.records import Assessment, Batch, Cause, Finding, Incident, IncidentState, Severity, Verdict
    from airmedic_core.windows import Window

    name, ledger, cause = workspace.spec.name, workspace.ledger, Cause.HARMLESS_COVARIATE_SHIFT
    for day, effect in enumerate((0.12, 0.13, 0.14)):
        start = meter.START + timedelta(days=day)
        window = Window(start, start + timedelta(days=1))
        batch = Batch(name, window, window.end, 144)
        moved = Finding("drift", "load", "mean", Verdict.ALERT, value=0.2, limit=0.1, effect=effect, suggests=(cause,))
        ledger.record_findings(batch, "drift", [moved], model_version="1")
        ledger.record_assessment(
            batch, Assessment(batch.id, "incident", cause, Severity.LOW, "load moved", f"print-{day}")
        )
        ledger.open_incident(
            Incident(
                id=batch.id, model=name, state=IncidentState.OPEN, severity=Severity.LOW, cause=cause,
                headline="load moved", fingerprint=f"print-{day}", window=window, as_of=window.end,
                batch_ids=(batch.id,), opened_at=window.end,
            )
        )  # fmt: skip
        ledger.move_incident(batch.id, IncidentState.RESOLVED)


def execute(workspace_name: str, run_id: str) -> tuple[dict[str, Any], Any]:
    from airmedic.operators.review import ReviewOperator

    pushed: dict[str, Any] = {}
    operator = ReviewOperator(task_id="review", model=workspace_name)
    task = SimpleNamespace(xcom_push=lambda key, value: pushed.update({key: value}), map_index=-1)
    return pushed, operator.execute({"ti": task, "task": operator, "run_id": run_id})  # type: ignore[typeddict-item]


def test_the_operator_proposes_what_the_last_windows_suggest(content: Path) -> None:
    import shutil

    from airmedic.hooks.workspace import open_workspace

    shutil.copytree(Path(__file__).parents[2] / "include" / "policies", content / "policies")
    workspace = open_workspace("alpha")
    false_alarms(workspace)
    pushed, result = execute("alpha", "r1")
    proposal = workspace.ledger.proposal(pushed["threshold_hash"])
    assert (proposal.params["key"], proposal.params["value"]) == (KEY, 0.15)
    assert pushed["expectation_hash"] == ""
    assert result == {"incident_id": proposal.incident_id, "upstream": []}
    assert execute("alpha", "r1")[0] == pushed, "a retry proposes the same"


def test_nothing_to_say_leaves_no_record(content: Path) -> None:
    from airmedic.hooks.workspace import open_workspace

    pushed, result = execute("alpha", "r1")
    assert set(pushed.values()) == {""}
    assert result == {"incident_id": "", "upstream": []}
    assert open_workspace("alpha").ledger.incidents() == []


@pytest.mark.airflow
@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning")
def test_an_approved_threshold_holds_until_it_is_taken_back(running: Running) -> None:
    from tests.airflow.test_running import parked

    dag_id, client = "review__reviewed", running.client()
    nothing = client.trigger(dag_id, {})
    assert client.wait_for_run(dag_id, nothing, timeout_seconds=240)["state"] == "success"
    assert set(client.task_states(dag_id, nothing).values()) == {"success", "skipped"}

    workspace = running.workspace("reviewed")
    false_alarms(workspace)
    run_id = client.trigger(dag_id, {})
    question = parked(running, run_id)
    assert question["subject"] == "Change a setting of Test reviewed?"
    assert "3 false alarms" in question["body"]
    running.client("anna").answer(question, "Approve")
    assert client.wait_for_run(dag_id, run_id, timeout_seconds=240)["state"] == "success"
    states = client.task_states(dag_id, run_id)
    assert (states["apply_threshold"], states["apply_expectation"]) == ("success", "skipped")

    changed = running.workspace("reviewed")
    assert changed.spec.checks["drift"] == {"least_effect": 0.15}
    (override,) = changed.ledger.overrides("reviewed", "setting")
    assert override.author == "anna"
    incident = changed.ledger.incident(client.xcom(dag_id, run_id, "review")["incident_id"])
    assert (incident.state, incident.resolution["outcome"]) == ("resolved", "changed")
    changed.ledger.revoke_override("reviewed", "setting", KEY, author="boris")
    assert "drift" not in running.workspace("reviewed").spec.checks


@pytest.mark.airflow
@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning")
def test_the_evidence_tells_how_the_upstream_pipeline_ran(running: Running) -> None:
    client = running.client()
    moment = {"logical_date": datetime.now(UTC).isoformat()}  # runs without one are not told
    broken = client.request("POST", "/dags/ingest/dagRuns", json=moment)["dag_run_id"]
    assert client.wait_for_run("ingest", broken, timeout_seconds=240)["state"] == "failed"
    dag_id = "remediate__reviewed"
    run_id = client.trigger(dag_id, {"action": "diagnose_only", "reason": "Why is it late?"})
    client.wait_for_run(dag_id, run_id, timeout_seconds=240)
    packet = running.workspace("reviewed").ledger.packet(client.xcom(dag_id, run_id, "collect_evidence")["incident_id"])
    assert packet is not None
    (told,) = [item for item in packet.items if item.kind == "upstream"]
    assert "ended in failed in 1 task (extract)" in told.statement
