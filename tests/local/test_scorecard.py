from __future__ import annotations

import json
from dataclasses import asdict, replace
from pathlib import Path

import pytest

from airmedic_core.records import (
    ActionResult,
    Batch,
    Cause,
    Diagnosis,
    Incident,
    IncidentState,
    Permission,
    Proposal,
    RankedCause,
    Severity,
)
from airmedic_core.settings import Settings
from airmedic_core.simulate import CHAPTERS, Day
from airmedic_core.windows import as_utc
from airmedic_core.workspace import Workspace
from airmedic_local.scorecard import missing_steps

NOW = as_utc("2026-11-21T08:00")


@pytest.fixture
def ws(tmp_path: Path) -> Workspace:
    return Workspace.open("subscription_churn", Settings.from_env({"AIRMEDIC_HOME": str(tmp_path)}))


def tell(ws: Workspace, days: list[Day]) -> None:
    path = ws.settings.home / "simulated" / f"{ws.spec.name}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps([asdict(day) for day in days]))


def heal(ws: Workspace, day: Day, cause: Cause, actions: tuple[str, ...]) -> Incident:
    """Record an incident of a day as the loop does: opened, diagnosed, acted on, reported, closed."""
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
            opened_at=NOW,
        )
    )
    diagnosis = Diagnosis(incident.id, "rules", (RankedCause(cause, 0.9),), Severity.HIGH, "", (), "0" * 64)
    ws.ledger.record_diagnosis(diagnosis, stands=True)
    for action in actions:
        later = NOW.replace(year=2027)
        proposal = Proposal(incident.id, ws.spec.name, action, {}, "better", Permission.AUTO, "because", NOW, later)
        ws.ledger.record_proposal(proposal)
        ws.ledger.begin_action(proposal, {})
        ws.ledger.finish_action(ActionResult(proposal.hash, action, "done", "done", 0.1))
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


def first_of(days: list[Day], chapter: str) -> Day:
    return replace(next(day for day in days if (day.chapter, day.phase) == (chapter, "trouble")))
