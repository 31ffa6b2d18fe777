"""Narrowed proposals in the ledger: recorded with their approval or not at all, and tied to where they come from."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import text

from airmedic_core.errors import ApprovalError
from airmedic_core.ledger import Ledger
from airmedic_core.records import Approval, Incident, Permission, Proposal

MakeProposal = Callable[..., Proposal]


@pytest.fixture
def asked(ledger: Ledger, proposal: MakeProposal) -> Proposal:
    return ledger.record_proposal(proposal(window_start="a", window_end="c"))


@pytest.fixture
def narrower(asked: Proposal) -> Proposal:
    moved = asked.created_at + timedelta(minutes=2)
    return replace(asked, params={"window_start": "b", "window_end": "c"}, created_at=moved, parent=asked.hash)


@pytest.fixture
def narrow(ledger: Ledger, now: datetime) -> Callable[..., Approval]:
    def give(proposal: Proposal, narrower: Proposal | None, by: str = "ada", **options: Any) -> Approval:
        values = {"at": now, "channel": "airflow", "narrower": narrower} | options
        return ledger.answer_proposal(proposal.hash, "approve", by=by, **values)

    return give


def recorded(ledger: Ledger) -> list[str]:
    return [record.kind for record in ledger.audit_records() if record.kind in {"proposal", "approval"}]


def test_the_approval_counts_for_the_narrowed_proposal_alone(
    ledger: Ledger, asked: Proposal, narrower: Proposal, narrow: Callable[..., Approval], now: datetime
) -> None:
    given = narrow(asked, narrower, comment="not the broken days", approvers=("ada",), separate_duties=True)
    assert (given.proposal_hash, given.refused_because) == (narrower.hash, "")
    assert narrower.hash != asked.hash
    assert ledger.require_approval(narrower.hash, now=now) == given
    assert ledger.proposal(narrower.hash) == narrower
    assert ledger.approvals(asked.hash) == []
    with pytest.raises(ApprovalError, match=r"needs 1 approval\(s\) and has 0"):
        ledger.require_approval(asked.hash, now=now)
    assert ledger.replacement_of(asked.hash) == narrower.hash
    assert (ledger.narrowed_to(asked.hash), ledger.narrowed_to(narrower.hash)) == (narrower.hash,) * 2
    chain = ledger.audit_records(subject=narrower.hash)
    assert [record.kind for record in reversed(chain)][:2] == ["proposal", "approval"]
    assert chain[-1].payload["parent"] == asked.hash
    ledger.verify_audit()


def test_the_same_answer_delivered_twice_is_one_answer(
    ledger: Ledger, asked: Proposal, narrower: Proposal, narrow: Callable[..., Approval]
) -> None:
    first = narrow(asked, narrower)
    # A process that died after it had recorded the answer plans it anew, at another moment.
    assert narrow(asked, replace(narrower, created_at=narrower.created_at + timedelta(seconds=9))) == first
    assert recorded(ledger) == ["approval", "proposal", "proposal"]


@pytest.mark.parametrize("widened", [True, False])
def test_of_two_who_narrow_the_first_one_counts(
    ledger: Ledger, asked: Proposal, narrower: Proposal, narrow: Callable[..., Approval], *, widened: bool
) -> None:
    narrow(asked, narrower)
    second = None if widened else replace(narrower, params={"window_start": "bb", "window_end": "c"})
    refused = narrow(asked, second, "bob")
    assert refused.refused_because == f"the proposal has changed: {narrower.hash[:12]} replaced it"
    assert refused.proposal_hash == asked.hash
    assert len(ledger.proposals(asked.incident_id)) == 2


def test_what_was_approved_as_it_is_cannot_be_narrowed_any_more(
    ledger: Ledger, asked: Proposal, narrower: Proposal, narrow: Callable[..., Approval], now: datetime
) -> None:
    narrow(asked, None)
    assert narrow(asked, narrower, "bob").refused_because == "it was answered before"
    assert ledger.require_approval(asked.hash, now=now).by == "ada"
    assert ledger.proposals(asked.incident_id) == [asked]


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        ({"approvers": ("bob",)}, "'ada' is not an approver"),
        ({"by": ""}, "it does not say who answered"),
        ({"channel": "policy"}, "the policy says ask, so a person must answer"),
        ({"objection": "The window starts too early."}, "The window starts too early."),
    ],
)
def test_an_answer_that_does_not_count_leaves_no_proposal(
    ledger: Ledger,
    asked: Proposal,
    narrower: Proposal,
    narrow: Callable[..., Approval],
    options: dict[str, Any],
    reason: str,
) -> None:
    given = narrow(asked, narrower, **options)
    assert (given.proposal_hash, given.refused_because) == (asked.hash, reason)
    assert ledger.proposals(asked.incident_id) == [asked]
    assert ledger.approvals(asked.hash) == [given]
    assert ledger.narrowed_to(asked.hash) == asked.hash


def test_nobody_narrows_what_they_asked_for_themselves(
    ledger: Ledger, asked: Proposal, narrower: Proposal, narrow: Callable[..., Approval]
) -> None:
    details = {"requested": "retrain", "requested_by": "ada"}
    ledger.record_decision(asked.incident_id, path="retrain", proposal_hash=asked.hash, reason="r", details=details)
    assert "'ada' asked for it" in narrow(asked, narrower, separate_duties=True).refused_because
    assert narrow(asked, narrower, "bob", separate_duties=True).refused_because == ""


@pytest.mark.parametrize(
    ("permission", "approvals"), [(Permission.ASK_TWO, 0), (Permission.ASK, 3), (Permission.AUTO, 0)]
)
def test_only_what_one_person_approves_can_be_narrowed(
    ledger: Ledger,
    proposal: MakeProposal,
    incident: Callable[..., Incident],
    narrow: Callable[..., Approval],
    permission: Permission,
    approvals: int,
) -> None:
    ledger.open_incident(incident())
    asked = ledger.record_proposal(replace(proposal(permission, days=30), approvals=approvals))
    later = asked.created_at + timedelta(seconds=1)
    narrower = replace(asked, params={"days": 5}, created_at=later, parent=asked.hash)
    assert f"the policy says {permission.value}" in narrow(asked, narrower).refused_because
    assert ledger.proposals(asked.incident_id) == [asked]


@pytest.mark.parametrize(
    "changed",
    [
        {"permission": Permission.AUTO},
        {"action": "rollback"},
        {"model": "another"},
        {"vouched_by": "eve"},
        {"one_of": ("group:risk",)},
        {"changed": "It has gone quiet."},
        {"reason": "another"},
        {"expires_at": datetime.fromisoformat("2099-01-01T00:00:00Z")},
        {"parent": ""},
        {"parent": "0" * 64},
    ],
    ids=lambda changed: next(iter(changed)),
)
def test_a_narrowed_proposal_keeps_all_other_terms(
    ledger: Ledger, asked: Proposal, narrower: Proposal, narrow: Callable[..., Approval], changed: dict[str, Any]
) -> None:
    given = narrow(asked, replace(narrower, **changed))
    assert given.refused_because == "its terms are not those of the proposal that it narrows"
    assert ledger.proposals(asked.incident_id) == [asked]


def test_a_narrowed_proposal_comes_after_its_parent(
    asked: Proposal, narrower: Proposal, narrow: Callable[..., Approval]
) -> None:
    assert "dated before" in narrow(asked, replace(narrower, created_at=asked.created_at)).refused_because


def test_it_replaces_its_parent_and_no_other_proposal_of_that_moment(
    ledger: Ledger, asked: Proposal, narrower: Proposal, narrow: Callable[..., Approval], now: datetime
) -> None:
    beside = ledger.record_proposal(replace(asked, params={"other": 1}))
    narrow(asked, narrower)
    assert ledger.replacement_of(beside.hash) is None
    assert narrow(beside, None).refused_because == ""
    assert ledger.require_approval(beside.hash, now=now)


@pytest.mark.parametrize(
    ("statement", "reason"),
    [
        ("DELETE FROM proposals WHERE hash = :parent", "which is gone"),
        ("UPDATE proposals SET model = 'another' WHERE hash = :parent", "was changed after it was recorded"),
        ("UPDATE proposals SET permission = 'auto' WHERE hash = :narrower", "was changed after it was recorded"),
    ],
)
def test_what_is_edited_behind_the_ledger_is_not_carried_out(
    ledger: Ledger,
    asked: Proposal,
    narrower: Proposal,
    narrow: Callable[..., Approval],
    now: datetime,
    statement: str,
    reason: str,
) -> None:
    narrow(asked, narrower)
    with ledger._engine.begin() as connection:
        connection.execute(text(statement), {"parent": asked.hash, "narrower": narrower.hash})
    with pytest.raises(ApprovalError, match=reason):
        ledger.require_approval(narrower.hash, now=now)
    (refusal,) = [record for record in ledger.audit_records(subject=narrower.hash) if record.kind == "refusal"]
    assert reason in refusal.payload["reason"]
    # Neither does the wider one come into force again.
    with pytest.raises(ApprovalError):
        ledger.require_approval(asked.hash, now=now)


def test_deleting_the_narrowed_proposal_brings_the_wider_one_not_back(
    ledger: Ledger, asked: Proposal, narrower: Proposal, narrow: Callable[..., Approval]
) -> None:
    narrow(asked, narrower)
    with ledger._engine.begin() as connection:
        connection.execute(text("DELETE FROM proposals WHERE hash = :narrower"), {"narrower": narrower.hash})
    assert ledger.narrowed_to(asked.hash) == asked.hash
    assert "the proposal has changed" in narrow(asked, None, "bob").refused_because


def test_the_bundle_of_its_incident_holds_both(
    ledger: Ledger,
    asked: Proposal,
    narrower: Proposal,
    narrow: Callable[..., Approval],
    incident: Callable[..., Incident],
) -> None:
    ledger.open_incident(incident())
    narrow(asked, narrower)
    rows = ledger.incident_bundle(asked.incident_id)["rows"]
    assert {row["hash"] for name in rows for row in rows[name] if name.startswith("proposals")} == {
        asked.hash,
        narrower.hash,
    }
    assert [row["proposal_hash"] for name in rows for row in rows[name] if name.startswith("approvals")] == [
        narrower.hash
    ]
