"""Approvals in a real Airflow: answers, refusals, and nobody answering."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from tests.airflow.running.steps import ended, incident_of, parked, wait_for

if TYPE_CHECKING:
    from tests.airflow.conftest import Running


def test_an_approval_lets_the_action_run(running: Running, ask: Any) -> None:
    from airmedic_core.training.fit import trained_window

    ledger = running.workspace().ledger
    run_id, question = ask(action="retrain")
    before = running.workspace().registry.champion("meter").version
    assert question["subject"] == "Retrain Test meter?"
    incident = incident_of(running, run_id)
    (retrain,) = ledger.proposals(incident.id)
    assert retrain.hash in question["body"]
    proposed = datetime.fromisoformat(retrain.params["window_start"])
    wider, narrower = ((proposed + timedelta(days=days)).isoformat() for days in (-1, 1))
    running.client("boris").answer(question, "Approve", {"window_start": wider})
    # Airflow's page keeps what it has shown; a client sees it with the fields of its form.
    question = parked(running, run_id)
    assert question["params"]["window_start"]["value"] == retrain.params["window_start"]
    (refused,) = ledger.approvals(retrain.hash)
    assert "First moment of the training rows is" in refused.refused_because
    running.client("boris").answer(question, "Approve", {"comment": "go on", "window_start": narrower})

    deployment = parked(running, run_id, "approve_deploy")
    running.client("carol").answer(deployment, "Approve")  # the second tier may answer at any time
    state, tasks = ended(running, run_id)
    assert state == "success", tasks
    assert (tasks["deploy"], tasks["complete_deployment"]) == ("success", "success")
    assert (tasks["roll_back_deployment"], tasks["roll_back"], tasks["improve_and_retrain"]) == ("skipped",) * 3
    assert running.workspace().registry.champion("meter").version != before
    assert ledger.incident(incident.id).state == "resolved"
    narrowed = next(proposal for proposal in ledger.proposals(incident.id) if proposal.parent == retrain.hash)
    learns_from = narrowed.params["learns_from"]
    assert narrowed.params == retrain.params | {"window_start": narrower, "learns_from": learns_from}
    assert 0 < learns_from["rows"] < retrain.params["learns_from"]["rows"]
    champion = running.workspace().registry.champion("meter")
    assert champion.tags["airmedic.proposal_hash"] == narrowed.hash
    trained = trained_window(champion)
    assert trained is not None
    assert trained.start >= datetime.fromisoformat(narrower) > proposed
    (approval,) = ledger.approvals(narrowed.hash)
    assert (approval.answer, approval.by, approval.comment, approval.channel) == (
        "approve",
        "boris",
        "go on",
        "airflow",
    )


def test_a_rejection_skips_the_action(running: Running, ask: Any) -> None:
    run_id, question = ask(action="retrain")
    before = running.workspace().registry.champion("meter").version
    running.client("anna").answer(question, "Reject", {"comment": "not now"})
    state, tasks = ended(running, run_id)
    assert state == "success", tasks
    assert {tasks[task_id] for task_id in ("retrain", "evaluate_gate", "approve_deploy", "deploy")} == {"skipped"}
    incident = incident_of(running, run_id)
    assert (incident.state, incident.resolution["outcome"]) == ("rejected", "rejected")
    assert running.workspace().registry.champion("meter").version == before


def test_only_approvers_answer_and_only_once(running: Running, ask: Any) -> None:
    from airmedic_local.airflow_client import WAITING_STATES
    from airmedic_local.errors import RequestRefusedError

    run_id, question = ask(action="retrain")
    with pytest.raises(RequestRefusedError) as refused:
        running.client("mallory").answer(question, "Approve")
    assert refused.value.status == 403
    assert running.client().task_states("remediate__meter", run_id)["approve_retrain"] in WAITING_STATES
    running.client("anna").answer(question, "Reject")
    with pytest.raises(RequestRefusedError) as refused:
        running.client("boris").answer(question, "Approve")
    assert refused.value.status == 409
    # What Airflow refuses it keeps in its own audit log.
    log = running.client().request("GET", "/eventLogs", params={"run_id": run_id, "limit": 100})["event_logs"]
    assert {"mallory", "boris"} <= {entry["owner"] for entry in log}
    ended(running, run_id)


def test_nobody_answering_tells_the_second_tier_and_then_rejects(running: Running, unanswered: str) -> None:
    run_id = unanswered
    state, tasks = ended(running, run_id, "hasty")
    assert (state, tasks["retrain"]) == ("success", "skipped")
    # Airflow may fail a task that parks for seconds only, and its retry goes on waiting: any of its tries tells it.
    path = f"/dags/remediate__hasty/dagRuns/{run_id}/taskInstances/approve_retrain"
    newest = running.client().request("GET", path)["try_number"]
    tries = range(1, newest + 1)
    logs = [running.client().task_log("remediate__hasty", run_id, "approve_retrain", number) for number in tries]
    assert any("Now asked: carol." in log for log in logs)
    incident = incident_of(running, run_id, "hasty")
    assert (incident.state, incident.resolution["outcome"]) == ("rejected", "unanswered")


def test_an_answer_to_a_proposal_that_has_changed_is_refused(running: Running, ask: Any) -> None:
    from dataclasses import replace

    run_id, question = ask(action="retrain")
    ledger = running.workspace().ledger
    (seen,) = ledger.proposals(incident_of(running, run_id).id)
    ledger.record_proposal(replace(seen, expected="Something else.", created_at=datetime.now(UTC)))
    running.client("anna").answer(question, "Approve")
    _, tasks = ended(running, run_id)
    assert (tasks["approve_retrain"], tasks["retrain"]) == ("success", "skipped")
    (answer,) = ledger.approvals(seen.hash)
    assert "the proposal has changed" in answer.refused_because


def test_two_people_are_asked_where_the_policy_says_so(running: Running, ask: Any) -> None:
    run_id, question = ask("careful", action="retrain")
    assert "Two different people have to approve" in question["body"]
    for person in ("anna", "anna", "boris"):
        running.client(person).answer(parked(running, run_id), "Approve")
    deployment = parked(running, run_id, "approve_deploy")
    running.client("anna").answer(deployment, "Reject")
    assert ended(running, run_id, "careful")[1]["retrain"] == "success"
    ledger = running.workspace("careful").ledger
    retrain = next(
        proposal
        for proposal in ledger.proposals(incident_of(running, run_id, "careful").id)
        if proposal.action == "retrain"
    )
    assert [(approval.by, bool(approval.refused_because)) for approval in ledger.approvals(retrain.hash)] == [
        ("anna", False),
        ("anna", True),
        ("boris", False),
    ]


def test_an_alarm_that_goes_quiet_before_the_action_is_asked_about_again(running: Running) -> None:
    from airmedic_core.records import Assessment, Batch, Cause, Severity
    from airmedic_core.windows import Window
    from tests.airflow.production import meter

    model, client = "calm", running.client()
    running.adopt(model)
    client.trigger(f"monitor__{model}", meter.day(22), run_id="alarm")
    client.wait_for_run(f"monitor__{model}", "alarm")
    incident_id = client.xcom(f"monitor__{model}", "alarm", "open_incident")["incident_id"]
    question = parked(running, incident_id)
    asking = question["task_instance"]["task_id"]

    ledger = running.workspace(model).ledger
    start = meter.START + timedelta(days=23)
    batch = Batch(model, Window(start, start + timedelta(days=1)), start + timedelta(days=1), 144)
    ledger.record_batch(batch, model_version="1")
    ledger.record_assessment(
        batch, Assessment(batch.id, "healthy", Cause.HEALTHY, Severity.LOW, "Nothing unusual.", "")
    )
    client.answer(question, "Approve")
    state, tasks = ended(running, incident_id, model)
    assert (state, tasks[asking.removeprefix("approve_")]) == ("success", "skipped"), tasks
    assert ledger.incident(incident_id).state == "diagnosed"

    def asked_again() -> str:
        runs = client.runs(f"remediate__{model}")
        return next((run["dag_run_id"] for run in runs if "__again__" in run["dag_run_id"]), "")

    again = parked(running, wait_for(asked_again, "The second question"))
    assert again["body"].startswith("## The alarm has gone quiet:")
    assert again["task_instance"]["task_id"] == asking
    client.answer(again, "Reject", {"comment": "it is over", "snooze": "1 day"})
    state, tasks = ended(running, again["task_instance"]["dag_run_id"], model)
    assert (state, tasks[asking.removeprefix("approve_")]) == ("success", "skipped"), tasks
    assert ledger.incident(incident_id).resolution["outcome"] == "rejected"
