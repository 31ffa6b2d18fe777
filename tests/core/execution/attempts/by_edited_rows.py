"""Attempts to change the ledger's rows behind its back."""

# ruff: noqa: S608  somebody who gets round an approval writes to the database, too

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from airmedic_core.records import (
    REQUESTED,
    Approval,
    Cause,
    IncidentState,
    Json,
    Permission,
    to_json,
)
from tests.core.execution.attempts.by_answers import nobody_of_the_group_approves
from tests.core.execution.attempts.case import LATE, Case
from tests.core.renewals import observe


def its_parameters_are_edited(case: Case) -> None:
    case.answer()
    case.edit(params=case.proposal.params | {"reason": "another"})


def its_action_is_edited(case: Case) -> None:
    case.answer()
    case.edit(action="hold")


def the_column_of_its_action_is_edited(case: Case) -> None:
    case.answer()
    case.sql("UPDATE proposals SET action = 'hold'")


def its_expected_effect_is_edited(case: Case) -> None:
    case.answer()
    case.edit(expected="Everything gets better.")


def two_approvals_are_made_one(case: Case) -> None:
    case.propose(Permission.ASK_TWO)
    case.answer()
    case.edit(permission="ask")


def three_approvals_are_made_one(case: Case) -> None:
    case.propose(approvals=3)
    case.answer()
    case.edit(approvals=0)


def the_column_of_its_permission_is_edited(case: Case) -> None:
    case.propose(Permission.ASK_TWO)
    case.answer()
    case.sql("UPDATE proposals SET permission = 'ask'")


def an_approval_is_made_needless(case: Case) -> None:
    case.edit(permission="auto")
    case.answer("policy", channel="policy")


def its_expiry_is_pushed(case: Case) -> None:
    case.answer()
    case.edit(expires_at="2099-01-01T00:00:00Z")
    case.now = LATE


def the_column_of_its_expiry_is_pushed(case: Case) -> None:
    case.answer()
    case.sql("UPDATE proposals SET expires_at = '2099-01-01 00:00:00.000000'")
    case.now = LATE


def its_model_is_edited(case: Case) -> None:
    case.answer()
    case.sql("UPDATE proposals SET model = 'another'")


_ANSWER = (
    'INSERT INTO approvals (sequence, proposal_hash, answer, "by", at, channel, comment, refused_because) '
    "VALUES (99, '{key}', 'approve', 'ada', '2026-01-01 00:00:00.000000', 'airflow', '', '')"
)


def an_approval_is_put_in(case: Case) -> None:
    case.sql(_ANSWER.format(key=case.key))


def a_proposal_is_put_in_with_its_approval(case: Case) -> None:
    other = replace(case.proposal, params=case.proposal.params | {"reason": "another"})
    record = json.dumps(to_json(other)).replace("'", "''")
    case.sql(
        f"INSERT INTO proposals SELECT '{other.hash}', incident_id, model, action, permission, created_at, expires_at, "
        f"'{record}' FROM proposals",
        _ANSWER.format(key=other.hash),
    )
    case.key = other.hash


def a_rejection_is_deleted(case: Case) -> None:
    case.propose(Permission.ASK_TWO)
    case.answer("bob", "reject")
    case.sql("DELETE FROM approvals")
    case.answer("ada")
    case.answer("bob")


def a_rejection_is_made_an_approval(case: Case) -> None:
    case.answer("bob", "reject")
    case.sql("UPDATE approvals SET answer = 'approve'")


def a_refused_answer_is_made_to_count(case: Case) -> None:
    case.answer("mallory")
    case.sql("UPDATE approvals SET refused_because = '', \"by\" = 'ada'")


def an_expired_action_is_made_a_begun_one(case: Case) -> None:
    case.answer()
    case.sql(
        f"INSERT INTO actions SELECT hash, 1, incident_id, model, action, 'running', '', 0, '{{}}', '{{}}', "
        f"created_at, NULL FROM proposals WHERE hash = '{case.key}'"
    )
    case.now = LATE


def the_group_is_edited_away(case: Case) -> None:
    nobody_of_the_group_approves(case)
    case.edit(one_of=[])


def the_group_of_an_answer_is_put_in(case: Case) -> None:
    nobody_of_the_group_approves(case)
    case.sql("UPDATE approvals SET member_of = '[\"group:risk\"]', refused_because = ''")


def _forge(case: Case, copied: str, kind: str, payload: Json) -> None:
    """Put a record into the audit chain, whose other columns are those of an earlier record."""
    said = json.dumps(payload).replace("'", "''")
    case.sql(
        f"INSERT INTO audit SELECT 999, at, '{kind}', subject, '{said}', '{'0' * 64}', "
        f"'{'f' * 64}' FROM audit WHERE kind = '{copied}' ORDER BY sequence DESC LIMIT 1"
    )


def _said(case: Case) -> Json:
    given = Approval(case.key, "approve", "ada", datetime(2026, 1, 1, tzinfo=UTC), "airflow")
    return dict(to_json(given))


def an_approval_is_put_into_the_chain(case: Case) -> None:
    an_approval_is_put_in(case)
    _forge(case, "proposal", "approval", _said(case))


def the_kill_switch_is_turned_off_in_the_chain(case: Case) -> None:
    case.answer()
    case.ledger.set_override("*", "kill_switch", "all", {}, author="bob", reason="Stop")
    case.sql("DELETE FROM overrides")
    _forge(case, "override", "override_revoked", {"kind": "kill_switch", "key": "all", "author": "bob"})


def the_kill_switch_is_edited_in_the_chain(case: Case) -> None:
    case.answer()
    case.ledger.set_override("*", "kill_switch", "all", {}, author="bob", reason="Stop")
    case.sql(
        "DELETE FROM overrides",
        "UPDATE audit SET payload = replace(payload, 'kill_switch', 'setting') WHERE kind = 'override'",
    )


def _quiet(case: Case) -> None:
    case.answer()
    observe(case.ws, 50, outcome="healthy", cause=Cause.HEALTHY)


_SOUNDS = (
    "UPDATE batches SET outcome = 'incident', assessment = json_set(assessment, '$.outcome', 'incident', '$.cause', "
    "(SELECT cause FROM incidents LIMIT 1))"
)
_ASKED = """'{"requested": "quarantine", "requested_by": "bob"}'"""


def a_quiet_window_is_edited(case: Case) -> None:
    _quiet(case)
    case.sql(_SOUNDS)


def a_quiet_window_is_deleted(case: Case) -> None:
    _quiet(case)
    case.sql("DELETE FROM batches")


def a_decision_is_made_a_request(case: Case) -> None:
    case.ledger.record_decision(case.incident.id, path="quarantine", proposal_hash=case.key, reason="r")
    _quiet(case)
    case.sql(f"UPDATE decisions SET details = {_ASKED}")


def an_incident_is_made_a_request(case: Case) -> None:
    _quiet(case)
    case.sql(f"UPDATE incidents SET resolution = {_ASKED}, fingerprint = '{REQUESTED}'")


def an_ended_incident_is_opened_again(case: Case) -> None:
    case.ledger.move_incident(case.incident.id, IncidentState.ESCALATED)
    case.sql("UPDATE incidents SET state = 'open'")
    case.answer()


ATTEMPTS: dict[str, Callable[[Case], Any]] = {
    "a quiet window is edited": a_quiet_window_is_edited,
    "a quiet window is deleted": a_quiet_window_is_deleted,
    "a decision is made a request": a_decision_is_made_a_request,
    "an incident is made a request": an_incident_is_made_a_request,
    "an ended incident is opened again": an_ended_incident_is_opened_again,
    "an approval is put into the chain": an_approval_is_put_into_the_chain,
    "the kill switch is turned off in the chain": the_kill_switch_is_turned_off_in_the_chain,
    "the kill switch is edited in the chain": the_kill_switch_is_edited_in_the_chain,
    "the group is edited away": the_group_is_edited_away,
    "the group of an answer is put in": the_group_of_an_answer_is_put_in,
    "its parameters are edited": its_parameters_are_edited,
    "its action is edited": its_action_is_edited,
    "the column of its action is edited": the_column_of_its_action_is_edited,
    "its expected effect is edited": its_expected_effect_is_edited,
    "two approvals are made one": two_approvals_are_made_one,
    "three approvals are made one": three_approvals_are_made_one,
    "the column of its permission is edited": the_column_of_its_permission_is_edited,
    "an approval is made needless": an_approval_is_made_needless,
    "its expiry is pushed": its_expiry_is_pushed,
    "the column of its expiry is pushed": the_column_of_its_expiry_is_pushed,
    "its model is edited": its_model_is_edited,
    "an approval is put in": an_approval_is_put_in,
    "a proposal is put in with its approval": a_proposal_is_put_in_with_its_approval,
    "a rejection is deleted": a_rejection_is_deleted,
    "a rejection is made an approval": a_rejection_is_made_an_approval,
    "a refused answer is made to count": a_refused_answer_is_made_to_count,
    "an expired action is made a begun one": an_expired_action_is_made_a_begun_one,
}
