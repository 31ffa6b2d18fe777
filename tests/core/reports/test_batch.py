from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from mlflow.entities import ViewType

from airmedic_core.ledger.checkpoints import Key, checkpoint_problems, read_checkpoints
from airmedic_core.records import Batch, Finding, Incident, Promotion, Role, Verdict
from airmedic_core.reports import batch_report
from airmedic_core.reports.batch.decided import decided_by
from airmedic_core.reports.batch.story import read_story
from airmedic_core.settings import AUDIT_KEY
from airmedic_core.spec import parse_spec
from airmedic_core.windows import Every
from airmedic_core.workspace import Workspace

ReadArtifact = Callable[[str, str], str]


@pytest.fixture
def observed(ws: Workspace, a_batch: Callable[[int], Batch], observe: Callable[[Workspace, Batch], None]) -> Batch:
    seen = a_batch(4)
    observe(ws, seen)
    return seen


def runs_of(ws: Workspace, kind: str) -> list[object]:
    experiment = ws.registry.experiment(ws.spec.name)
    return list(ws.registry.client.search_runs([experiment], f"tags.`airmedic.kind` = '{kind}'", ViewType.ALL))


def test_the_run_holds_findings_metrics_and_links(ws: Workspace, observed: Batch, read_artifact: ReadArtifact) -> None:
    report = batch_report(ws, observed, airflow_url="https://airflow.example/dags/monitor__churn")
    run = ws.registry.client.get_run(report.run_id)
    assert run.data.tags["airmedic.batch_id"] == observed.id
    assert run.data.tags["airmedic.outcome"] == "incident"
    assert run.data.tags["airflow.url"] == "https://airflow.example/dags/monitor__churn"
    assert run.data.metrics["performance/roc_auc"] == 0.68
    assert run.data.metrics["drift/psi/plan"] == 0.41
    assert run.data.metrics["findings/alert"] == 2
    table = json.loads(read_artifact(report.run_id, "findings.json"))
    assert table["data"][0][:4] == ["alert", "drift", "plan", "psi"]
    assert json.loads(run.data.tags["mlflow.loggedArtifacts"]) == [
        {"path": "findings.json", "type": "table"},
        {"path": "moves.json", "type": "table"},
    ]
    note = run.data.tags["mlflow.note.content"]
    assert "400 more labels would decide it" in note
    assert "<script" not in note


def test_without_a_champion_the_report_says_why_there_is_no_evidently_page(
    ws: Workspace, observed: Batch, read_artifact: ReadArtifact
) -> None:
    report = batch_report(ws, observed)
    assert "The Evidently report could not be drawn" in read_artifact(report.run_id, "report.md")


def test_evidently_never_means_never(ws: Workspace, observed: Batch, read_artifact: ReadArtifact) -> None:
    raw = ws.spec.model_dump(mode="json", exclude_unset=True)
    quiet = Workspace(parse_spec({**raw, "evidently": "never"}), ws.settings, ws.ledger, ws.registry)
    assert "Evidently" not in read_artifact(batch_report(quiet, observed).run_id, "report.md")


def test_a_version_that_was_returned_to_is_credited_to_those_who_were_asked_about_it(
    ws: Workspace, a_batch: Callable[[int], Batch], healed: Incident
) -> None:
    deployed = ws.ledger.promotions("churn")[0]
    back = Promotion(
        "churn", "2", "1", "rollback", deployed.at + timedelta(hours=1), "airmedic", deployed.proposal_hash
    )
    ws.ledger.record_promotion(back)
    # The batch of April was answered by version 1. Grace has approved version 2, and not that it was taken back.
    told = read_story(ws, a_batch(4))
    assert decided_by(told, short=True) == "v1, returned to by Airmedic"
    assert decided_by(told).startswith(
        "Version 1 in place of version 2, returned to by Airmedic, which took back what "
    )
    assert "grace" not in decided_by(told)
    ws.ledger.record_promotion(Promotion("churn", "2", "1", "rollback", back.at + timedelta(hours=1), "policy"))
    assert decided_by(read_story(ws, a_batch(4)), short=True) == "v1, allowed by the policy"


def test_history_is_one_run_with_one_point_for_each_window(
    ws: Workspace, a_batch: Callable[[int], Batch], observe: Callable[[Workspace, Batch], None]
) -> None:
    for month in (3, 4):
        observe(ws, a_batch(month))
        batch_report(ws, a_batch(month))
        batch_report(ws, a_batch(month))
    (history,) = runs_of(ws, "history")
    points = ws.registry.client.get_metric_history(history.info.run_id, "performance/roc_auc")  # type: ignore[attr-defined]
    # Months since January 1970: 56 years and two, then three months.
    assert [point.step for point in points] == [56 * 12 + 2, 56 * 12 + 3]
    assert len(runs_of(ws, "batch")) == 2


def test_labels_that_arrive_later_update_the_same_run(ws: Workspace, observed: Batch) -> None:
    first = batch_report(ws, observed)
    later = replace(observed, as_of=observed.as_of + timedelta(days=30))
    ws.ledger.record_findings(
        later, "performance", [Finding("performance", "batch", "roc_auc", Verdict.ALERT, value=0.6)], model_version="1"
    )
    assert batch_report(ws, later).run_id == first.run_id
    # MLflow shows the newest point, although the one before was higher.
    assert ws.registry.client.get_run(first.run_id).data.metrics["performance/roc_auc"] == 0.6


def test_private_columns_are_counted_and_not_shown(ws: Workspace, observed: Batch, read_artifact: ReadArtifact) -> None:
    raw = ws.spec.model_dump(mode="json", exclude_unset=True)
    private = Workspace(parse_spec({**raw, "private": ["plan"]}), ws.settings, ws.ledger, ws.registry)
    report = batch_report(private, observed)
    run = ws.registry.client.get_run(report.run_id)
    assert "drift/psi/plan" not in run.data.metrics
    assert "plan" not in read_artifact(report.run_id, "findings.json")
    assert "plan" not in read_artifact(report.run_id, "assessment.json")
    assert "1 on private columns stay in the ledger" in run.data.tags["mlflow.note.content"]


@pytest.mark.parametrize(("every", "hours"), [("6 hours", 6), ("day", 24), ("2 weeks", 336)])
def test_the_next_window_has_the_next_number(every: str, hours: int) -> None:
    step = Every.parse(every)
    start = step.floor(datetime(2026, 1, 1, tzinfo=UTC))
    assert step.ordinal(start + timedelta(hours=hours)) == step.ordinal(start) + 1


def test_a_report_carries_the_signed_head_of_the_chain_where_there_is_a_key(
    ws: Workspace, observed: Batch, read_artifact: ReadArtifact, monkeypatch: pytest.MonkeyPatch
) -> None:
    secret = "0123456789abcdef"  # noqa: S105
    monkeypatch.setenv(AUDIT_KEY, secret)
    report = batch_report(ws, observed)
    checkpoint = json.loads(read_artifact(report.run_id, "checkpoint.json"))
    assert checkpoint_problems(ws.ledger, [checkpoint], Key(secret)) == []
    assert (checkpoint["sequence"], checkpoint["hash"]) == (
        ws.ledger.audit_head().sequence,
        ws.ledger.audit_head().hash,
    )
    assert read_checkpoints([ws.settings.home / "checkpoints.jsonl"]) == [checkpoint]


def test_a_very_wide_model_with_hostile_names_has_a_small_page(
    ws: Workspace, a_batch: Callable[[int], Batch], read_artifact: ReadArtifact
) -> None:
    seen = a_batch(4)
    name = "<script src=http://evil.example/x.js></script>|`$" + "w" * 150
    alarm = Finding("drift", name, "psi", Verdict.ALERT, value=0.4, limit=0.2, role=Role.INPUT_MOVED)
    wide = [
        replace(alarm, subject=f"{name}{place}", message=f"{name}{place} has moved. " * 3) for place in range(3_000)
    ]
    ws.ledger.record_findings(seen, "drift", wide, model_version="1")
    report = batch_report(ws, seen)
    page = read_artifact(report.run_id, "report.html")
    assert len(page.encode()) < 500_000
    assert not re.findall(r"<(?:script|link|img|iframe|object|embed|base)\b", page)
    # Below 250 rows stands how many are left out.
    assert "2750 more in" in page
    note = ws.registry.client.get_run(report.run_id).data.tags["mlflow.note.content"]
    assert len(note) <= 8_000
