"""Monitoring in a real Airflow: incidents, announced windows, servers that are away, and broken specs."""

from __future__ import annotations

import sqlite3
import time
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from tests.airflow.production import meter
from tests.airflow.running.steps import ended, parked, wait_for

if TYPE_CHECKING:
    from tests.airflow.conftest import Running


def test_an_incident_starts_its_remediation_once(running: Running) -> None:
    running.adopt("careful")
    client = running.client()
    for run_id, remediation in (("first", "success"), ("second", "skipped")):
        client.trigger("monitor__careful", meter.day(22), run_id=run_id)
        run = client.wait_for_run("monitor__careful", run_id)
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


def test_announced_windows_are_each_looked_at_once_though_mlflow_and_the_ledger_were_away(running: Running) -> None:
    running.adopt("announced")
    client, dag_id, days = running.client(), "monitor__announced", (3, 4)
    (asset,) = client.request("GET", "/assets", params={"uri_pattern": "airmedic://test/announced"})["assets"]

    def announce(day: int) -> None:
        client.request("POST", "/assets/events", json={"asset_id": asset["id"], "extra": meter.day(day)})

    def resolving(run_id: str) -> dict[str, Any]:
        return next(task for task in client.task_instances(dag_id, run_id) if task["task_id"] == "resolve_batch")

    def retried_since(moment: datetime) -> dict[str, Any] | None:
        task = resolving(run_id)
        begun = task["start_date"] and datetime.fromisoformat(task["start_date"]) > moment
        return task if task["state"] == "running" and begun else None

    client.request("PATCH", f"/dags/{dag_id}", json={"is_paused": True})
    announce(days[0])
    with running.without_mlflow():
        client.unpause(dag_id)
        announce(days[1])  # Airflow gives the events of the pause to the run that the next one starts
        run_id = wait_for(lambda: client.runs(dag_id), "A run")[-1]["dag_run_id"]  # it starts one for the second
        wait_for(lambda: resolving(run_id)["state"] == "up_for_retry", "A failure")
    told = client.task_log(dag_id, run_id, "resolve_batch", 1)
    assert f"MLflow at {running.installation.mlflow_url} does not answer" in told
    assert "Start it, or correct MLFLOW_TRACKING_URI." in told

    with sqlite3.connect(running.installation.home / "ledger.db", isolation_level=None) as locked:
        locked.execute("BEGIN IMMEDIATE")
        back = datetime.now(UTC)
        attempt = wait_for(lambda: retried_since(back), "A retry")["try_number"]
        time.sleep(4)  # long enough for the task to come to the ledger, shorter than it waits there
        locked.execute("ROLLBACK")
    locked.close()

    def all_ended() -> list[dict[str, Any]]:
        runs = client.runs(dag_id)
        return runs if len(runs) >= len(days) and all(run["state"] == "success" for run in runs) else []

    runs = wait_for(all_ended, "The end of all runs")
    assert resolving(run_id)["try_number"] == attempt, "the locked ledger was not waited for"
    windows = [client.xcom(dag_id, run["dag_run_id"], "resolve_batch")["window"] for run in runs]
    looked_at = sorted(datetime.fromisoformat(window["start"]) for window in windows)
    assert looked_at == [meter.START + timedelta(days=day) for day in days]
    seen = running.workspace("announced").ledger.batches("announced")
    assert len(seen) == len(days)
    assert all(observed.assessment is not None for observed in seen)


def test_a_broken_spec_leaves_the_other_models_alone(running: Running) -> None:
    client = running.client()
    path = running.content / "models" / "broken.yaml"
    path.write_text("name: broken\ntusk: binary\n")

    def error() -> Any:
        return next((failure for failure in client.import_errors() if failure["filename"] == str(path)), None)

    import_error = wait_for(error, "An import error")
    assert "tusk: unknown key. Did you mean 'task'?" in import_error["stack_trace"]
    assert [failure["filename"] for failure in client.import_errors()] == [str(path)]
    meter_dag = client.request("GET", "/dags/monitor__meter")
    assert (meter_dag["is_stale"], meter_dag["has_import_errors"]) == (False, False)
    path.unlink()
    wait_for(lambda: not error(), "The end of the error")
