"""The task that tells people: nothing that goes wrong with a message or a ticket fails it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.airflow.tasks import context_of, propose

POLICIES = Path(__file__).parents[3] / "include" / "policies"


def test_services_that_do_not_answer_fail_nothing_and_are_on_record(
    adopted: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from airmedic.hooks.workspace import open_workspace
    from airmedic.operators.announce import AnnounceOperator

    (adopted / "policies").symlink_to(POLICIES)
    incident = propose(open_workspace("meter"), "retrain").incident_id
    silent = AnnounceOperator(task_id="announce", model="meter", incident_id=incident)
    assert silent.execute(context_of(silent)) == []

    # Nobody listens on port 9: a real client, a real refusal.
    monkeypatch.setenv(
        "AIRFLOW_CONN_NOWHERE", json.dumps({"conn_type": "http", "host": "http://127.0.0.1:9", "password": "a-secret"})
    )
    spec = adopted / "models" / "meter.yaml"
    notify = "\nnotify: {github: {repository: acme/models, connection: nowhere}}\n"
    spec.write_text(spec.read_text(encoding="utf-8") + notify, "utf-8")
    looks = AnnounceOperator(
        task_id="announce", model="meter", incident_id=incident, request={"action": "automatic", "dry_run": "True"}
    )
    assert {(told["action"], told["status"]) for told in looks.execute(context_of(looks))} == {
        ("notify", "would"),
        ("open_ticket", "would"),
    }
    tells = AnnounceOperator(task_id="announce", model="meter", incident_id=incident)
    became = tells.execute(context_of(tells))
    assert {(told["action"], told["status"]) for told in became} == {("notify", "failed"), ("open_ticket", "failed")}
    attempts = open_workspace("meter").ledger.actions(incident_id=incident)
    assert [(done.action, done.status) for done in attempts] == [("notify", "failed"), ("open_ticket", "failed")]
    assert all("does not answer" in done.summary for done in attempts)
    assert "a-secret" not in str(attempts)
