"""Answers to proposals: who gave them, whether they count, and whether a proposal may be carried out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import Connection, Row, insert, select

from airmedic_core.errors import ApprovalError, AuditError
from airmedic_core.ledger.answers import (
    answers,
    approval_of,
    closed_by_hand,
    counted_answers,
    missing_groups,
    needed_approvals,
    progress,
    refusal,
    replaced_by,
)
from airmedic_core.ledger.audit import append
from airmedic_core.ledger.decisions import DECIDE_AGAIN, Decisions, change_of
from airmedic_core.ledger.narrowing import add_proposal, narrower_of, narrowing_refused, problem_of
from airmedic_core.ledger.tables import approvals, proposals
from airmedic_core.records import Approval, Proposal, from_json, to_json
from airmedic_core.windows import as_utc

Answer = Literal["approve", "reject"]
Channel = Literal["airflow", "policy"]

_HASH_LENGTH = 128
"""Characters that are kept of an answered hash that nobody proposed."""


class Approvals(Decisions):
    """Says what was proposed and answered. Answers are only ever added."""

    def record_proposal(self, p: Proposal) -> Proposal:
        """Record a proposal, and return the one that stands: an equal one that was made before may stand for it.

        One that nobody has answered yet stands while there is time to answer it and the policy asks for the same; one
        that was rejected stands for good; one that was approved stands until it expires, or for good once it was begun.
        """
        with self._writing() as connection:
            if standing := _standing(connection, p):
                return standing
            add_proposal(connection, p)
        return p

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
        known_as: Sequence[str] = (),
        separate_duties: bool = False,
        shown_sha256: str | None = None,
        review_seconds: float | None = None,
        snooze_until: datetime | None = None,
        member_of: Sequence[str] = (),
        narrower: Proposal | None = None,
        objection: str = "",
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
        known_as : sequence of str
            Further names and ids of the person who answers, to tell whether the same person asked for it.
        separate_duties : bool
            Whether somebody who asked for the action may not be the only one to approve it.
        shown_sha256 : str, optional
            Digest of the text that was shown.
        review_seconds : float, optional
            From the question to the answer.
        snooze_until : datetime, optional
            Of a rejection: until when the same question is not to be asked again.
        member_of : sequence of str
            The groups of approvers that the person who answers belongs to at the moment.
        narrower : Proposal, optional
            What the person approves in its place. It is recorded with the approval, whose hash is then its own; where
            the answer does not count, neither is it recorded.
        objection : str
            Why the answer does not count for another reason than those of the ledger.

        Returns
        -------
        Approval
            With ``refused_because`` where the answer does not count.
        """
        proposed, at = hash[:_HASH_LENGTH], as_utc(at)
        with self._writing() as connection:
            earlier = answers(connection, proposed)
            delivered = [*earlier, *(answers(connection, narrower.hash) if narrower is not None else [])]
            for known in delivered:
                if (known.answer, known.by, known.at, known.channel) == (answer, by, at, channel):
                    return known  # the same answer delivered twice, not given twice
            given = Approval(
                proposed,
                answer,
                by,
                at,
                channel,
                comment,
                shown_sha256=shown_sha256,
                review_seconds=review_seconds,
                snooze_until=snooze_until,
                member_of=tuple(member_of),
            )
            refused = refusal(
                connection,
                given,
                earlier,
                approvers=approvers,
                known_as=known_as,
                separate_duties=separate_duties,
            )
            refused = refused or objection or (_narrowing_refused(connection, proposed, narrower) if narrower else "")
            if narrower is not None and not refused:
                add_proposal(connection, narrower)
                given = replace(given, proposal_hash=narrower.hash)
            given = replace(given, refused_because=refused)
            record = to_json(given)
            sequence = append(connection, "approval", given.proposal_hash, record)
            typed = {"at": at, "snooze_until": snooze_until, "member_of": list(member_of) or None}
            connection.execute(insert(approvals).values(sequence=sequence, **record | typed))
        return given

    def rejections(self, model: str, *, since: datetime) -> list[tuple[Proposal, Approval]]:
        """Return what people have rejected for a model since a moment, newest first, with their answers.

        Parameters
        ----------
        model : str
            The model.
        since : datetime
            The moment.
        """
        query = (
            select(approvals, proposals.c.record)
            .join(proposals, proposals.c.hash == approvals.c.proposal_hash)
            .where(proposals.c.model == model, approvals.c.answer == "reject", approvals.c.channel == "airflow")
            .where(approvals.c.refused_because == "", approvals.c.at >= since)
            .order_by(approvals.c.sequence.desc())
        )
        with self._reading() as connection:
            return [(from_json(Proposal, row.record), approval_of(row)) for row in connection.execute(query)]

    def approvals(self, hash: str) -> list[Approval]:  # noqa: A002  the word for it
        """Return the answers to a proposal, oldest first, with those that do not count."""
        with self._reading() as connection:
            return answers(connection, hash)

    def approved_by(self, hash: str) -> str:  # noqa: A002  the word for it
        """Return who approved a proposal; what was refused does not count."""
        counted = (
            answer for answer in self.approvals(hash) if answer.answer == "approve" and not answer.refused_because
        )
        return ", ".join(dict.fromkeys(answer.by for answer in counted))

    def require_approval(self, hash: str, *, now: datetime) -> Approval:  # noqa: A002  the word for it
        """Return the approval that lets exactly this proposal be carried out, or record that it is refused.

        Raises
        ------
        ApprovalError, AuditError
            As :meth:`standing_approval` does.
        """
        try:
            return self.standing_approval(hash, now=now)
        except (ApprovalError, AuditError) as error:
            self.record_refusal(hash[:_HASH_LENGTH], error.problem)
            raise

    def standing_approval(self, hash: str, *, now: datetime) -> Approval:  # noqa: A002  the word for it
        """Return the approval of a proposal as it stands: all of the proposal's row is covered by the hash.

        An action that has begun may be finished after the proposal's time; one that has failed is not begun again then.

        Raises
        ------
        ApprovalError
            If the proposal is unknown, changed, rejected, superseded, expired, or not approved by enough people, or if
            its answers were changed. A retry does not help.
        AuditError
            If a record about it is no link of the audit chain. A retry does not help.
        """
        with self._reading() as connection:
            row = connection.execute(select(proposals).where(proposals.c.hash == hash)).one_or_none()
            if row is None:
                raise ApprovalError(f"Nothing with the hash {hash!r} was proposed.", DECIDE_AGAIN)
            what = f"The proposal {row.action!r} ({hash[:12]})"
            if problem := problem_of(connection, row):
                raise ApprovalError(problem, DECIDE_AGAIN)
            counted = counted_answers(connection, hash, what)
            rejected = next((approval for approval in counted if approval.answer == "reject"), None)
            if rejected is not None:
                raise ApprovalError(f"{what} was rejected by {rejected.by!r}.", "Nothing is done.")
            needed = needed_approvals(row)
            if len(counted) < needed:
                raise ApprovalError(
                    f"{what} needs {needed} approval(s) and has {len(counted)}.", "Answer it in Required Actions."
                )
            if missing := missing_groups(row, counted):
                raise ApprovalError(f"{what} needs somebody of {missing}.", "Answer it in Required Actions.")
            begun = progress(connection, hash)
            if begun not in {"done", "undone"} and from_json(Proposal, row.record).hash != hash:
                raise ApprovalError(f"{what} was approved under the hash of an earlier version.", DECIDE_AGAIN)
            if not begun:
                _require_in_time(connection, row, what, now)
        return counted[-1]

    def replacement_of(self, hash: str) -> str | None:  # noqa: A002  the word for it
        """Return the hash of the proposal that replaced one, or nothing where it stands."""
        with self._reading() as connection:
            row = connection.execute(select(proposals).where(proposals.c.hash == hash)).one_or_none()
            return None if row is None or change_of(connection, row) else replaced_by(connection, row)

    def narrowed_to(self, hash: str) -> str:  # noqa: A002  the word for it
        """Return the hash of what an approver has narrowed a proposal to; its own where nobody has."""
        with self._reading() as connection:
            return narrower_of(connection, hash) or hash


def _narrowing_refused(connection: Connection, proposal_hash: str, narrower: Proposal) -> str:
    return narrowing_refused(
        connection.execute(select(proposals).where(proposals.c.hash == proposal_hash)).one(), narrower
    )


def _standing(connection: Connection, p: Proposal) -> Proposal | None:
    query = select(proposals).where(proposals.c.incident_id == p.incident_id, proposals.c.action == p.action)
    params, equal = to_json(p)["params"], []
    for row in connection.execute(query).all():
        if change_of(connection, row):
            continue
        known = from_json(Proposal, row.record)
        terms = known.expected, known.vouched_by, known.changed, known.one_of, known.approvals
        wanted = p.expected, p.vouched_by, p.changed, p.one_of, p.approvals
        same = (row.record["params"], *terms) == (params, *wanted)
        same = same and row.hash == known.hash
        if row.hash == p.hash or (same and not replaced_by(connection, row)):
            equal.append((row, known))
    return next((known for row, known in equal if _stands(connection, row, p)), None)


def _stands(connection: Connection, row: Row[Any], p: Proposal) -> bool:
    if row.hash == p.hash or progress(connection, row.hash):
        return True
    counted = counted_answers(connection, row.hash, "the proposal")
    if any(approval.answer == "reject" for approval in counted):
        return True
    return p.created_at < row.expires_at and (bool(counted) or row.permission == p.permission)


def _require_in_time(connection: Connection, row: Row[Any], what: str, now: datetime) -> None:
    """Refuse to begin what has expired, was replaced, or belongs to an incident that a person has closed."""
    if now > row.expires_at:
        raise ApprovalError(f"{what} expired at {row.expires_at:%Y-%m-%d %H:%M} UTC.", DECIDE_AGAIN)
    if newer := replaced_by(connection, row):
        raise ApprovalError(f"{what} was replaced by {newer[:12]}.", "Answer the newer one.")
    if person := closed_by_hand(connection, row.incident_id):
        raise ApprovalError(f"{person!r} has closed the incident of {what}.", "Nothing is done.")
