"""Attempts to get more than was proposed through the form that lets approvers narrow a proposal."""

# ruff: noqa: S608  somebody who gets round an approval writes to the database, too

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

from airmedic_core.records import Approval, Permission, Proposal, to_json
from tests.core.execution.attempts.case import LATE, SOON, Case
from tests.core.renewals import day

START, NARROWER, EARLIER = (day(number).isoformat() for number in (30, 33, 1))
"""About where the window of the proposed training starts, a later moment, and one before the window."""


def training(case: Case, permission: Permission = Permission.ASK, **changes: Any) -> None:
    """Propose a training, whose window and margin may be narrowed, in place of the quarantine."""
    from airmedic_core.actions import ACTIONS

    params, expected = ACTIONS.member("retrain").plan(case.ws, case.incident, None)
    case.propose(permission, action="retrain", params=params, expected=expected, **changes)
    case.rule(permissions=[{"actions": ["retrain"], "permission": permission.value}])


def narrow(case: Case, by: str = "ada", said: Any = "approve", *, more: Any = None, **filled_in: Any) -> Approval:
    """Answer with other values, as the sensor does it, and go on with the hash that the answer has."""
    from airmedic_core.decide.narrow import answer

    given = {"at": SOON, "channel": "airflow", "approvers": ("ada", "bob"), "separate_duties": True} | (more or {})
    approval = answer(case.ws, case.proposal, said, filled_in, now=SOON, by=by, **given)
    case.key = approval.proposal_hash
    return approval


def refused(**filled_in: Any) -> Callable[[Case], None]:
    """Return an attempt to approve a training with values that are not allowed."""

    def run(case: Case) -> None:
        training(case)
        approval = narrow(case, **filled_in)
        assert approval.refused_because
        assert case.ledger.approvals(case.proposal.hash) == [approval]
        assert len(case.ledger.proposals(case.incident.id)) == 2

    return run


def narrowed_then(change: Callable[[Case], None]) -> Callable[[Case], None]:
    def run(case: Case) -> None:
        training(case)
        assert narrow(case, window_start=NARROWER).refused_because == ""
        assert case.key != case.proposal.hash
        change(case)

    return run


def somebody_answers_who_may_not(case: Case) -> None:
    training(case)
    assert "not an approver" in narrow(case, "mallory", window_start=NARROWER).refused_because


def whoever_asked_narrows_it(case: Case) -> None:
    training(case)
    details = {"requested": "retrain", "requested_by": "ada"}
    case.ledger.record_decision(case.incident.id, path="retrain", proposal_hash=case.key, reason="r", details=details)
    assert "asked for it" in narrow(case, window_start=NARROWER).refused_because


def one_of_two_narrows_it(case: Case) -> None:
    training(case, Permission.ASK_TWO)
    assert "no field" in narrow(case, window_start=NARROWER).refused_because
    case.answer("bob")


def the_policy_narrows_it(case: Case) -> None:
    training(case)
    narrow(case, "policy", more={"channel": "policy"}, window_start=NARROWER)


def it_is_narrowed_too_late(case: Case) -> None:
    training(case)
    assert "expired" in narrow(case, more={"at": LATE}, window_start=NARROWER).refused_because


def it_is_narrowed_after_it_was_rejected(case: Case) -> None:
    training(case)
    narrow(case, "bob", "reject", window_start=EARLIER)
    assert "rejected" in narrow(case, window_start=NARROWER).refused_because


def the_wider_one_is_carried_out(case: Case) -> None:
    case.key = case.proposal.hash


def the_wider_one_is_approved_after_it(case: Case) -> None:
    case.key = case.proposal.hash
    assert "the proposal has changed" in case.answer("bob", at=SOON + timedelta(seconds=5)).refused_because


def its_answer_is_replayed_without_the_values(case: Case) -> None:
    narrow(case)
    case.key = case.proposal.hash


def its_answer_is_replayed_with_other_values(case: Case) -> None:
    wider = narrow(case, margin=-0.005)
    assert "the proposal has changed" in wider.refused_because


def edited(case: Case, **changes: Any) -> None:
    child: Proposal = case.ledger.proposal(case.key)
    record = json.dumps(to_json(child) | changes).replace("'", "''")
    case.sql(f"UPDATE proposals SET record = '{record}' WHERE hash = '{case.key}'")


def its_window_is_edited(case: Case) -> None:
    child = case.ledger.proposal(case.key)
    edited(case, params=child.params | {"window_start": EARLIER})


def its_parent_is_edited_away(case: Case) -> None:
    edited(case, parent="")


def its_parent_is_deleted(case: Case) -> None:
    case.sql(f"DELETE FROM proposals WHERE hash = '{case.proposal.hash}'")


def the_window_of_its_parent_is_edited(case: Case) -> None:
    key, case.key = case.key, case.proposal.hash
    case.edit(params=case.proposal.params | {"window_start": EARLIER})
    case.key = key


def its_approval_is_moved_to_the_wider_one(case: Case) -> None:
    case.sql(f"UPDATE approvals SET proposal_hash = '{case.proposal.hash}' WHERE proposal_hash = '{case.key}'")
    case.key = case.proposal.hash


def it_is_deleted_and_the_wider_one_carried_out(case: Case) -> None:
    case.sql(f"DELETE FROM proposals WHERE hash = '{case.key}'")
    its_approval_is_moved_to_the_wider_one(case)


def a_wider_one_is_recorded_directly(case: Case) -> None:
    """The ledger is called without the bounds being asked: what carries it out asks them once more."""
    training(case)
    wider = replace(
        case.proposal,
        params=case.proposal.params | {"window_start": EARLIER},
        created_at=SOON,
        parent=case.proposal.hash,
    )
    given = case.ledger.answer_proposal(
        case.key, "approve", by="ada", at=SOON, channel="airflow", approvers=("ada", "bob"), narrower=wider
    )
    assert given.refused_because == ""
    case.key = wider.hash


def what_may_not_be_narrowed_is_recorded_otherwise(case: Case) -> None:
    """The ledger is called with a quarantine of other windows: a quarantine has nothing that may be narrowed."""
    other = replace(
        case.proposal,
        params=case.proposal.params | {"windows": ["20260101T0000_20260201T0000"]},
        created_at=SOON,
        parent=case.proposal.hash,
    )
    given = case.ledger.answer_proposal(
        case.key, "approve", by="ada", at=SOON, channel="airflow", approvers=("ada", "bob"), narrower=other
    )
    assert given.refused_because == ""
    case.key = other.hash


def its_permission_is_changed_on_the_way(case: Case) -> None:
    training(case)
    narrower = replace(case.proposal, permission=Permission.AUTO, created_at=SOON, parent=case.proposal.hash)
    given = case.ledger.answer_proposal(
        case.key, "approve", by="ada", at=SOON, channel="airflow", approvers=("ada", "bob"), narrower=narrower
    )
    assert "its terms are not those" in given.refused_because
    case.key = narrower.hash


def changes_are_frozen(case: Case) -> None:
    rules = [{"actions": ["retrain"], "permission": "ask"}]
    frozen = [{"start": "2020-01-01", "end": "2099-01-01", "reason": "Year end"}]
    case.rule(permissions=rules, freezes=frozen)


ATTEMPTS: dict[str, Callable[[Case], Any]] = {
    "it is narrowed to an earlier start": refused(window_start=EARLIER),
    "it is narrowed to a later end": refused(window_end=day(59).isoformat()),
    "it is narrowed to a window without rows": refused(window_start=NARROWER, window_end=NARROWER),
    "it is narrowed to a looser margin": refused(margin=-0.5),
    "it is narrowed to no number": refused(margin="NaN"),
    "it is narrowed in a parameter that may not be": refused(method="package.module:function"),
    "it is narrowed in a parameter of another action": refused(windows=[]),
    "it is narrowed to nonsense": refused(window_start={"$ne": ""}),
    "one good value hides a bad one": refused(window_start=NARROWER, margin=-1),
    "somebody narrows it who may not answer": somebody_answers_who_may_not,
    "whoever asked narrows it": whoever_asked_narrows_it,
    "one of two narrows it": one_of_two_narrows_it,
    "the policy narrows it": the_policy_narrows_it,
    "it is narrowed too late": it_is_narrowed_too_late,
    "it is narrowed after it was rejected": it_is_narrowed_after_it_was_rejected,
    "the wider one is carried out": narrowed_then(the_wider_one_is_carried_out),
    "the wider one is approved after it": narrowed_then(the_wider_one_is_approved_after_it),
    "the answer is replayed without the values": narrowed_then(its_answer_is_replayed_without_the_values),
    "the answer is replayed with other values": narrowed_then(its_answer_is_replayed_with_other_values),
    "the narrowed window is edited": narrowed_then(its_window_is_edited),
    "where it comes from is edited away": narrowed_then(its_parent_is_edited_away),
    "where it comes from is deleted": narrowed_then(its_parent_is_deleted),
    "the window that it comes from is edited": narrowed_then(the_window_of_its_parent_is_edited),
    "its approval is moved to the wider one": narrowed_then(its_approval_is_moved_to_the_wider_one),
    "it is deleted for the wider one": narrowed_then(it_is_deleted_and_the_wider_one_carried_out),
    "a wider one is recorded directly": a_wider_one_is_recorded_directly,
    "what may not be narrowed is recorded otherwise": what_may_not_be_narrowed_is_recorded_otherwise,
    "its permission is changed on the way": its_permission_is_changed_on_the_way,
    "changes are frozen after it was narrowed": narrowed_then(changes_are_frozen),
}
