"""Incidents: opened, joined, asked for, and held against the windows that follow."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from airmedic_core.decide import Request, decide
from airmedic_core.errors import LedgerError
from airmedic_core.execution import carry_out
from airmedic_core.incident_lifecycle import (
    close_incident,
    lift_quarantine,
    note_healthy,
    open_incident,
    request_incident,
)
from airmedic_core.records import (
    Batch,
    Cause,
    IncidentState,
    Permission,
    Severity,
)
from airmedic_core.windows import Window
from airmedic_core.workspace import Workspace
from tests.core.remediations import diagnosed, proposed
from tests.core.renewals import NOW, observe, renewals, workspace


@pytest.fixture
def ws(tmp_path: Path) -> Workspace:
    return workspace(tmp_path, renewals(days=5, per_day=5))


# Opening


def test_an_incident_is_opened_once_for_a_batch(ws: Workspace) -> None:
    batch = observe(ws, 3, cause=Cause.DATA_CORRUPTION)
    incident = open_incident(ws, batch, now=NOW)
    assert (incident.id, incident.state) == (f"{batch.id}__f1", IncidentState.OPEN)
    assert (incident.cause, incident.severity, incident.as_of) == (Cause.DATA_CORRUPTION, Severity.HIGH, batch.as_of)
    assert open_incident(ws, batch, now=NOW + timedelta(days=1)) == incident


def test_a_further_batch_joins_the_open_incident_and_can_make_it_worse(ws: Workspace) -> None:
    first = open_incident(ws, observe(ws, 3), now=NOW)
    later = observe(ws, 4)
    said = ws.ledger.assessment(later.id)
    assert said is not None
    ws.ledger.record_assessment(later, replace(said, severity=Severity.CRITICAL))
    joined = open_incident(ws, later, now=NOW)
    assert (joined.id, joined.severity) == (first.id, Severity.CRITICAL)
    assert (joined.batch_ids, joined.as_of) == ((*first.batch_ids, later.id), later.as_of)


def test_a_batch_looked_at_again_keeps_its_closed_incident_only_for_the_same_problem(ws: Workspace) -> None:
    batch = observe(ws, 3, cause=Cause.DATA_CORRUPTION)
    first = open_incident(ws, batch, now=NOW)
    ws.ledger.move_incident(first.id, IncidentState.RESOLVED, closed_at=NOW)
    assert open_incident(ws, batch, now=NOW).id == first.id
    said = ws.ledger.assessment(batch.id)
    assert said is not None
    ws.ledger.record_assessment(batch, replace(said, cause=Cause.CONCEPT_DRIFT, fingerprint="f2"))
    other = open_incident(ws, batch, now=NOW)
    assert (other.id, other.state) == (f"{batch.id}__f2", IncidentState.OPEN)


def test_a_dry_run_closes_only_what_was_opened_for_it(ws: Workspace) -> None:
    incident = diagnosed(ws, Cause.CONCEPT_DRIFT, "retrain")
    request = Request("rollback", by="ada", dry_run=True)
    decide(ws, incident.id, request, now=NOW)
    assert close_incident(ws, incident.id, now=NOW, only_looked=True).closed_at is None
    asked = request_incident(ws, request, "manual__1", now=NOW)
    decide(ws, asked.id, request, now=NOW)
    assert close_incident(ws, asked.id, now=NOW, only_looked=True).closed_at == NOW


def test_a_diagnosis_only_answers_and_leaves_the_incident_open(ws: Workspace) -> None:
    incident = diagnosed(ws, Cause.CONCEPT_DRIFT, "retrain")
    request = Request("diagnose_only", by="ada")
    assert request.only_looks
    decide(ws, incident.id, request, now=NOW)
    assert close_incident(ws, incident.id, now=NOW, only_looked=request.only_looks).closed_at is None
    healed = decide(ws, incident.id, Request(), now=NOW + timedelta(minutes=5))
    assert proposed(healed).action == "retrain", "the question has decided nothing"


def test_a_request_is_about_the_newest_batch_that_was_judged(ws: Workspace) -> None:
    judged = observe(ws, 2)
    running = Batch("renewals", Window(judged.window.end, judged.window.end + timedelta(days=1)), NOW, 60)
    ws.ledger.record_batch(running, model_version="1")
    assert request_incident(ws, Request("diagnose_only", by="ada"), "manual__1", now=NOW).batch_ids == (judged.id,)


def test_a_quarantine_ends_when_sound_rows_were_delivered(ws: Workspace) -> None:
    for number, kept in ((2, False), (3, True)):
        incident = diagnosed(ws, Cause.DATA_CORRUPTION, "quarantine", number=number)
        if kept:
            incident = request_incident(ws, Request("quarantine", by="ada"), "manual__1", now=NOW)
        proposal = proposed(decide(ws, incident.id, Request("quarantine", by="ada"), now=NOW))
        # The verified cause calls for the first by itself; the second is a person's word alone.
        assert (proposal.permission is Permission.ASK) is kept
        if kept:
            ws.ledger.answer_proposal(proposal.hash, "approve", by="bob", at=NOW, channel="airflow")
        carry_out(ws, proposal.hash, now=NOW)
        healthy = observe(ws, number, outcome="healthy", cause=Cause.HEALTHY)
        assert lift_quarantine(ws, healthy) is not kept
        assert not lift_quarantine(ws, healthy)
        assert [override.key for override in ws.ledger.overrides("renewals", "quarantine")] == [
            healthy.window.key
        ] * kept


def test_a_batch_must_be_assessed(ws: Workspace) -> None:
    batch = observe(ws, 3)
    with pytest.raises(LedgerError, match="was not assessed"):
        open_incident(ws, Batch("renewals", replace(batch.window, end=NOW), NOW, 1), now=NOW)


@pytest.mark.parametrize(("days", "recurs"), [(7, True), (8, False)])
def test_what_comes_back_within_a_week_names_what_it_came_back_from(ws: Workspace, days: int, *, recurs: bool) -> None:
    first = open_incident(ws, observe(ws, 2), now=NOW)
    ws.ledger.move_incident(first.id, IncidentState.RESOLVED, closed_at=NOW)
    again = open_incident(ws, observe(ws, 3), now=NOW + timedelta(days=days))
    assert again.id != first.id
    assert again.resolution == ({"recurrence_of": first.id} if recurs else {})


def test_a_request_has_an_incident_of_its_own_to_which_no_batch_is_attached(ws: Workspace) -> None:
    observe(ws, 2)
    request = Request("rollback", "customers complain", "ada")
    asked = request_incident(ws, request, "manual__1", now=NOW)
    observe(ws, 3)
    assert request_incident(ws, request, "manual__1", now=NOW + timedelta(hours=1)) == asked
    assert request_incident(ws, request, "manual__2", now=NOW).id != asked.id
    assert asked.headline == "ada asks for rollback: customers complain"
    assert open_incident(ws, observe(ws, 3), now=NOW).id != asked.id


def test_a_request_needs_no_batch(ws: Workspace) -> None:
    asked = request_incident(ws, Request("diagnose_only"), "manual__1", now=NOW)
    assert asked.batch_ids == ()
    decide(ws, asked.id, Request("diagnose_only"), now=NOW)
    closed = close_incident(ws, asked.id, now=NOW)
    assert (closed.state, closed.resolution["outcome"]) == (IncidentState.RESOLVED, "diagnosed")


# What held


def test_healthy_windows_afterwards_are_counted_once_each(ws: Workspace) -> None:
    incident = diagnosed(ws, Cause.DATA_CORRUPTION, "quarantine", number=2)
    carry_out(ws, proposed(decide(ws, incident.id, Request(), now=NOW)).hash, now=NOW)
    close_incident(ws, incident.id, now=NOW)
    before, after, later = (observe(ws, number, outcome="healthy", cause=Cause.HEALTHY) for number in (1, 3, 4))
    for batch in (before, after, after, later):
        note_healthy(ws, batch)
    held = ws.ledger.incident(incident.id).resolution["held_windows"]
    assert held == [after.window.key, later.window.key]


def test_nothing_is_noted_where_nothing_was_healed(ws: Workspace) -> None:
    assert note_healthy(ws, observe(ws, 4, outcome="healthy", cause=Cause.HEALTHY)) is None
    incident = diagnosed(ws, Cause.UNKNOWN, "escalate")
    close_incident(ws, incident.id, now=NOW)
    assert note_healthy(ws, observe(ws, 4, outcome="healthy", cause=Cause.HEALTHY)) is None
