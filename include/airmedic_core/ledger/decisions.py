"""Decisions, and the proposals that come of them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, Literal

from sqlalchemy import Connection, Row, insert, select

from airmedic_core.errors import ApprovalError, LedgerError, closest
from airmedic_core.ledger.audit import Audit, append, said_of
from airmedic_core.ledger.tables import decisions, proposals
from airmedic_core.records import Json, Proposal, digest, from_json

DECIDE_AGAIN = "Decide again."


class Decisions(Audit):
    """Says what was decided and proposed, and what was refused."""

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

        Parameters
        ----------
        incident_id : str
            The incident.
        path : str
            The way that it goes.
        proposal_hash : str or None
            Hash of what is proposed, if anything is.
        reason : str
            Why.
        skipped : sequence of Json
            The actions that were passed over, each with what stopped it.
        details : dict, optional
            What else is to be kept, as plain JSON.
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

    def proposal(self, hash: str) -> Proposal:  # noqa: A002  the word for it
        """Return one proposal, just as it was recorded.

        Raises
        ------
        LedgerError
            If there is none of this hash.
        ApprovalError
            If its row was changed since. This is recorded. A retry does not help.
        """
        with self._reading() as connection:
            row = connection.execute(select(proposals).where(proposals.c.hash == hash)).one_or_none()
            if row is None:
                known = connection.execute(select(proposals.c.hash).order_by(proposals.c.created_at.desc()).limit(20))
                raise LedgerError(f"There is no proposal {hash!r}.", closest(hash, known.scalars().all()))
            changed = change_of(connection, row)
        if changed:
            self.record_refusal(hash, changed)
            raise ApprovalError(changed, DECIDE_AGAIN)
        return from_json(Proposal, row.record)

    def proposals(self, incident_id: str) -> list[Proposal]:
        """Return the proposals of an incident, oldest first, also those whose row was changed: for showing only."""
        query = select(proposals.c.record).where(proposals.c.incident_id == incident_id)
        with self._reading() as connection:
            rows = connection.execute(query.order_by(proposals.c.created_at, proposals.c.hash)).scalars()
            return [from_json(Proposal, record) for record in rows]

    def record_content(self, kind: Literal["policy", "spec"], name: str, content: Json) -> None:
        """Record the content of a policy or a spec by which something is decided, whenever it has changed.

        Parameters
        ----------
        kind : str
            ``policy`` or ``spec``.
        name : str
            Its name.
        content : dict
            All that it says.
        """
        sha256 = digest(content)
        with self._reading() as connection:
            known = said_of(connection, name, kind)
        if known and known[-1].payload["sha256"] == sha256:
            return
        with self._writing() as connection:
            append(connection, kind, name, {"sha256": sha256, "content": content})

    def record_refusal(self, subject: str, reason: str) -> None:
        """Record that something was not done, and why. The same refusal twice in a row is recorded once."""
        with self._writing() as connection:
            before = said_of(connection, subject, "refusal")
            if not before or before[-1].payload["reason"] != reason:
                append(connection, "refusal", subject, {"reason": reason})

    def record_watch(self, proposal_hash: str, status: str, reasons: Sequence[str]) -> None:
        """Record what the watch of an action has shown.

        Parameters
        ----------
        proposal_hash : str
            The action that was watched.
        status : str
            ``healthy``, ``unhealthy`` or ``inconclusive``.
        reasons : sequence of str
            Why.
        """
        with self._writing() as connection:
            append(connection, "watch", proposal_hash, {"status": status, "reasons": list(reasons)})

    def watched_as(self, proposal_hash: str) -> str:
        """Return what the last watch of an action has shown, as the audit chain holds it; nothing where it was none."""
        with self._reading() as connection:
            watched = said_of(connection, proposal_hash, "watch")
        return str(watched[-1].payload["status"]) if watched else ""

    def record_trial(self, proposal_hash: str, how: Json) -> None:
        """Record how a version is tried beside the champion from now on, or that its trial is over.

        Parameters
        ----------
        proposal_hash : str
            The deployment that was approved.
        how : dict
            The trial, as plain JSON.
        """
        with self._writing() as connection:
            append(connection, "trial", proposal_hash, how)

    def trials(self, proposal_hash: str) -> list[Json]:
        """Return how the version of a deployment was tried, step by step, as the audit chain holds it."""
        with self._reading() as connection:
            return [record.payload for record in said_of(connection, proposal_hash, "trial")]

    def record_compared(self, proposal_hash: str, window: Json) -> None:
        """Record what a window has shown of two versions, of which one is tried.

        Parameters
        ----------
        proposal_hash : str
            The deployment that was approved.
        window : dict
            ``window``, its key, and what was measured, as plain JSON.
        """
        with self._writing() as connection:
            append(connection, "compared", proposal_hash, window)

    def compared(self, proposal_hash: str) -> list[Json]:
        """Return what windows have shown of a version that is tried, each as it was recorded first, oldest first."""
        with self._reading() as connection:
            records = [record.payload for record in said_of(connection, proposal_hash, "compared")]
        first: dict[str, Json] = {}
        for record in records:
            # Two processes may have looked at once.
            first.setdefault(record["window"], record)
        return list(first.values())

    def first_shown(self, page: str, proposal_hash: str) -> str:
        """Return the proposal that a page was first shown with; this one from now on, if there was none.

        Parameters
        ----------
        page : str
            What identifies the page, such as the id of the task that asks.
        proposal_hash : str
            The proposal that is about to be shown there.
        """
        with self._writing() as connection:
            before = said_of(connection, page, "page")
            if before:
                return str(before[0].payload["proposal_hash"])
            append(connection, "page", page, {"proposal_hash": proposal_hash})
        return proposal_hash


def change_of(connection: Connection, row: Row[Any]) -> str:
    """Return what is wrong with a proposal's row that was changed or put in; nothing where it is as it was recorded."""
    what = f"The proposal {row.action!r} ({row.hash[:12]})"
    recorded = said_of(connection, row.hash, "proposal")
    if not recorded:
        return f"{what} was put in: the audit chain does not hold it."
    if recorded[-1].payload != row.record:
        return f"{what} was changed after it was recorded: the audit chain holds another one."
    proposal = from_json(Proposal, row.record)
    if row.hash not in {proposal.hash, proposal.former_hash}:
        return f"{what} was changed after it was recorded: its content does not have this hash."
    for name in ("incident_id", "model", "action", "permission", "created_at", "expires_at"):
        if getattr(row, name) != getattr(proposal, name):
            return f"{what} was changed after it was recorded: its {name} is {str(getattr(row, name))!r}."
    return ""
