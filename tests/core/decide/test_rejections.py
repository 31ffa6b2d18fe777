"""What a rejection means for the next question."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from airmedic_core.decide import Decision, Request, decide
from airmedic_core.decide.rejections import UNLESS_SAID, snooze_until, told_before
from airmedic_core.incident_lifecycle import close_incident, open_incident
from airmedic_core.records import (
    Cause,
    Diagnosis,
    Incident,
    IncidentState,
    Proposal,
    RankedCause,
    RecommendedAction,
    Severity,
)
from airmedic_core.workspace import Workspace
from tests.core.renewals import NOW, observe, renewals, workspace

NEXT_DAY = NOW + timedelta(days=1)


@pytest.fixture
def ws(tmp_path: Path) -> Workspace:
    return workspace(tmp_path, renewals(days=9, per_day=5))


def alarmed(
    ws: Workspace, number: int, cause: Cause = Cause.CONCEPT_DRIFT, *, now: datetime = NOW, effect: float = 0.2
) -> Incident:
    incident = open_incident(ws, observe(ws, number, cause=cause, alerts={"usage": effect}), now=now)
    ranked = (RankedCause(cause, 0.9),)
    advice = (RecommendedAction("retrain", 1, "It helps.", ""), RecommendedAction("escalate", 2, "Look.", ""))
    ws.ledger.record_diagnosis(
        Diagnosis(incident.id, "rules", ranked, Severity.HIGH, "It is so.", advice, "0" * 64), stands=True
    )
    return incident


def proposed(decision: Decision) -> Proposal:
    assert decision.proposal is not None
    return decision.proposal


def rejected(
    ws: Workspace, *, snooze: timedelta | None = None, comment: str = "the campaign ends on Friday"
) -> Proposal:
    incident = alarmed(ws, 3)
    proposal = proposed(decide(ws, incident.id, Request(), now=NOW))
    until = NOW + snooze if snooze else None
    answer = ws.ledger.answer_proposal(
        proposal.hash, "reject", by="bob", at=NOW, channel="airflow", comment=comment, snooze_until=until
    )
    assert (answer.refused_because, answer.snooze_until) == ("", until)
    assert close_incident(ws, incident.id, now=NOW).state is IncidentState.REJECTED
    return proposal


def test_the_same_question_is_not_asked_again_the_next_day(ws: Workspace) -> None:
    first = rejected(ws)
    incident = alarmed(ws, 4, now=NEXT_DAY)
    assert incident.id != first.incident_id
    decision = decide(ws, incident.id, Request(), now=NEXT_DAY)
    assert (decision.path, decision.proposal) == ("recommend", None)
    (skipped,) = decision.skipped
    assert (skipped["action"], skipped["limit"]) == ("retrain", "rejected")
    assert skipped["reason"] == (
        "bob rejected retrain on 2026-06-01 12:00 UTC: the campaign ends on Friday. It is asked again after "
        "2026-06-08 12:00 UTC, or once what it rests on has changed."
    )
    closed = close_incident(ws, incident.id, now=NEXT_DAY)
    assert (closed.state, closed.resolution["outcome"]) == (IncidentState.REJECTED, "snoozed")
    assert closed.resolution["summary"].startswith("Nobody is asked again yet. bob rejected retrain")


@pytest.mark.parametrize(
    ("snooze", "days", "asked"),
    [
        (timedelta(hours=4), 0.1, False),
        (timedelta(hours=4), 0.2, True),
        (timedelta(days=14), 13, False),
        (timedelta(days=14), 15, True),
        (None, 6.9, False),
        (None, 7.1, True),
    ],
)
def test_it_is_asked_again_when_the_snooze_is_over_and_says_who_refused_and_why(
    ws: Workspace, snooze: timedelta | None, days: float, *, asked: bool
) -> None:
    rejected(ws, snooze=snooze)
    later = NOW + timedelta(days=days)
    decision = decide(ws, alarmed(ws, 4, now=later).id, Request(), now=later)
    assert (decision.proposal is not None) is asked
    if asked:
        (told,) = told_before(ws, proposed(decision))
        assert told == "bob rejected retrain on 2026-06-01 12:00 UTC: the campaign ends on Friday."


def worse(ws: Workspace, incident: Incident) -> None:
    ws.ledger.move_incident(incident.id, incident.state, severity=Severity.CRITICAL)


def milder(ws: Workspace, incident: Incident) -> None:
    ws.ledger.move_incident(incident.id, incident.state, severity=Severity.MEDIUM)


def another_version(ws: Workspace, incident: Incident) -> None:
    # Rows that were counted anew make a new record of the batch, which may name another version.
    ws.ledger.record_batch(observe(ws, 5), model_version="7")


def another_policy(ws: Workspace, incident: Incident) -> None:
    text = (ws.settings.policies / "default.yaml").read_text().replace("permission: ask\n", "permission: ask_two\n")
    (ws.settings.policies).unlink()
    ws.settings.policies.mkdir()
    (ws.settings.policies / "default.yaml").write_text(text)


@pytest.mark.parametrize(
    ("change", "asked"),
    [(worse, True), (milder, False), (another_version, True), (another_policy, True)],
)
def test_it_is_asked_again_once_what_it_rests_on_has_changed(ws: Workspace, change: Any, *, asked: bool) -> None:
    rejected(ws)
    incident = alarmed(ws, 4, now=NEXT_DAY)
    change(ws, incident)
    decision = decide(ws, incident.id, Request(), now=NEXT_DAY)
    assert (decision.proposal is not None) is asked


# 0.3 is half as much again as 0.2.
@pytest.mark.parametrize(("effect", "asked"), [(0.1, False), (0.29, False), (0.31, True)])
def test_it_is_asked_again_once_its_effect_has_grown_by_half(ws: Workspace, effect: float, *, asked: bool) -> None:
    rejected(ws)
    decision = decide(ws, alarmed(ws, 4, now=NEXT_DAY, effect=effect).id, Request(), now=NEXT_DAY)
    assert (decision.proposal is not None) is asked


def test_another_cause_is_another_question(ws: Workspace) -> None:
    rejected(ws)
    incident = alarmed(ws, 4, Cause.HARMFUL_COVARIATE_SHIFT, now=NEXT_DAY)
    assert proposed(decide(ws, incident.id, Request(), now=NEXT_DAY)).action == "retrain"


def test_a_person_may_ask_for_what_was_rejected_and_the_approver_is_told(ws: Workspace) -> None:
    rejected(ws)
    incident = alarmed(ws, 4, now=NEXT_DAY)
    proposal = proposed(decide(ws, incident.id, Request("retrain", by="ada"), now=NEXT_DAY))
    assert len(told_before(ws, proposal)) == 1


def test_an_answer_that_did_not_count_and_silence_are_no_rejections(ws: Workspace) -> None:
    incident = alarmed(ws, 3)
    proposal = proposed(decide(ws, incident.id, Request(), now=NOW))
    refused = ws.ledger.answer_proposal(
        proposal.hash, "reject", by="mallory", at=NOW, channel="airflow", approvers=("bob",)
    )
    assert refused.refused_because
    ws.ledger.answer_proposal(proposal.hash, "reject", by="nobody", at=NOW, channel="policy")
    close_incident(ws, incident.id, now=NOW)
    assert proposed(decide(ws, alarmed(ws, 4, now=NEXT_DAY).id, Request(), now=NEXT_DAY)).action == "retrain"


@pytest.mark.parametrize(
    ("text", "lasts"),
    [
        ("4 hours", timedelta(hours=4)),
        ("1 day", timedelta(days=1)),
        ("30 days", timedelta(days=30)),
        ("31 days", timedelta(days=30)),
        ("9999 hours", timedelta(days=30)),
        ("", UNLESS_SAID),
        ("for ever", UNLESS_SAID),
        ("-3 days", UNLESS_SAID),
        ("1e9 days", UNLESS_SAID),
        ("99999999999999999999 days", UNLESS_SAID),
    ],
)
def test_a_snooze_is_bounded_whatever_is_sent(text: str, lasts: timedelta) -> None:
    assert snooze_until(text, at=NOW) == NOW + lasts


def test_the_ledger_vouches_for_a_snooze(ws: Workspace) -> None:
    first = rejected(ws, snooze=timedelta(days=3))
    (answer,) = ws.ledger.approvals(first.hash)
    assert answer.snooze_until == NOW + timedelta(days=3)
    assert replace(answer, snooze_until=None) != answer
    assert ws.ledger.audit_problems()[0] == []
