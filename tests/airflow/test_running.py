"""A real Airflow: approvals, refusals, timeouts, repair, and the isolation of broken specs."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import pytest

from tests.airflow.production import meter

if TYPE_CHECKING:
    from tests.airflow.conftest import Running

pytestmark = [
    pytest.mark.airflow,
    pytest.mark.slow,
    pytest.mark.timeout(600),
    # MLflow's client keeps connections to its server that nobody can close.
    pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning"),
]

SETTLE_SECONDS = 2.0
"""An answer in the first moments after parking can fail the task (Airflow 3.3); people are slower than that."""


def wait_for(condition: Callable[[], Any], what: str, seconds: float = 120) -> Any:
    give_up_at = time.monotonic() + seconds
    while not (found := condition()):
        if time.monotonic() > give_up_at:
            pytest.fail(f"{what} did not happen within {seconds:g} s.")
        time.sleep(0.3)
    return found


@pytest.fixture
def ask(running: Running) -> Iterator[Callable[..., tuple[str, dict[str, Any]]]]:
    """Start a remediation by hand and wait until it asks; returns the run id and the Required Action."""
    started: list[tuple[str, str]] = []
    client = running.client()

    def start(model: str = "meter", action: str = "rollback") -> tuple[str, dict[str, Any]]:
        running.adopt(model)
        dag_id = f"remediate__{model}"
        run_id = client.trigger(dag_id, {"action": action, "reason": "A test asks."})
        started.append((dag_id, run_id))
        return run_id, parked(running, run_id)

    yield start
    for dag_id, run_id in started:
        if client.run(dag_id, run_id)["state"] not in ("success", "failed"):
            client.request("PATCH", f"/dags/{dag_id}/dagRuns/{run_id}", json={"state": "failed"})


def parked(running: Running, run_id: str, task_id: str = "") -> dict[str, Any]:
    """Wait until a run asks, and return the Required Action."""
    client = running.client()

    def waiting() -> dict[str, Any] | None:
        tasks = [(each["task_instance"], each) for each in client.pending_approvals()]
        mine = [each for task, each in tasks if task["dag_run_id"] == run_id and task_id in ("", task["task_id"])]
        return mine[0] if mine else None

    detail: dict[str, Any] = wait_for(waiting, f"A question of {run_id}", seconds=240)
    time.sleep(SETTLE_SECONDS)
    return detail


def ended(running: Running, run_id: str, model: str = "meter") -> tuple[str, dict[str, str | None]]:
    """Wait for the end of a remediation; returns its state and those of its tasks."""
    client = running.client()
    run = client.wait_for_run(f"remediate__{model}", run_id, timeout_seconds=240)
    return run["state"], client.task_states(f"remediate__{model}", run_id)


def incident_of(running: Running, run_id: str, model: str = "meter") -> Any:
    found = running.client().xcom(f"remediate__{model}", run_id, "collect_evidence")
    return running.workspace(model).ledger.incident(found["incident_id"])


def test_an_approval_lets_the_action_run(running: Running, ask: Any) -> None:
    ledger = running.workspace().ledger
    run_id, question = ask(action="retrain")
    before = running.workspace().registry.champion("meter").version
    assert question["subject"] == "Retrain Test meter?"
    incident = incident_of(running, run_id)
    (retrain,) = ledger.proposals(incident.id)
    assert retrain.hash in question["body"]
    running.client("boris").answer(question, "Approve", {"comment": "go on"})

    deployment = parked(running, run_id, "approve_deploy")
    running.client("carol").answer(deployment, "Approve")  # the second tier may answer at any time
    state, tasks = ended(running, run_id)
    assert state == "success", tasks
    assert tasks["deploy"] == "success"
    assert (tasks["roll_back_deployment"], tasks["roll_back"], tasks["improve_and_retrain"]) == ("skipped",) * 3
    assert running.workspace().registry.champion("meter").version != before
    assert ledger.incident(incident.id).state == "resolved"
    (approval,) = ledger.approvals(retrain.hash)
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
    assert {tasks[each] for each in ("retrain", "evaluate_gate", "approve_deploy", "deploy")} == {"skipped"}
    incident = incident_of(running, run_id)
    assert (incident.state, incident.resolution["outcome"]) == ("rejected", "rejected")
    assert running.workspace().registry.champion("meter").version == before


def test_only_approvers_answer_and_only_once(running: Running, ask: Any) -> None:
    from airmedic_local.errors import RequestRefusedError

    run_id, question = ask(action="retrain")
    with pytest.raises(RequestRefusedError) as refused:
        running.client("mallory").answer(question, "Approve")
    assert refused.value.status == 403
    assert running.client().task_states("remediate__meter", run_id)["approve_retrain"] == "awaiting_input"
    running.client("anna").answer(question, "Reject")
    with pytest.raises(RequestRefusedError) as refused:
        running.client("boris").answer(question, "Approve")
    assert refused.value.status == 409
    # What Airflow refuses it keeps in its own audit log.
    log = running.client().request("GET", "/eventLogs", params={"run_id": run_id, "limit": 100})["event_logs"]
    assert {"mallory", "boris"} <= {entry["owner"] for entry in log}
    ended(running, run_id)


def test_nobody_answering_tells_the_second_tier_and_then_rejects(running: Running, ask: Any) -> None:
    run_id, _ = ask("hasty", action="retrain")
    state, tasks = ended(running, run_id, "hasty")
    assert (state, tasks["retrain"]) == ("success", "skipped")
    assert "Now asked: carol." in running.client().task_log("remediate__hasty", run_id, "approve_retrain")
    incident = incident_of(running, run_id, "hasty")
    assert (incident.state, incident.resolution["outcome"]) == ("rejected", "unanswered")


def test_an_answer_to_a_proposal_that_has_changed_is_refused(running: Running, ask: Any) -> None:
    from dataclasses import replace
    from datetime import UTC, datetime

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
    assert "two different people" in question["body"]
    for person in ("anna", "anna", "boris"):
        running.client(person).answer(parked(running, run_id), "Approve")
    deployment = parked(running, run_id, "approve_deploy")
    running.client("anna").answer(deployment, "Reject")
    assert ended(running, run_id, "careful")[1]["retrain"] == "success"
    ledger = running.workspace("careful").ledger
    retrain = next(
        each for each in ledger.proposals(incident_of(running, run_id, "careful").id) if each.action == "retrain"
    )
    assert [(each.by, bool(each.refused_because)) for each in ledger.approvals(retrain.hash)] == [
        ("anna", False),
        ("anna", True),
        ("boris", False),
    ]


def test_a_killed_task_is_repaired_by_its_retry(running: Running, ask: Any) -> None:
    run_id, question = ask("slow", action="retrain")
    marker = running.installation.home / "slow_training.pid"
    running.client("anna").answer(question, "Approve")
    pid = int(wait_for(lambda: marker.exists() and marker.read_text(), "The training"))
    os.kill(pid, signal.SIGKILL)
    deployment = parked(running, run_id, "approve_deploy")
    running.client("anna").answer(deployment, "Reject")
    state, tasks = ended(running, run_id, "slow")
    assert (state, tasks["retrain"]) == ("success", "success")
    workspace = running.workspace("slow")
    (trained,) = [each for each in workspace.ledger.actions(model="slow") if each.action == "retrain"]
    assert trained.status == "done"
    assert [each.version for each in workspace.registry.versions("slow")] == ["2", "1"]


def test_a_broken_spec_leaves_the_other_models_alone(running: Running) -> None:
    client = running.client()
    path = running.content / "models" / "broken.yaml"
    path.write_text("name: broken\ntusk: binary\n")

    def error() -> Any:
        return next((each for each in client.import_errors() if each["filename"] == str(path)), None)

    found = wait_for(error, "An import error")
    assert "tusk: unknown key. Did you mean 'task'?" in found["stack_trace"]
    assert [each["filename"] for each in client.import_errors()] == [str(path)]
    meter_dag = client.request("GET", "/dags/monitor__meter")
    assert (meter_dag["is_stale"], meter_dag["has_import_errors"]) == (False, False)
    path.unlink()
    wait_for(lambda: not error(), "The end of the error")


def test_an_incident_starts_its_remediation_once(running: Running) -> None:
    running.adopt("careful")
    client = running.client()
    for run_id, remediation in (("first", "success"), ("second", "skipped")):
        client.trigger("monitor__careful", meter.day(22), run_id=run_id)
        run = client.wait_for_run("monitor__careful", run_id, timeout_seconds=240)
        tasks = client.task_states("monitor__careful", run_id)
        assert run["state"] == "success", tasks
        assert (tasks["open_incident"], tasks["start_remediation"]) == ("success", remediation)
        assert (tasks["publish_report"], tasks["record_healthy"], tasks["keep_watching"]) == (
            "success",
            "skipped",
            "skipped",
        )
    incident = client.xcom("monitor__careful", "first", "open_incident")
    assert client.xcom("monitor__careful", "second", "open_incident")["incident_id"] == incident["incident_id"]
    question = parked(running, incident["incident_id"])
    client.answer(question, "Reject")
    assert ended(running, incident["incident_id"], "careful")[0] == "success"
    link = client.request("GET", "/dags/monitor__careful/dagRuns/first/taskInstances/publish_report/links")
    assert link["extra_links"]["MLflow"].startswith(running.installation.mlflow_url)
