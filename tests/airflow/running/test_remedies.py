"""Remedies in a real Airflow that others have a part in: training code, training DAGs, upstream pipelines."""

from __future__ import annotations

import os
import signal
from typing import TYPE_CHECKING, Any

from tests.airflow.production import meter
from tests.airflow.running.steps import ended, parked, wait_for

if TYPE_CHECKING:
    from tests.airflow.conftest import Running


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
    (trained,) = [action for action in workspace.ledger.actions(model="slow") if action.action == "retrain"]
    assert trained.status == "done"
    assert [version.version for version in workspace.registry.versions("slow")] == ["2", "1"]


def test_a_dag_of_the_teams_own_trains_the_challenger(running: Running, ask: Any) -> None:
    client, workspace = running.client(), running.workspace("delegated")
    run_id, question = ask("delegated", action="retrain")
    client.answer(question, "Approve")
    deployment = parked(running, run_id, "approve_deploy")
    client.answer(deployment, "Reject")
    state, tasks = ended(running, run_id, "delegated")
    assert (state, tasks["train_in_dag"], tasks["retrain"]) == ("success", "success", "success")

    (training,) = client.runs("train_meter")
    order = client.xcom("train_meter", training["dag_run_id"], "train")
    (delivered,) = [version for version in workspace.registry.versions("delegated") if order["tag"] in version.tags]
    assert delivered.tags[order["tag"]] == order["proposal_hash"]
    challenger = workspace.registry.by_alias("delegated", "challenger")
    assert type(workspace.registry.load(challenger)).__name__ == "GaussianNB"
    assert challenger.tags["airmedic.proposal_hash"] == order["proposal_hash"]
    gate = client.xcom("remediate__delegated", run_id, "evaluate_gate", "gate")
    assert gate["outcome"] == "passed"
    assert order["window_start"] < order["train_until"] < order["as_of"]


def test_rows_that_are_delivered_anew_are_looked_at_again_and_used(running: Running) -> None:
    running.adopt("mended")
    client, workspace = running.client(), running.workspace("mended")
    broken = meter.day(meter.TURN)
    client.trigger("monitor__mended", broken, run_id="delivered_badly")
    client.wait_for_run("monitor__mended", "delivered_badly")
    incident_id = client.xcom("monitor__mended", "delivered_badly", "open_incident")["incident_id"]

    question = parked(running, incident_id)
    assert question["task_instance"]["task_id"] == "approve_rerun"
    assert len(workspace.ledger.overrides("mended", "quarantine")) == 1
    client.answer(question, "Approve")
    state, tasks = ended(running, incident_id, "mended")
    assert (state, tasks["quarantine_batch"], tasks["rerun_pipeline"]) == ("success", "success", "success")
    (delivery,) = client.runs("deliver")
    window = {key: broken[key] for key in ("window_start", "window_end")}
    assert delivery["conf"] == {**window, "incident_id": incident_id}
    told = {task["task_id"]: task for task in client.task_instances("remediate__mended", incident_id)}
    assert told["rerun_pipeline"]["end_date"] >= delivery["end_date"], "the pipeline was not waited for"

    def looked_again() -> Any:
        return next((run for run in client.runs("monitor__mended") if run["dag_run_id"].startswith("rerun__")), None)

    again = wait_for(looked_again, "Another look")["dag_run_id"]
    assert client.wait_for_run("monitor__mended", again)["state"] == "success"
    first, second = (
        client.xcom("monitor__mended", batch_run, "resolve_batch") for batch_run in ("delivered_badly", again)
    )
    assert first["window"] == second["window"]
    assert client.task_states("monitor__mended", again)["record_healthy"] == "success"
    assert workspace.ledger.overrides("mended", "quarantine") == []
