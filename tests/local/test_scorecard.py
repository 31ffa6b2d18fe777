from __future__ import annotations

import json
from dataclasses import asdict, replace
from datetime import timedelta
from pathlib import Path

import pytest

from airmedic_core.records import (
    ActionResult,
    Assessment,
    Batch,
    Cause,
    Diagnosis,
    Finding,
    Incident,
    IncidentState,
    Permission,
    Proposal,
    RankedCause,
    Role,
    Severity,
    Verdict,
)
from airmedic_core.settings import Settings
from airmedic_core.simulate import CHAPTERS, Day
from airmedic_core.windows import as_utc
from airmedic_core.workspace import Workspace
from airmedic_local.scorecard import lines, missing_steps, table

NOW = as_utc("2026-11-21T08:00")


@pytest.fixture
def ws(tmp_path: Path) -> Workspace:
    return Workspace.open("subscription_churn", Settings.from_env({"AIRMEDIC_HOME": str(tmp_path)}))


def tell(ws: Workspace, days: list[Day]) -> None:
    path = ws.settings.home / "simulated" / f"{ws.spec.name}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps([asdict(day) for day in days]))


def heal(ws: Workspace, day: Day, cause: Cause, actions: tuple[str, ...], *, asked: bool = False) -> Incident:
    """Record an incident of a day as the loop does: opened, diagnosed, acted on, reported, closed.

    Where people are asked, they approve four seconds before the action ends.
    """
    batch = Batch(ws.spec.name, day.window, day.window.end, 1500)
    ws.ledger.record_batch(batch, model_version="1")
    incident = ws.ledger.open_incident(
        Incident(
            id=f"of {day.date}",
            model=ws.spec.name,
            state=IncidentState.OPEN,
            severity=Severity.HIGH,
            cause=cause,
            headline="Something broke.",
            fingerprint="0" * 64,
            window=day.window,
            as_of=day.window.end,
            batch_ids=(batch.id,),
            opened_at=day.window.end,
        )
    )
    diagnosis = Diagnosis(incident.id, "rules", (RankedCause(cause, 0.9),), Severity.HIGH, "", (), "0" * 64)
    ws.ledger.record_diagnosis(diagnosis, stands=True)
    for minute, action in enumerate(actions):
        began = NOW + timedelta(minutes=minute)
        later = NOW.replace(year=2027)
        proposal = Proposal(
            incident.id,
            ws.spec.name,
            action,
            {},
            "better",
            Permission.ASK if asked else Permission.AUTO,
            "because",
            NOW,
            later,
        )
        ws.ledger.record_proposal(proposal)
        ws.ledger.answer_proposal(
            proposal.hash, "approve", by="anna", at=began, channel="airflow" if asked else "policy"
        )
        ws.ledger.begin_action(proposal, {}, now=began)
        ended = began + timedelta(seconds=4)
        ws.ledger.finish_action(ActionResult(proposal.hash, action, "done", "done", 0.1), now=ended)
    for state in (IncidentState.ACTING, IncidentState.VERIFYING):
        ws.ledger.move_incident(incident.id, state)
    return ws.ledger.move_incident(incident.id, IncidentState.RESOLVED, closed_at=NOW, mlflow_run_id="a run")


def whole_story() -> list[Day]:
    phases = [("", "quiet")] * 3
    for chapter in CHAPTERS:
        phases += [(chapter.name, "trouble"), (chapter.name, "recovered"), (chapter.name, "recovered")]
    return [Day(f"2026-02-{number:02d}", chapter, phase) for number, (chapter, phase) in enumerate(phases, start=1)]


def test_a_story_that_never_began_lacks_every_step(ws: Workspace) -> None:
    missing = missing_steps(ws)
    assert [step.split(":")[0] for step in missing[:4]] == [chapter.name for chapter in CHAPTERS]
    assert missing[4] == "The story ends before its first day, before its end."


def test_a_story_in_which_everything_happened_lacks_nothing(ws: Workspace) -> None:
    days = whole_story()
    tell(ws, days)
    for chapter in CHAPTERS:
        heal(ws, first_of(days, chapter.name), chapter.causes[0], chapter.actions)
    assert missing_steps(ws) == []


def test_wrong_causes_missing_actions_and_false_alarms_are_named(ws: Workspace) -> None:
    days = whole_story()
    tell(ws, days)
    heal(ws, first_of(days, "upstream_fault"), Cause.DATA_CORRUPTION, ("quarantine",))
    heal(ws, first_of(days, "partner_campaign"), Cause.CONCEPT_DRIFT, ("refresh_reference",))
    heal(ws, first_of(days, "rival_offer"), Cause.CONCEPT_DRIFT, ("retrain",))
    heal(ws, days[0], Cause.UNKNOWN, ())
    missing = missing_steps(ws)
    assert missing[0].startswith(
        "partner_campaign: the cause is harmless_covariate_shift, but the diagnosis said concept"
    )
    assert missing[1] == "rival_offer: deploy was not carried out (done: retrain)."
    assert missing[2].startswith("bad_deployment: nobody noticed that")
    assert missing[3].startswith("No incident should have opened on 2026-02-01")
    assert len(missing) == 4


def measure(ws: Workspace, day: Day, value: float) -> None:
    """Record that the model's metric on a day was so much."""
    batch = Batch(ws.spec.name, day.window, day.window.end, 1500)
    finding = Finding("performance", "batch", ws.spec.metric, Verdict.OK, value=value, role=Role.LOSS)
    ws.ledger.record_findings(batch, "performance", [finding], model_version="1")
    ws.ledger.record_assessment(
        batch, Assessment(batch.id, "healthy", Cause.UNKNOWN, Severity.LOW, "All is well.", "0" * 64)
    )


def test_the_metric_stands_where_another_version_serves_and_the_time_where_somebody_was_asked(ws: Workspace) -> None:
    days = whole_story()
    tell(ws, days)
    for number, day in enumerate(days):
        measure(ws, day, 0.70 + number / 100)
    fault, offer = first_of(days, "upstream_fault"), first_of(days, "rival_offer")
    heal(ws, fault, Cause.DATA_CORRUPTION, ("quarantine",))
    healed = heal(ws, offer, Cause.CONCEPT_DRIFT, ("retrain", "deploy"), asked=True)
    arrivals = {day.window.start: NOW - timedelta(seconds=7) for day in (fault, offer)}
    requests = {healed.id: {"approve_deploy": NOW + timedelta(seconds=60), "approve_retrain": NOW}}
    quarantine, retrain, deploy = lines(ws, arrivals, requests)
    # The trouble begins on the fourth and on the tenth day.
    assert (quarantine.metric_before, retrain.metric_before, deploy.metric_before) == (None, None, pytest.approx(0.79))
    assert (quarantine.metric_after, retrain.metric_after, deploy.metric_after) == (None, None, pytest.approx(0.80))
    assert [line.request_seconds for line in (quarantine, retrain, deploy)] == [None, 7, None]
    assert [line.done_seconds for line in (quarantine, retrain, deploy)] == [None, 4, 4]
    cells = [[*column.cells] for column in table(ws, [quarantine, retrain, deploy]).columns[3:]]
    assert cells == [["–", "–", "0.790 → 0.800"], ["–", "7.0", "–"], ["–", "4.0", "4.0"]]


def first_of(days: list[Day], chapter: str) -> Day:
    return replace(next(day for day in days if (day.chapter, day.phase) == (chapter, "trouble")))
