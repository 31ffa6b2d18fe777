"""A problem that lasts: people are told of it once, and again when something about it has changed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from airmedic_core.decide import Decision, Request, decide
from airmedic_core.decide.handed_over import HANDED_OVER, ended_without_a_word, is_with_people
from airmedic_core.decide.rejections import ALERTS, RESTS_ON
from airmedic_core.execution import carry_out
from airmedic_core.incident_lifecycle import close_incident, open_incident
from airmedic_core.records import (
    Cause,
    Diagnosis,
    Incident,
    IncidentState,
    Json,
    RankedCause,
    RecommendedAction,
    Severity,
    digest,
)
from airmedic_core.workspace import Workspace
from tests.core.renewals import NOW, observe, renewals, workspace

USAGE = {"usage": 0.2}
"""The alarm of one column, with its effect."""


@pytest.fixture
def ws(tmp_path: Path) -> Workspace:
    return workspace(tmp_path, renewals(days=9, per_day=5))


def alarmed(
    ws: Workspace,
    number: int,
    cause: Cause = Cause.UNKNOWN,
    *,
    now: datetime,
    severity: Severity = Severity.MEDIUM,
    alerts: Mapping[str, float] = USAGE,
) -> Incident:
    batch = observe(ws, number, cause=Cause.UNKNOWN, alerts=alerts)
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


def is_told(ws: Workspace, number: int, **more: Any) -> bool:
    """Return whether people are told of the problem of a day, where both who opens and who decides say the same."""
    now = later(number - 3)
    incident = alarmed(ws, number, now=now, **more)
    known = is_with_people(ws, incident, now=now)
    assert (handled(ws, incident, now=now)[0].path == "recommend") is known
    return not known


def test_two_alarms_that_nothing_explains_are_two_problems(ws: Workspace) -> None:
    # Both are of cause unknown, and have one fingerprint.
    assert is_told(ws, 3, alerts={"usage": 0.2})
    assert is_told(ws, 4, alerts={"region": 0.2})
    # The second goes on; the first has ended in between, and is back.
    assert not is_told(ws, 5, alerts={"region": 0.2})
    assert is_told(ws, 6, alerts={"usage": 0.2})


def test_a_further_alarm_is_news_and_one_that_is_gone_is_none(ws: Workspace) -> None:
    assert is_told(ws, 3, alerts={"usage": 0.2, "region": 0.1})
    assert not is_told(ws, 4, alerts={"usage": 0.2})
    assert is_told(ws, 5, alerts={"usage": 0.2, "tenure": 0.1})


def test_an_alarm_of_which_is_not_known_what_it_rests_on_is_told(ws: Workspace) -> None:
    assert is_told(ws, 3, alerts={})
    assert is_told(ws, 4, alerts={})


# 0.3 is half as much again as 0.2.
@pytest.mark.parametrize(("effect", "told"), [(0.1, False), (0.29, False), (0.31, True)])
def test_people_are_told_again_when_its_effect_has_grown_by_half(ws: Workspace, effect: float, *, told: bool) -> None:
    assert is_told(ws, 3)
    assert is_told(ws, 4, alerts={"usage": effect}) is told


def test_what_grows_in_small_steps_is_compared_with_what_people_were_told(ws: Workspace) -> None:
    assert is_told(ws, 3, alerts={"usage": 0.2})
    assert not is_told(ws, 4, alerts={"usage": 0.25})
    assert is_told(ws, 5, alerts={"usage": 0.31})
    assert not is_told(ws, 6, alerts={"usage": 0.31})


@pytest.mark.parametrize("between", [{"outcome": "watch", "cause": Cause.UNKNOWN}, {"outcome": "healthy"}, None])
def test_an_alarm_that_ended_and_came_back_is_told(ws: Workspace, between: Json | None) -> None:
    assert is_told(ws, 3)
    if between is not None:
        observe(ws, 4, **between)
    # Where nothing is between, a window is missing: nobody knows whether it lasted.
    assert is_told(ws, 5)


def test_what_is_recorded_of_an_alarm_names_no_private_column_and_none_of_its_values(ws: Workspace) -> None:
    ws = replace(ws, spec=ws.spec.model_copy(update={"private": ("usage",)}))
    assert is_told(ws, 3, alerts={"usage=117": 0.2, "region": 0.1})
    assert not is_told(ws, 4, alerts={"usage=117": 0.2, "region": 0.1})
    (incident, _) = sorted(ws.ledger.incidents(ws.spec.name), key=lambda incident: incident.window.start)
    (basis,) = ws.ledger.decisions(incident.id)[0]["details"][RESTS_ON].values()
    assert "rows:region:share" in basis[ALERTS]
    assert "usage" not in str(basis)
    assert "117" not in str(basis[ALERTS]).replace(digest("rows:usage=117:share"), "")


def test_a_hand_over_that_no_way_has_taken_does_not_count(ws: Workspace) -> None:
    ws = replace(ws, spec=ws.spec.model_copy(update={"notify": {"webhook": {"connection": "theirs"}}}))
    assert is_told(ws, 3)
    # Carried out, and the message that follows has reached nobody.
    assert is_told(ws, 4)
    handed_over = ws.ledger.actions(model=ws.spec.name)[-1]
    ws.ledger.record_message(handed_over.proposal_hash, "webhook", "begun")
    assert is_told(ws, 5)
    handed_over = ws.ledger.actions(model=ws.spec.name)[-1]
    ws.ledger.record_message(handed_over.proposal_hash, "webhook", "sent")
    assert not is_told(ws, 6)


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
