"""Attempts to get something done without a valid approval: all are refused, and all are on record."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from airmedic_core.actions import ACTIONS
from airmedic_core.errors import AirmedicError
from airmedic_core.execution import carry_out
from airmedic_core.records import Permission, Proposal
from airmedic_core.training.rows import unusable_windows
from tests.core.execution.attempts import after_approval, by_answers, by_edited_rows, by_narrowing
from tests.core.execution.attempts.case import SOON, Case
from tests.core.renewals import NOW, incident_of, renewals, workspace

ATTEMPTS = {**by_answers.ATTEMPTS, **by_edited_rows.ATTEMPTS, **after_approval.ATTEMPTS, **by_narrowing.ATTEMPTS}


@pytest.fixture
def case(tmp_path: Path) -> Case:
    ws = workspace(tmp_path, renewals(), approvers=["ada", "bob"])
    content = tmp_path / "content"
    (content / "policies").mkdir(parents=True)
    ws = replace(ws, settings=replace(ws.settings, content=content, environment="production"))
    incident = incident_of(ws, 50)
    params, expected = ACTIONS.member("quarantine").plan(ws, incident, None)
    until = NOW + timedelta(days=1)
    proposal = Proposal(incident.id, "renewals", "quarantine", params, expected, Permission.ASK, "r", NOW, until)
    ws.ledger.record_proposal(proposal)
    made = Case(ws, incident, proposal, proposal.hash)
    made.rule()
    return made


def test_there_are_enough_attempts() -> None:
    assert len(ATTEMPTS) >= 40


def test_what_is_approved_is_carried_out(case: Case) -> None:
    case.answer()
    assert carry_out(case.ws, case.key, now=SOON).status == "done"
    assert unusable_windows(case.ws)


@pytest.mark.parametrize("attempt", ATTEMPTS)
def test_an_attempt_is_refused_and_on_record(case: Case, attempt: str) -> None:
    ATTEMPTS[attempt](case)
    with pytest.raises(AirmedicError) as refused:
        carry_out(case.ws, case.key, now=case.now)
    assert not refused.value.transient
    # Rows and records as they are: what holds is not told where the chain is broken.
    assert case.ledger.overrides(kind="quarantine") == []
    assert case.ledger.trainings(since=NOW - timedelta(days=1)) == []
    records = case.ledger.audit_records()
    overrides = [record.payload["kind"] for record in records if record.kind == "override"]
    assert "quarantine" not in overrides
    assert "action_begun" not in {record.kind for record in records}
    recorded = [record for record in records if record.kind in {"refusal", "action_refused"}]
    assert recorded, f"nothing of it is on record: {refused.value}"
    assert recorded[0].subject == case.key
