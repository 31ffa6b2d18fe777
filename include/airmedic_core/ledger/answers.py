"""The rules of answers: whether one counts, what replaces a proposal, and how far its action has come.

What people answered is read from the table and from the audit chain: a row that somebody put in counts for nothing.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, select

from airmedic_core.errors import ApprovalError
from airmedic_core.groups import not_groups
from airmedic_core.ledger.audit import said_of
from airmedic_core.ledger.decisions import change_of
from airmedic_core.ledger.people import normal_name, same_person
from airmedic_core.ledger.tables import actions, approvals, audit, incidents, proposals
from airmedic_core.ledger.transitions import ENDS
from airmedic_core.records import CLOSED_BY_HAND, Approval, Permission, Proposal, from_json

_CLOCKS_DIFFER = timedelta(seconds=30)
"""Sets how far the clock of the API server, which dates answers, may be behind the worker's, which dates questions."""


def refusal(
    connection: Connection,
    given: Approval,
    earlier: Sequence[Approval],
    *,
    approvers: Sequence[str],
    known_as: Sequence[str],
    separate_duties: bool,
) -> str:
    """Return why an answer does not count, or nothing if it does.

    Parameters
    ----------
    connection : Connection
        An open transaction.
    given : Approval
        The answer.
    earlier : sequence of Approval
        The answers that were given to the same proposal before.
    approvers : sequence of str
        The people who may answer; everybody where empty.
    known_as : sequence of str
        Other names of the person who answers.
    separate_duties : bool
        Whether a person may not approve what they asked for.
    """
    row = connection.execute(select(proposals).where(proposals.c.hash == given.proposal_hash)).one_or_none()
    if row is None:
        return "nothing with this hash was proposed: the proposal has changed"
    if changed := change_of(connection, row):
        return changed
    counted = [approval for approval in earlier if not approval.refused_because]
    names, approves = (given.by, *known_as), given.answer == "approve" and given.channel != "policy"
    alone = separate_duties and approves and needed_approvals(row) == 1
    return (
        _person_refused(row, given, approvers)
        or _answered(row, given, counted, names)
        or _out_of_time(connection, row, given.at)
        or (_vouched_by_same_person(row, names) if approves else "")
        or (_asked_by_same_person(connection, row, names) if alone else "")
    )


def _person_refused(row: Row[Any], given: Approval, approvers: Sequence[str]) -> str:
    if row.permission in {Permission.DENY, Permission.RECOMMEND}:
        return f"the policy says {row.permission}: this is not to be carried out"
    if given.channel == "policy":
        alone = row.permission == Permission.AUTO or given.answer == "reject"
        return "" if alone else f"the policy says {row.permission}, so a person must answer"
    if not normal_name(given.by):
        return "it does not say who answered"
    listed = given.by in not_groups(approvers) or any(group in approvers for group in given.member_of)
    return "" if not approvers or listed else f"{given.by!r} is not an approver"


def _answered(row: Row[Any], given: Approval, counted: Sequence[Approval], names: Sequence[str]) -> str:
    if any(approval.answer == "reject" for approval in counted):
        return "it was rejected before"
    if len(counted) >= needed_approvals(row):
        return "it was answered before"
    approved_by = [approval.by for approval in counted]
    if given.answer == "approve" and any(same_person(name, approved_by) for name in names):
        return f"{given.by!r} approved it before, and another person is needed"
    last = len(counted) + 1 == needed_approvals(row)
    if given.answer == "approve" and last and (missing := missing_groups(row, [*counted, given])):
        return f"somebody of {missing} has to approve it"
    return ""


def missing_groups(row: Row[Any], counted: Sequence[Approval]) -> str:
    """Return the groups that a proposal needs and that nobody who has approved it is in; nothing if all are there.

    Those who approve are people: one who is in two groups stands for both, and counts once.
    """
    if row.permission not in {Permission.ASK, Permission.ASK_TWO}:
        return ""
    there = {group for answer in counted if answer.answer == "approve" for group in answer.member_of}
    wanted = from_json(Proposal, row.record).one_of
    return " and ".join(group for group in wanted if group not in there)


def _vouched_by_same_person(row: Row[Any], names: Sequence[str]) -> str:
    """Return an objection where the person whose word stands in for a verified cause approves, even as one of two."""
    vouched_by = from_json(Proposal, row.record).vouched_by
    if vouched_by and any(same_person(name, [vouched_by]) for name in names):
        return f"{names[0]!r} asked for it, and their word stands in for a verified cause: others have to approve it"
    return ""


def _asked_by_same_person(connection: Connection, row: Row[Any], names: Sequence[str]) -> str:
    """Return an objection where the person who asked for the action is the one who approves it."""
    opened = [record.payload["resolution"] for record in said_of(connection, row.incident_id, "incident")]
    # What is narrowed was decided on under the hash that it had before.
    mine = {row.hash, from_json(Proposal, row.record).parent or row.hash}
    decided = [
        record.payload["details"]
        for record in said_of(connection, row.incident_id, "decision")
        if mine & {record.payload["proposal_hash"], record.payload["details"].get("follow_up")}
    ]
    asked = [str(said["requested_by"]) for said in (*opened, *decided) if said.get("requested_by")]
    if any(same_person(name, asked) for name in names):
        return f"{names[0]!r} asked for it, so somebody else has to approve it (separation_of_duties)"
    return ""


def _out_of_time(connection: Connection, row: Row[Any], at: datetime) -> str:
    if at < row.created_at - _CLOCKS_DIFFER:
        return f"it is dated before its question, which was asked at {row.created_at:%Y-%m-%d %H:%M} UTC"
    if at > row.expires_at:
        return f"it expired at {row.expires_at:%Y-%m-%d %H:%M} UTC"
    if newer := replaced_by(connection, row):
        return f"the proposal has changed: {newer[:12]} replaced it"
    state = connection.execute(select(incidents.c.state).where(incidents.c.id == row.incident_id)).scalar()
    # The chain keeps an incident ended whose row was opened again.
    moves = said_of(connection, row.incident_id, "incident_state")
    ended = [record.payload["state"] for record in moves if record.payload.get("state") in ENDS]
    state = ended[-1] if ended else state
    return f"the incident is {state} already" if state in ENDS else ""


def closed_by_hand(connection: Connection, incident_id: str) -> str:
    """Return the person who has closed an incident; nothing where nobody has, or a remediation closed it."""
    moves = said_of(connection, incident_id, "incident_state")
    said = [record.payload.get("resolution", {}) for record in moves]
    return next(
        (str(resolution["closed_by"]) for resolution in said if resolution.get("outcome") == CLOSED_BY_HAND), ""
    )


def needed_approvals(row: Row[Any]) -> int:
    """Return how many people have to agree to a proposal."""
    return from_json(Proposal, row.record).needed


def replaced_by(connection: Connection, row: Row[Any]) -> str | None:
    """Return the hash of a proposal of the same action for the same incident that was recorded after it.

    The chain says what came after what, because clocks may be set back and rows be deleted. Proposals of one moment
    stand side by side: a review asks for several settings at once. What an approver has narrowed replaces only the
    proposal that it comes from.
    """
    mine = max(record.sequence for record in said_of(connection, row.hash, "proposal"))
    later = select(audit).where(audit.c.sequence > mine, audit.c.kind == "proposal").order_by(audit.c.sequence.desc())
    for record in connection.execute(later):
        proposed = from_json(Proposal, json.loads(record.payload))
        same = (proposed.incident_id, proposed.action) == (row.incident_id, row.action)
        same = same and proposed.parent in {"", row.hash}
        if same and record.subject != row.hash and proposed.created_at != row.created_at:
            return str(record.subject)
    return None


def progress(connection: Connection, proposal_hash: str) -> str:
    """Return how far an action has come that has begun and did not fail; nothing where it may not go on.

    A row that says so counts only where the chain holds its beginning.
    """
    begun = (actions.c.proposal_hash == proposal_hash) & (
        actions.c.status.in_(["running", "taking_back", "done", "undone"])
    )
    status = connection.execute(select(actions.c.status).where(begun)).scalar()
    if status is None or not said_of(connection, proposal_hash, "action_begun"):
        return ""
    return str(status)


def counted_answers(connection: Connection, proposal_hash: str, what: str) -> list[Approval]:
    """Return the answers that count, if those of the table are those of the chain.

    Parameters
    ----------
    connection : Connection
        An open transaction.
    proposal_hash : str
        The proposal.
    what : str
        How an error names it.
    """
    given = answers(connection, proposal_hash)
    recorded = [from_json(Approval, record.payload) for record in said_of(connection, proposal_hash, "approval")]
    if given != recorded:
        raise ApprovalError(
            f"The answers to {what[0].lower()}{what[1:]} were changed: the audit chain holds others.",
            "Run 'airmedic audit verify', and decide again.",
        )
    return [approval for approval in given if not approval.refused_because]


def answers(connection: Connection, proposal_hash: str) -> list[Approval]:
    """Return the answers in the table, oldest first."""
    query = select(approvals).where(approvals.c.proposal_hash == proposal_hash).order_by(approvals.c.sequence)
    return [approval_of(row) for row in connection.execute(query)]


def approval_of(row: Row[Any]) -> Approval:
    """Return the answer that a row holds."""
    values = {name: getattr(row, name) for name in Approval.__dataclass_fields__}
    return Approval(**values | {"member_of": tuple(values["member_of"] or ())})
