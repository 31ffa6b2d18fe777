from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from airmedic_core.errors import LedgerError
from airmedic_core.records import Incident
from airmedic_core.reports import batch_report, incident_report
from airmedic_core.reports.narrative.record import settled
from airmedic_core.spec import parse_spec
from airmedic_core.workspace import Workspace
from tests.core.reports.conftest import proposal

ReadArtifact = Callable[[str, str], str]


def artifacts(ws: Workspace, run_id: str) -> set[str]:
    return {entry.path for entry in ws.registry.client.list_artifacts(run_id)}


def test_the_run_tells_the_whole_story(ws: Workspace, healed: Incident, read_artifact: ReadArtifact) -> None:
    report = incident_report(ws, healed.id, airflow_url="http://airflow.example/dags/remediate__churn/runs/1")

    run = ws.registry.client.get_run(report.run_id)
    assert run.info.status == "FINISHED"
    assert run.info.run_name == (
        "✔ harmful covariate shift · incident resolved · nothing to do · AUC 0.68 → 0.80 · Apr 2026"
    )
    assert run.data.tags["airmedic.incident_id"] == healed.id
    assert run.data.tags["airmedic.cause"] == "harmful_covariate_shift"
    assert run.data.tags["airflow.url"].endswith("/runs/1")
    assert run.data.metrics["metric_after"] == 0.8
    assert run.data.metrics["seconds_open"] == timedelta(minutes=3).total_seconds()
    assert "[the run that handles it](http://airflow.example" in run.data.tags["mlflow.note.content"]
    assert {
        "report.html", "report.md", "decision_trace.svg", "decision_trace.mmd", "gate.svg", "record.json"
    } <= artifacts(ws, report.run_id)  # fmt: skip
    told = read_artifact(report.run_id, "report.md")
    for said in (
        "ROC AUC fell from 0.81 to 0.68",
        "plan carries the loss (E2). Also for it: E1. Also against it: E4.",
        "For it: E1. Against it: E2.",
        "The answer of claude-x does not stand",
        "Not `rollback`: nothing to roll back to",
        "| retrain | approve | mallory |",
        "is not an approver",
        "Test before deployment (gate) **passed**, on 1,200 rows new to both.",
        "from version 1 to 2",
        "Tested before deployment, on 1,200 rows new to both versions: AUC 0.680 → 0.800.",
        "held for 2 healthy window(s)",
        "The upstream pipeline is not named in the spec.",
        "400 more labels would decide it",
        ws.ledger.audit_head().hash[:8],
    ):
        assert said in told or said == ws.ledger.audit_head().hash[:8], said
    record = json.loads(read_artifact(report.run_id, "record.json"))
    assert record["audit"]["head"] in told
    assert ws.ledger.incident(healed.id).mlflow_run_id == report.run_id


def test_a_second_report_of_the_same_state_writes_nothing(ws: Workspace, healed: Incident) -> None:
    first = incident_report(ws, healed.id)
    ended = ws.registry.client.get_run(first.run_id).info.end_time
    assert incident_report(ws, healed.id) == first
    assert ws.registry.client.get_run(first.run_id).info.end_time == ended


def test_a_report_written_from_the_command_line_keeps_the_link_to_airflow(ws: Workspace, healed: Incident) -> None:
    first = incident_report(ws, healed.id, airflow_url="https://airflow.example/run")
    assert incident_report(ws, healed.id) == first
    note = ws.registry.client.get_run(first.run_id).data.tags["mlflow.note.content"]
    assert "[the run that handles it](https://airflow.example/run)" in note


def test_only_web_addresses_become_links(ws: Workspace, incident: Incident) -> None:
    report = incident_report(ws, incident.id, airflow_url="javascript:alert(1)")
    assert "javascript" not in ws.registry.client.get_run(report.run_id).data.tags["mlflow.note.content"]


def test_the_run_stays_the_same_while_the_incident_moves_on(
    ws: Workspace, incident: Incident, read_artifact: ReadArtifact, request: pytest.FixtureRequest
) -> None:
    first = incident_report(ws, incident.id)
    assert "Not known yet." in read_artifact(first.run_id, "report.md")
    request.getfixturevalue("healed")
    second = incident_report(ws, incident.id)
    assert second.run_id == first.run_id
    assert "AUC 0.680 → 0.800" in read_artifact(second.run_id, "report.md")
    run = ws.registry.client.get_run(first.run_id)
    assert run.data.tags["airmedic.state"] == "resolved"
    assert " · incident resolved · nothing to do · " in run.info.run_name


def test_the_run_of_its_window_is_named_after_how_far_an_incident_has_come(
    ws: Workspace, incident: Incident, request: pytest.FixtureRequest
) -> None:
    batch = next(seen.batch for seen in ws.ledger.batches(incident.model) if seen.batch.id in incident.batch_ids)
    run_id = batch_report(ws, batch).run_id

    def name() -> str:
        incident_report(ws, incident.id)
        return str(ws.registry.client.get_run(run_id).info.run_name)

    assert name().startswith("✖ harmful covariate shift · not remedied yet, see its incident · AUC 0.68 ")
    request.getfixturevalue("healed")
    assert name().startswith("✖ harmful covariate shift · resolved · AUC 0.68 ")


def test_what_follows_a_comment_about_the_audit_chain_is_part_of_the_report() -> None:
    head = "ada: “\\* Audit chain”\n\n## Timeline\n\n"
    first, second, grown = (
        f"{head}{moment}\n\n## Record\n\n* Proposal a\n* Audit chain: {records} records, head `ab`.\n"
        for moment, records in (("seen", 3), ("closed", 3), ("seen", 4))
    )
    assert settled(first) != settled(second)
    assert settled(first) == settled(grown)


def test_the_note_fits_into_a_tag(ws: Workspace, healed: Incident) -> None:
    report = incident_report(ws, healed.id)
    note = ws.registry.client.get_run(report.run_id).data.tags["mlflow.note.content"]
    assert len(note) <= 8_000
    assert "## What happened" in note
    assert "The whole report, with its pictures, is the artifact `report.html`." in note


def test_hostile_names_stay_text(ws: Workspace, healed: Incident, read_artifact: ReadArtifact) -> None:
    told = read_artifact(incident_report(ws, healed.id).run_id, "report.md")
    markdown, mermaid = told.split("```mermaid")
    assert "<script" not in told
    assert "](http://evil" not in markdown
    assert "\n# owned" not in told
    assert "alert(1)" not in mermaid


def test_private_columns_stay_out(ws: Workspace, healed: Incident, read_artifact: ReadArtifact, tmp_path: Path) -> None:
    raw = ws.spec.model_dump(mode="json", exclude_unset=True)
    private = Workspace(parse_spec({**raw, "private": ["plan"]}), ws.settings, ws.ledger, ws.registry)
    report = incident_report(private, healed.id)
    for name in (
        "report.md", "report.html", "record.json", "decision_trace.mmd", "decision_trace.svg", "gate.json", "gate.svg",
        "causes.json", "evidence.json", "timeline.json",
    ):  # fmt: skip
        shown = read_artifact(report.run_id, name)
        assert "plan " not in shown
        assert "year" not in shown
    assert "plan " not in ws.registry.client.get_run(report.run_id).data.tags["mlflow.note.content"]


def test_an_unknown_incident_is_an_error(ws: Workspace, incident: Incident) -> None:
    with pytest.raises(LedgerError, match="Did you mean"):
        incident_report(ws, incident.id + "x")


def test_what_an_approver_has_narrowed_is_told_with_where_it_comes_from(
    ws: Workspace, incident: Incident, read_artifact: ReadArtifact
) -> None:
    asked = ws.ledger.record_proposal(proposal("retrain", {"window_start": "2026-01-01"}))
    later = asked.created_at + timedelta(minutes=1)
    narrower = replace(asked, params={"window_start": "2026-02-01"}, created_at=later, parent=asked.hash)
    given = ws.ledger.answer_proposal(asked.hash, "approve", by="grace", at=later, channel="airflow", narrower=narrower)
    assert given.refused_because == ""
    report = incident_report(ws, incident.id)
    told = read_artifact(report.run_id, "report.md")
    assert f"Proposal `{narrower.hash[:12]}`, narrowed by its approver from `{asked.hash[:12]}`, valid until" in told
    assert "Narrowed by its approver: retrain (needs an approval)" in told
    assert "Narrowed by its approver: retrain" in read_artifact(report.run_id, "decision_trace.mmd")
    record = json.loads(read_artifact(report.run_id, "record.json"))
    assert [known["parent"] for known in record["proposals"]] == ["", asked.hash]
