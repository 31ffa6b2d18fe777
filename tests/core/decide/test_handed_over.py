"""A problem that lasts: people are told of it once, and again when something about it has changed."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

import pytest

from airmedic_core.decide import Decision, Request, decide
from airmedic_core.decide.handed_over import HANDED_OVER, ended_without_a_word, is_with_people
from airmedic_core.execution import carry_out
from airmedic_core.incident_lifecycle import close_incident, open_incident
from airmedic_core.records import Cause, Diagnosis, Incident, IncidentState, RankedCause, RecommendedAction, Severity
from airmedic_core.workspace import Workspace
from tests.core.renewals import NOW, observe, renewals, workspace


@pytest.fixture
def ws(tmp_path: Path) -> Workspace:
    return workspace(tmp_path, renewals(days=9, per_day=5))


def alarmed(
    ws: Workspace, number: int, cause: Cause = Cause.UNKNOWN, *, now: datetime, severity: Severity = Severity.MEDIUM
) -> Incident:
    batch = observe(ws, number, cause=Cause.UNKNOWN)
    incident = open_incident(ws, batch, now=now)
    incident = ws.ledger.move_incident(incident.id, incident.state, severity=severity)
    advice = (RecommendedAction("escalate", 1, "No rule explains it.", ""),)
    diagnosis = Diagnosis(incident.id, "rules", (RankedCause(cause, 0.5),), severity, "It is so.", advice, "0" * 64)
    ws.ledger.record_diagnosis(diagnosis, stands=True)
    return incident


def handled(ws: Workspace, incident: Incident, *, now: datetime) -> tuple[Decision, Incident]:
    decision = decide(ws, incident.id, Request(), now=now)
    if decision.proposal is not None:
        carry_out(ws, decision.proposal.hash, now=now)
    return decision, close_incident(ws, incident.id, now=now)


def later(days: float) -> datetime:
    return NOW + timedelta(days=days)


def test_a_problem_that_lasts_is_handed_over_once(ws: Workspace) -> None:
    first = alarmed(ws, 3, now=NOW)
    assert not is_with_people(ws, first, now=NOW)
    decision, closed = handled(ws, first, now=NOW)
    assert decision.path == "escalate"
    assert (closed.state, closed.resolution["outcome"]) == (IncidentState.ESCALATED, "escalated")
    for number in (4, 5):
        now = later(number - 3)
        again = alarmed(ws, number, now=now)
        assert again.id != first.id
        assert is_with_people(ws, again, now=now)
        decision, closed = handled(ws, again, now=now)
        assert (decision.path, decision.proposal) == ("recommend", None)
        assert [skipped["limit"] for skipped in decision.skipped] == [HANDED_OVER]
        assert decision.reason == (
            f"People were told of this problem on 2026-06-01 12:00 UTC (incident {first.id}), and nothing has changed"
            " since but that it lasts."
        )
        assert (closed.state, closed.resolution["outcome"]) == (IncidentState.ESCALATED, HANDED_OVER)
        assert ended_without_a_word(ws, again.id)
    assert ws.ledger.audit_problems()[0] == []


def test_people_are_told_again_when_it_has_grown(ws: Workspace) -> None:
    handled(ws, alarmed(ws, 3, now=NOW), now=NOW)
    grown = alarmed(ws, 4, now=later(1), severity=Severity.CRITICAL)
    assert not is_with_people(ws, grown, now=later(1))
    assert handled(ws, grown, now=later(1))[0].path == "escalate"


def test_people_are_told_again_when_the_diagnosis_is_another(ws: Workspace) -> None:
    handled(ws, alarmed(ws, 3, now=NOW), now=NOW)
    other = alarmed(ws, 4, Cause.ANOMALY_SPIKE, now=later(1))
    assert handled(ws, other, now=later(1))[0].path == "escalate"
    assert not ended_without_a_word(ws, other.id)


def test_people_are_told_again_when_it_was_gone_in_between(ws: Workspace) -> None:
    handled(ws, alarmed(ws, 3, now=NOW), now=NOW)
    observe(ws, 4, outcome="healthy", cause=Cause.HEALTHY)
    assert handled(ws, alarmed(ws, 5, now=later(2)), now=later(2))[0].path == "escalate"


def test_people_are_told_again_after_a_month(ws: Workspace) -> None:
    handled(ws, alarmed(ws, 3, now=NOW), now=NOW)
    assert handled(ws, alarmed(ws, 4, now=later(29.9)), now=later(29.9))[0].path == "recommend"
    assert handled(ws, alarmed(ws, 5, now=later(30.1)), now=later(30.1))[0].path == "escalate"


def test_what_nobody_was_told_of_is_handed_over(ws: Workspace) -> None:
    first = alarmed(ws, 3, now=NOW)
    decide(ws, first.id, Request(), now=NOW)
    # The task that tells people has failed.
    close_incident(ws, first.id, now=NOW, failed=["escalate"])
    assert handled(ws, alarmed(ws, 4, now=later(1)), now=later(1))[0].path == "escalate"
