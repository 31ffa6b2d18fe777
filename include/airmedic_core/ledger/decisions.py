"""Decisions, proposals, and the answers that people and the policy gave to them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, Literal

from sqlalchemy import Connection, Row, func, insert, select, update

from airmedic_core.errors import ApprovalError, LedgerError, closest
from airmedic_core.ledger.audit import Audit, append
from airmedic_core.ledger.incidents import ENDS
from airmedic_core.ledger.tables import actions, approvals, decisions, incidents, proposals
from airmedic_core.records import Approval, Json, Permission, Proposal, from_json, to_json
from airmedic_core.windows import as_utc

Answer = Literal["approve", "reject"]
Channel = Literal["airflow", "policy"]

_HASH_LENGTH = 128
"""What is kept of an answered hash that nobody proposed."""


class Decisions(Audit):
    """What was decided, proposed and answered. Answers are only ever added."""

    def record_decision(
        self,
        incident_id: str,
        *,
        path: str,
        proposal_hash: str | None,
        reason: str,
        skipped: Sequence[Json] = (),
        details: Json | None = None,
    ) -> None:
        """Record which way an incident goes, and what was passed over for which reason.

        The same decision twice in a row is recorded once.
        """
        values: Json = {
            "path": path,
            "proposal_hash": proposal_hash,
            "reason": reason,
            "skipped": list(skipped),
            "details": details or {},
        }
        with self._writing() as connection:
            last = connection.execute(
                select(decisions)
                .where(decisions.c.incident_id == incident_id)
                .order_by(decisions.c.sequence.desc())
                .limit(1)
            ).one_or_none()
            if last is not None and all(last._mapping[name] == value for name, value in values.items()):  # noqa: SLF001  public, despite its name
                return
            sequence = append(connection, "decision", incident_id, values)
            connection.execute(
                insert(decisions).values(
                    sequence=sequence, incident_id=incident_id, decided_at=datetime.now(UTC), **values
                )
            )

    def decisions(self, incident_id: str) -> list[Json]:
        """Return the decisions on an incident, oldest first: path, proposal_hash, reason, skipped, details, at."""
        query = select(decisions).where(decisions.c.incident_id == incident_id).order_by(decisions.c.sequence)
        with self._reading() as connection:
            return [
                {
                    "path": row.path,
                    "proposal_hash": row.proposal_hash,
                    "reason": row.reason,
                    "skipped": row.skipped,
                    "details": row.details,
                    "at": row.decided_at.isoformat(),
                }
                for row in connection.execute(query)
            ]

    def record_proposal(self, p: Proposal) -> None:
        """Record a proposal.

        Made again, one that nobody has answered yet is renewed (its permission and its expiry); an answered one stands.
        """
        record = to_json(p)
        values = {"permission": p.permission.value, "expires_at": p.expires_at, "record": record}
        with self._writing() as connection:
            known = connection.execute(select(proposals).where(proposals.c.hash == p.hash)).one_or_none()
            if known is not None and (known.record == record or _counted(connection, p.hash)):
                return
            if known is None:
                connection.execute(
                    insert(proposals).values(
                        hash=p.hash,
                        incident_id=p.incident_id,
                        model=p.model,
                        action=p.action,
                        created_at=p.created_at,
                        **values,
                    )
                )
            else:
                values["created_at"] = p.created_at
                connection.execute(update(proposals).where(proposals.c.hash == p.hash).values(values))
            append(connection, "proposal", p.hash, record)

    def proposal(self, hash: str) -> Proposal:  # noqa: A002  the word for it
        """Return one proposal.

        Raises
        ------
        LedgerError
            If there is none of this hash.
        """
        with self._reading() as connection:
            row = connection.execute(select(proposals).where(proposals.c.hash == hash)).one_or_none()
            if row is None:
                known = connection.execute(select(proposals.c.hash).order_by(proposals.c.created_at.desc()).limit(20))
                raise LedgerError(f"There is no proposal {hash!r}.", closest(hash, known.scalars().all()))
        return from_json(Proposal, row.record)

    def proposals(self, incident_id: str) -> list[Proposal]:
        """Return the proposals of an incident, oldest first."""
        query = select(proposals.c.record).where(proposals.c.incident_id == incident_id)
        with self._reading() as connection:
            rows = connection.execute(query.order_by(proposals.c.created_at, proposals.c.hash)).scalars()
            return [from_json(Proposal, record) for record in rows]

    def answer_proposal(
        self,
        hash: str,  # noqa: A002  the word for it
        answer: Answer,
        *,
        by: str,
        at: datetime,
        channel: Channel,
        approvers: Sequence[str] = (),
        comment: str = "",
    ) -> Approval:
        """Record an answer to a proposal, whether it counts or not.

        Parameters
        ----------
        hash : str
            What was answered.
        answer : {"approve", "reject"}
            The answer.
        by : str
            Who answered.
        at : datetime
            When; ISO 8601 text is understood too.
        channel : {"airflow", "policy"}
            Where the answer was given. The policy answers only what it may do alone.
        approvers : sequence of str
            Who may answer; anybody where empty.
        comment : str
            What they said.

        Returns
        -------
        Approval
            With ``refused_because`` where the answer does not count.
        """
        proposed, at = hash[:_HASH_LENGTH], as_utc(at)
        with self._writing() as connection:
            earlier = _approvals(connection, proposed)
            for known in earlier:
                if (known.answer, known.by, known.at, known.channel) == (answer, by, at, channel):
                    return known  # the same answer delivered twice, not given twice
            given = Approval(proposed, answer, by, at, channel, comment)
            given = replace(given, refused_because=_refusal(connection, given, approvers, earlier))
            record = to_json(given)
            sequence = append(connection, "approval", proposed, record)
            connection.execute(insert(approvals).values(sequence=sequence, **record | {"at": at}))
        return given

    def approvals(self, hash: str) -> list[Approval]:  # noqa: A002  the word for it
        """Return the answers to a proposal, oldest first, with those that do not count."""
        with self._reading() as connection:
            return _approvals(connection, hash)

    def approved_by(self, hash: str) -> str:  # noqa: A002  the word for it
        """Return who approved a proposal; what was refused does not count."""
        counted = (each for each in self.approvals(hash) if each.answer == "approve" and not each.refused_because)
        return ", ".join(dict.fromkeys(each.by for each in counted))

    def require_approval(self, hash: str, *, now: datetime) -> Approval:  # noqa: A002  the word for it
        """Return the approval that lets exactly this proposal be carried out.

        An action that has begun may be finished after the proposal's time; one that has failed is not begun again then.

        Raises
        ------
        ApprovalError
            If the proposal is unknown, rejected, superseded, expired, or not approved by enough people.
        """
        with self._reading() as connection:
            row = connection.execute(select(proposals).where(proposals.c.hash == hash)).one_or_none()
            if row is None:
                raise ApprovalError(f"Nothing with the hash {hash!r} was proposed.", "Decide again.")
            what = f"The proposal {row.action!r} ({hash[:12]})"
            counted = [approval for approval in _approvals(connection, hash) if not approval.refused_because]
            rejected = next((approval for approval in counted if approval.answer == "reject"), None)
            if rejected is not None:
                raise ApprovalError(f"{what} was rejected by {rejected.by!r}.", "Nothing is done.")
            needed = _needed(row.permission)
            if len(counted) < needed:
                raise ApprovalError(
                    f"{what} needs {needed} approval(s) and has {len(counted)}.", "Answer it in Required Actions."
                )
            begun = (actions.c.proposal_hash == hash) & (actions.c.status.in_(["running", "done", "undone"]))
            if not connection.execute(select(actions.c.attempt).where(begun)).first():
                if now > row.expires_at:
                    raise ApprovalError(f"{what} expired at {row.expires_at:%Y-%m-%d %H:%M} UTC.", "Decide again.")
                if newer := _newer(connection, row):
                    raise ApprovalError(f"{what} was replaced by {newer[:12]}.", "Answer the newer one.")
        return counted[-1]


def _refusal(connection: Connection, given: Approval, approvers: Sequence[str], earlier: Sequence[Approval]) -> str:
    """Return why an answer does not count, or nothing if it does."""
    row = connection.execute(select(proposals).where(proposals.c.hash == given.proposal_hash)).one_or_none()
    if row is None:
        return "nothing with this hash was proposed: the proposal has changed"
    counted = [approval for approval in earlier if not approval.refused_because]
    return (
        _person_refused(row, given, approvers)
        or _answered(row, given, counted)
        or _out_of_time(connection, row, given.at)
    )


def _person_refused(row: Row[Any], given: Approval, approvers: Sequence[str]) -> str:
    if row.permission in {Permission.DENY, Permission.RECOMMEND}:
        return f"the policy says {row.permission}: this is not to be carried out"
    if given.channel == "policy":
        alone = row.permission == Permission.AUTO or given.answer == "reject"
        return "" if alone else f"the policy says {row.permission}, so a person must answer"
    if not given.by:
        return "it does not say who answered"
    return "" if not approvers or given.by in approvers else f"{given.by!r} is not an approver"


def _answered(row: Row[Any], given: Approval, counted: Sequence[Approval]) -> str:
    if any(approval.answer == "reject" for approval in counted):
        return "it was rejected before"
    if len(counted) >= _needed(row.permission):
        return "it was answered before"
    if given.answer == "approve" and any(approval.by == given.by for approval in counted):
        return f"{given.by!r} approved it before, and a second person is needed"
    return ""


def _out_of_time(connection: Connection, row: Row[Any], at: datetime) -> str:
    if at > row.expires_at:
        return f"it expired at {row.expires_at:%Y-%m-%d %H:%M} UTC"
    if newer := _newer(connection, row):
        return f"the proposal has changed: {newer[:12]} replaced it"
    state = connection.execute(select(incidents.c.state).where(incidents.c.id == row.incident_id)).scalar()
    return f"the incident is {state} already" if state in ENDS else ""


def _needed(permission: str) -> int:
    return 2 if permission == Permission.ASK_TWO else 1


def _newer(connection: Connection, row: Row[Any]) -> str | None:
    """Return the hash of a later proposal of the same action for the same incident."""
    return connection.execute(
        select(proposals.c.hash)
        .where(
            proposals.c.incident_id == row.incident_id,
            proposals.c.action == row.action,
            proposals.c.hash != row.hash,
            proposals.c.created_at > row.created_at,
        )
        .order_by(proposals.c.created_at.desc())
        .limit(1)
    ).scalar()


def _counted(connection: Connection, proposal_hash: str) -> int:
    wanted = (approvals.c.proposal_hash == proposal_hash) & (approvals.c.refused_because == "")
    return connection.execute(select(func.count()).select_from(approvals).where(wanted)).scalar_one()


def _approvals(connection: Connection, proposal_hash: str) -> list[Approval]:
    query = select(approvals).where(approvals.c.proposal_hash == proposal_hash).order_by(approvals.c.sequence)
    return [
        Approval(row.proposal_hash, row.answer, row.by, row.at, row.channel, row.comment, row.refused_because)
        for row in connection.execute(query)
    ]
