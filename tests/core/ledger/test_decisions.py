from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from airmedic_core.errors import ApprovalError, LedgerError
from airmedic_core.ledger import Ledger
from airmedic_core.records import Approval, Incident, IncidentState, Permission, Proposal

MakeProposal = Callable[..., Proposal]


@pytest.fixture
def answer(ledger: Ledger, now: datetime) -> Callable[..., Approval]:
    def give(proposal: Proposal | str, by: str = "ada", said: str = "approve", **options: object) -> Approval:
        key = proposal if isinstance(proposal, str) else proposal.hash
        values = {"at": now, "channel": "airflow"} | options
        return ledger.answer_proposal(key, said, by=by, **values)  # type: ignore[arg-type]

    return give


def test_an_approval_counts_once_and_lets_exactly_this_proposal_through(
    ledger: Ledger, proposal: MakeProposal, answer: Callable[..., Approval], now: datetime
) -> None:
    asked = proposal()
    ledger.record_proposal(asked)
    with pytest.raises(ApprovalError, match=r"needs 1 approval\(s\) and has 0"):
        ledger.require_approval(asked.hash, now=now)
    assert answer(asked).refused_because == ""
    assert ledger.require_approval(asked.hash, now=now).by == "ada"
    with pytest.raises(ApprovalError, match="Nothing with the hash"):
        ledger.require_approval(proposal(trials=5).hash, now=now)


def test_a_second_answer_is_refused_and_recorded(
    ledger: Ledger, proposal: MakeProposal, answer: Callable[..., Approval]
) -> None:
    asked = proposal()
    ledger.record_proposal(asked)
    answer(asked)
    assert answer(asked, "bob", "reject").refused_because == "it was answered before"
    assert [(approval.by, bool(approval.refused_because)) for approval in ledger.approvals(asked.hash)] == [
        ("ada", False),
        ("bob", True),
    ]


def test_the_same_answer_delivered_twice_is_one_answer(
    ledger: Ledger, proposal: MakeProposal, answer: Callable[..., Approval]
) -> None:
    asked = proposal(Permission.ASK_TWO)
    ledger.record_proposal(asked)
    assert answer(asked) == answer(asked)
    assert len(ledger.approvals(asked.hash)) == 1


def test_what_was_approved_is_not_begun_after_a_person_has_closed_the_incident(
    ledger: Ledger,
    incident: Callable[..., Incident],
    proposal: MakeProposal,
    answer: Callable[..., Approval],
    now: datetime,
) -> None:
    ledger.open_incident(incident())
    asked = proposal()
    ledger.record_proposal(asked)
    answer(asked)
    ledger.close_by_hand("churn__1", by="bob", reason="The model is retired.", now=now)
    with pytest.raises(ApprovalError, match="'bob' has closed the incident"):
        ledger.require_approval(asked.hash, now=now)


def test_a_late_answer_is_refused_and_recorded(
    ledger: Ledger, proposal: MakeProposal, answer: Callable[..., Approval], now: datetime
) -> None:
    asked = proposal()
    ledger.record_proposal(asked)
    late = now + timedelta(hours=1, seconds=1)
    assert "expired" in answer(asked, at=late).refused_because
    assert "expired" in answer(asked, "bob", at=late.isoformat()).refused_because
    assert len(ledger.approvals(asked.hash)) == 2
    with pytest.raises(ApprovalError, match="has 0"):
        ledger.require_approval(asked.hash, now=late)


def test_an_approval_that_is_used_too_late_does_not_let_through_unless_the_action_had_begun(
    ledger: Ledger, proposal: MakeProposal, answer: Callable[..., Approval], now: datetime
) -> None:
    asked = proposal()
    ledger.record_proposal(asked)
    answer(asked)
    late = now + timedelta(days=1)
    with pytest.raises(ApprovalError, match="expired"):
        ledger.require_approval(asked.hash, now=late)
    ledger.begin_action(asked, {"champion": "1"})
    assert ledger.require_approval(asked.hash, now=late).by == "ada"


def test_an_answer_to_a_proposal_that_has_changed_is_refused_and_recorded(
    ledger: Ledger, proposal: MakeProposal, answer: Callable[..., Approval], now: datetime
) -> None:
    first = proposal(trials=5)
    second = proposal(trials=9, created_at=now + timedelta(minutes=1))
    ledger.record_proposal(first)
    answer(first)
    ledger.record_proposal(second)
    assert "has changed" in answer(proposal(trials=6)).refused_because
    with pytest.raises(ApprovalError, match="replaced"):
        ledger.require_approval(first.hash, now=now)


def test_what_was_proposed_last_replaces_what_came_before_whatever_the_clock_says(
    ledger: Ledger, proposal: MakeProposal, answer: Callable[..., Approval], now: datetime
) -> None:
    first = proposal(trials=5)
    ledger.record_proposal(first)
    answer(first)
    assert ledger.require_approval(first.hash, now=now).by == "ada"
    second = proposal(trials=2, created_at=now - timedelta(minutes=10))
    ledger.record_proposal(second)
    with pytest.raises(ApprovalError, match="replaced"):
        ledger.require_approval(first.hash, now=now)
    assert answer(second).refused_because == ""


def test_somebody_who_is_not_an_approver_is_refused_and_recorded(
    ledger: Ledger, proposal: MakeProposal, answer: Callable[..., Approval]
) -> None:
    asked = proposal()
    ledger.record_proposal(asked)
    assert answer(asked, "eve", approvers=("ada", "bob")).refused_because == "'eve' is not an approver"
    assert answer(asked, "bob", approvers=("ada", "bob")).refused_because == ""


def test_ask_two_needs_two_different_people(
    ledger: Ledger, proposal: MakeProposal, answer: Callable[..., Approval], now: datetime
) -> None:
    asked = proposal(Permission.ASK_TWO)
    ledger.record_proposal(asked)
    answer(asked, "ada")
    assert "another person" in answer(asked, "ada", at=now + timedelta(seconds=1)).refused_because
    with pytest.raises(ApprovalError, match=r"needs 2 approval\(s\) and has 1"):
        ledger.require_approval(asked.hash, now=now)
    assert answer(asked, "bob").refused_because == ""
    assert ledger.require_approval(asked.hash, now=now).by == "bob"


def test_one_rejection_is_enough(
    ledger: Ledger, proposal: MakeProposal, answer: Callable[..., Approval], now: datetime
) -> None:
    asked = proposal(Permission.ASK_TWO)
    ledger.record_proposal(asked)
    answer(asked, "ada")
    answer(asked, "bob", "reject")
    assert answer(asked, "cyd").refused_because == "it was rejected before"
    with pytest.raises(ApprovalError, match="rejected by 'bob'"):
        ledger.require_approval(asked.hash, now=now)


@pytest.mark.parametrize(
    ("permission", "counts"), [(Permission.AUTO, True), (Permission.ASK, False), (Permission.ASK_TWO, False)]
)
def test_the_policy_approves_only_what_it_may_do_alone(
    ledger: Ledger, proposal: MakeProposal, answer: Callable[..., Approval], permission: Permission, *, counts: bool
) -> None:
    asked = proposal(permission)
    ledger.record_proposal(asked)
    assert (answer(asked, "policy", channel="policy").refused_because == "") is counts


@pytest.mark.parametrize("permission", [Permission.DENY, Permission.RECOMMEND])
def test_nobody_can_approve_what_the_policy_does_not_allow(
    ledger: Ledger, proposal: MakeProposal, answer: Callable[..., Approval], permission: Permission
) -> None:
    asked = proposal(permission)
    ledger.record_proposal(asked)
    assert "not to be carried out" in answer(asked).refused_because


def test_an_answer_after_the_incident_has_ended_is_refused(
    ledger: Ledger, proposal: MakeProposal, incident: Callable[..., Incident], answer: Callable[..., Approval]
) -> None:
    ledger.open_incident(incident())
    asked = proposal()
    ledger.record_proposal(asked)
    ledger.move_incident("churn__1", IncidentState.ESCALATED)
    assert answer(asked).refused_because == "the incident is escalated already"


def test_the_same_proposal_made_again_stands_while_it_can_be_answered(
    ledger: Ledger, proposal: MakeProposal, answer: Callable[..., Approval], now: datetime
) -> None:
    first = ledger.record_proposal(proposal())
    assert ledger.record_proposal(proposal(created_at=now + timedelta(minutes=30))) == first
    later = now + timedelta(hours=2)
    second = ledger.record_proposal(proposal(created_at=later))
    assert second.expires_at == later + timedelta(hours=1)
    assert "replaced" in answer(first).refused_because
    assert ledger.record_proposal(proposal(Permission.ASK_TWO, created_at=later)).permission is Permission.ASK_TWO


def test_an_answered_proposal_stands_when_it_is_made_again(
    ledger: Ledger, proposal: MakeProposal, answer: Callable[..., Approval], now: datetime
) -> None:
    first = ledger.record_proposal(proposal())
    answer(first)
    soon, late = now + timedelta(minutes=30), now + timedelta(days=2)
    assert ledger.record_proposal(proposal(Permission.AUTO, created_at=soon)) == first
    other = ledger.record_proposal(proposal(trials=3))
    answer(other, said="reject")
    assert ledger.record_proposal(proposal(Permission.AUTO, created_at=late, trials=3)) == other
    assert ledger.record_proposal(proposal(created_at=late)).expires_at > late


def test_an_endless_hash_is_refused_and_recorded(ledger: Ledger, answer: Callable[..., Approval]) -> None:
    given = answer("x" * 5000)
    assert given.refused_because
    assert ledger.approvals(given.proposal_hash) == [given]


def test_an_unknown_proposal_cannot_be_read(ledger: Ledger) -> None:
    with pytest.raises(LedgerError, match="There is no proposal"):
        ledger.proposal("0" * 64)


def test_the_same_decision_twice_in_a_row_is_recorded_once(ledger: Ledger) -> None:
    skipped = [{"action": "retrain", "limit": "cooldown", "reason": "too recent"}]
    for path in ("escalate", "escalate", "recommend", "escalate"):
        ledger.record_decision("churn__1", path=path, proposal_hash=None, reason="r", skipped=skipped)
    decisions = ledger.decisions("churn__1")
    assert [decision["path"] for decision in decisions] == ["escalate", "recommend", "escalate"]
    assert decisions[0]["skipped"] == skipped


def test_only_approvals_that_count_are_named(
    ledger: Ledger, proposal: MakeProposal, answer: Callable[..., Approval]
) -> None:
    asked = proposal(Permission.ASK_TWO)
    ledger.record_proposal(asked)
    assert ledger.approved_by(asked.hash) == ""
    for person in ("mallory", "ada", "ada", "bob"):
        answer(asked, person, approvers=("ada", "bob"))
    assert ledger.approved_by(asked.hash) == "ada, bob"


def test_an_answer_of_nobody_in_particular_does_not_count(
    ledger: Ledger, proposal: MakeProposal, answer: Callable[..., Approval]
) -> None:
    asked = proposal()
    ledger.record_proposal(asked)
    assert answer(asked, "").refused_because == "it does not say who answered"


def test_an_answer_that_is_dated_before_its_question_does_not_count(
    ledger: Ledger, proposal: MakeProposal, answer: Callable[..., Approval], now: datetime
) -> None:
    asked = proposal()
    ledger.record_proposal(asked)
    assert "dated before its question" in answer(asked, at=now - timedelta(minutes=5)).refused_because
    assert answer(asked, at=now - timedelta(seconds=5)).refused_because == ""  # clocks differ a little


@pytest.mark.parametrize("again", ["anna", "Anna", "anna ", "ANNA", "\uff41nna", "an\u200bna", "Anna (id 7)"])
def test_one_person_under_two_names_is_one(
    ledger: Ledger, proposal: MakeProposal, answer: Callable[..., Approval], now: datetime, again: str
) -> None:
    asked = proposal(Permission.ASK_TWO)
    ledger.record_proposal(asked)
    assert answer(asked, "anna").refused_because == ""
    assert "another person" in answer(asked, again, at=now + timedelta(seconds=1)).refused_because
    assert answer(asked, "hanna").refused_because == ""


@pytest.mark.parametrize("by", ["ada", "Ada ", "3", "ada (id 3)"])
def test_whoever_asked_for_it_may_not_be_the_only_one_who_approves_it(
    ledger: Ledger, proposal: MakeProposal, answer: Callable[..., Approval], incident: Callable[..., Incident], by: str
) -> None:
    ledger.open_incident(incident())
    asked, twice = proposal(), proposal(Permission.ASK_TWO, action="deploy")
    for waiting in (asked, twice):
        ledger.record_proposal(waiting)
        details = {"requested": "retrain", "requested_by": "ada"}
        ledger.record_decision("churn__1", path="retrain", proposal_hash=waiting.hash, reason="r", details=details)
    given = answer(asked, by, separate_duties=True, known_as=("3", "ada"))
    assert "somebody else has to approve it (separation_of_duties)" in given.refused_because
    assert answer(asked, "bob", separate_duties=True).refused_because == ""
    assert answer(twice, by, separate_duties=True, known_as=("3", "ada")).refused_because == ""
    assert ledger.approvals(asked.hash)[0].refused_because == given.refused_because


def test_whoever_asked_for_it_may_reject_it(
    ledger: Ledger, proposal: MakeProposal, answer: Callable[..., Approval], incident: Callable[..., Incident]
) -> None:
    ledger.open_incident(replace(incident(), resolution={"requested": "rollback", "requested_by": "ada"}))
    asked = proposal()
    ledger.record_proposal(asked)
    assert "separation_of_duties" in answer(asked, "ada", separate_duties=True).refused_because
    assert answer(asked, "ada", "reject", separate_duties=True).refused_because == ""


def test_what_a_policy_says_is_in_the_chain_whenever_it_changes(ledger: Ledger) -> None:
    for content in ({"a": 1}, {"a": 1}, {"a": 2}, {"a": 2}, {"a": 1}):
        ledger.record_content("policy", "default", content)
    said = [record.payload["content"] for record in reversed(ledger.audit_records(subject="default"))]
    assert said == [{"a": 1}, {"a": 2}, {"a": 1}]


def test_what_was_shown_and_for_how_long_is_recorded_with_the_answer(
    ledger: Ledger, proposal: MakeProposal, answer: Callable[..., Approval]
) -> None:
    asked = proposal()
    ledger.record_proposal(asked)
    answer(asked, shown_sha256="a" * 64, review_seconds=12.5)
    (given,) = ledger.approvals(asked.hash)
    assert (given.shown_sha256, given.review_seconds) == ("a" * 64, 12.5)
    assert ledger.audit_records(limit=1)[0].payload["review_seconds"] == 12.5
