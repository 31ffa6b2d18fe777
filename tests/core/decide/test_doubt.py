"""A cause that is unsure, or that a verified answer doubts: people are asked about all but what protects."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from airmedic_core.decide import Request, decide, propose
from airmedic_core.decide.propose import Standing, allowed
from airmedic_core.policy import load_policy, policy_of
from airmedic_core.records import Cause, Permission, Proposal
from airmedic_core.workspace import Workspace
from tests.core.remediations import diagnosed
from tests.core.renewals import NOW, POLICIES, renewals, workspace

LEAST = load_policy(POLICIES, "verified").min_confidence_for_auto
UNSURE = {"confidence": LEAST - 0.01}
DOUBTED = {"doubted_by": "claude"}
PROTECTS = {"hold", "quarantine", "escalate", "notify", "open_ticket"}
"""What default.yaml lets happen without asking."""


@pytest.fixture
def trusting(tmp_path: Path) -> Workspace:
    return workspace(tmp_path, renewals(days=5, per_day=5), policy="verified")


def permission(ws: Workspace, action: str, **diagnosis: Any) -> Permission:
    incident = diagnosed(ws, Cause.DATA_CORRUPTION, action, **diagnosis)
    policy = policy_of(ws)
    standing = Standing.of(ws.ledger.standing_diagnosis(incident.id), policy)
    allowance = allowed(ws, policy, incident, action, standing)
    assert hasattr(allowance, "permission"), allowance
    assert ("People are asked because" in allowance.reason) is (
        bool(standing.doubt) and allowance.permission is Permission.ASK and action not in PROTECTS
    )
    return allowance.permission


@pytest.mark.parametrize("action", ["retrain", "recalibrate", "rollback", "repair", "refresh_reference"])
def test_what_a_verified_cause_allows_is_asked_about_where_it_is_unsure_or_doubted(
    trusting: Workspace, action: str
) -> None:
    assert permission(trusting, action, confidence=LEAST) is Permission.AUTO
    assert permission(trusting, action, **UNSURE) is Permission.ASK
    assert permission(trusting, action, **DOUBTED) is Permission.ASK


@pytest.mark.parametrize("action", sorted(PROTECTS))
@pytest.mark.parametrize("doubt", [UNSURE, DOUBTED], ids=["unsure", "doubted"])
@pytest.mark.parametrize("named", ["default", "verified"])
def test_what_only_protects_or_tells_stays_automatic(
    tmp_path: Path, action: str, doubt: dict[str, Any], named: str
) -> None:
    ws = workspace(tmp_path, renewals(days=5, per_day=5), policy=named)
    assert permission(ws, action, **doubt) is Permission.AUTO


def test_a_proposal_of_an_unsure_diagnosis_waits_for_people_and_says_why(trusting: Workspace) -> None:
    incident = diagnosed(trusting, Cause.CONCEPT_DRIFT, "retrain", **UNSURE)
    proposal = decide(trusting, incident.id, Request(), now=NOW).proposal
    assert proposal is not None
    assert (proposal.action, proposal.permission) == ("retrain", Permission.ASK)
    assert "People are asked because the diagnosis is only 69 % sure of the cause." in proposal.reason
    assert trusting.ledger.approvals(proposal.hash) == []


@pytest.mark.parametrize(("always_asks", "wanted"), [(False, Permission.AUTO), (True, Permission.ASK)])
def test_a_question_is_asked_although_the_policy_trusts_the_cause(
    trusting: Workspace, always_asks: bool, wanted: Permission
) -> None:
    incident = diagnosed(trusting, Cause.BAD_DEPLOYMENT, "rollback")
    proposal: Proposal = propose(
        trusting, incident.id, "rollback", {}, "It is better.", "Why?", now=NOW, always_asks=always_asks
    )
    assert proposal.permission is wanted
    assert [answer.by for answer in trusting.ledger.approvals(proposal.hash)] == ([] if always_asks else ["policy"])
