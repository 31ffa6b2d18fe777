"""The second diagnosis in a real Airflow, through a connection whose host speaks the Messages API."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from tests.airflow.running.steps import ended, incident_of, wait_for
from tests.core.diagnose.messages_server import Script, Status, serving

if TYPE_CHECKING:
    from airmedic_local.airflow_client import AirflowClient
    from tests.airflow.conftest import Running

MODEL, ENGINE = "hasty", "claude-sonnet-5-5"
"""No batch of this model is ever looked at, so that the rules can only say that they do not know."""
UNKNOWN = {
    "causes": [
        {
            "cause": "unknown",
            "confidence": 0.4,
            "supporting": [],
            "contradicting": [],
            "explanation": "No batch was looked at, so nothing can be said.",
        }
    ],
    "severity": "medium",
    "summary": "Nobody has looked at a batch yet. A person should.",
    "actions": [{"action": "escalate", "priority": 1, "why": "A person has to look.", "condition": ""}],
    "readings": [],
}


@contextmanager
def connected(running: Running, script: Script, engine: str = ENGINE) -> Iterator[None]:
    """Give Airflow the connection ``anthropic`` as long as the block runs."""
    client = running.client()
    with serving(script) as address:
        connection = {
            "connection_id": "anthropic",
            "conn_type": "anthropic",
            "host": address,
            "password": "no-secret",
            "extra": json.dumps({"model": engine}),
        }
        wait_for(lambda: done(client, "POST", "/connections", json=connection), "The connection")
        try:
            yield
        finally:
            wait_for(lambda: done(client, "DELETE", "/connections/anthropic"), "The end of the connection")


def done(client: AirflowClient, method: str, path: str, **arguments: Any) -> bool:
    """Return whether Airflow does what it is asked; its SQLite database can be locked for a while."""
    from airmedic_local.errors import RequestRefusedError

    try:
        client.request(method, path, **arguments)
    except RequestRefusedError as error:
        if error.status != HTTPStatus.INTERNAL_SERVER_ERROR:
            raise
        return False
    return True


def asked(running: Running) -> tuple[str, str, Any]:
    """Ask what is wrong with the model; returns the run's state, the diagnosis task's state and the incident."""
    run_id = running.client().trigger(f"remediate__{MODEL}", {"action": "diagnose_only", "reason": "A test asks."})
    state, tasks = ended(running, run_id, MODEL)
    return state, str(tasks["diagnose"]), incident_of(running, run_id, MODEL)


def test_with_a_connection_both_answers_are_kept_and_the_call_is_traced(running: Running) -> None:
    import mlflow

    script = Script([UNKNOWN])
    with connected(running, script):
        state, diagnose, incident = asked(running)
    assert (state, diagnose) == ("success", "success")
    (request,) = script.requests
    assert request["model"] == ENGINE
    ledger = running.workspace(MODEL).ledger
    kept = {diagnosis.engine: stands for diagnosis, stands in ledger.diagnoses(incident.id)}
    assert kept == {"rules": False, ENGINE: True}
    (call,) = ledger.language_model_calls(incident_id=incident.id)
    assert (call.outcome, call.input_tokens) == ("answered", script.input_tokens)

    client = mlflow.MlflowClient(running.installation.mlflow_url)
    report = client.get_run(incident.mlflow_run_id)
    (trace,) = client.search_traces(
        locations=[report.info.experiment_id], run_id=report.info.run_id, include_spans=False
    )
    assert trace.info.tags["airmedic.incident_id"] == incident.id


def test_a_server_that_fails_leaves_the_rules_and_the_dag_goes_on(running: Running) -> None:
    # Another model: what one has answered is not asked again.
    with connected(running, Script([Status(500)]), "claude-opus-5-5"):
        state, diagnose, incident = asked(running)
    assert (state, diagnose) == ("success", "success")
    ledger = running.workspace(MODEL).ledger
    ((diagnosis, stands),) = ledger.diagnoses(incident.id)
    assert (diagnosis.engine, stands) == ("rules", True)
    assert any("(unreachable)" in note for note in diagnosis.notes)
    assert ledger.language_model_calls(incident_id=incident.id)[0].outcome == "unreachable"


def test_without_a_connection_the_rules_answer_alone(running: Running) -> None:
    state, diagnose, incident = asked(running)
    assert (state, diagnose) == ("success", "success")
    ledger = running.workspace(MODEL).ledger
    assert [diagnosis.engine for diagnosis, _ in ledger.diagnoses(incident.id)] == ["rules"]
    assert ledger.language_model_calls(incident_id=incident.id) == []
