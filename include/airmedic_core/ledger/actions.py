"""Says what was done: actions from their beginning to their end, and switches of the champion."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Literal

from sqlalchemy import Connection, Row, insert, select, update

from airmedic_core.errors import AuditError, LedgerError
from airmedic_core.ledger.audit import Audit, append
from airmedic_core.ledger.incidents import advance
from airmedic_core.ledger.sealed_rows import changed_row
from airmedic_core.ledger.tables import actions, promotions
from airmedic_core.ledger.transitions import NOT_BEGUN, ActionStatus, require_action_move
from airmedic_core.ledger.verification import RESTORE
from airmedic_core.records import ActionResult, IncidentState, Json, Promotion, Proposal, to_json

ENDS_AS = "ends_as"
"""Key of the output of an action that is being taken back: how it will have ended."""


@dataclass(frozen=True)
class RecordedAction:
    """One attempt to carry out a proposal."""

    proposal_hash: str
    attempt: int
    incident_id: str
    model: str
    action: str
    status: ActionStatus
    summary: str
    seconds: float
    output: Json
    started_at: datetime
    finished_at: datetime | None
    snapshot: Json = field(default_factory=dict)
    """Says how things stood before."""

    @property
    def result(self) -> ActionResult | None:
        """Return what came of it, once it ended."""
        if self.status == "running" or self.status == "taking_back":  # noqa: PLR1714  mypy narrows no set
            return None
        return ActionResult(self.proposal_hash, self.action, self.status, self.summary, self.seconds, self.output)


class Actions(Audit):
    """Actions and promotions.

    ``ACTION_MOVES`` says which status may follow which. An action that is running or being taken back and has no result
    was cut off on the way: the process that carries it out next can tell, and goes on with it.
    """

    def begin_action(
        self, p: Proposal, snapshot: Json, *, now: datetime | None = None, moves_incident: bool = True
    ) -> None:
        """Record that an action begins, and how things stood before. Its incident is ``acting`` from now on.

        After a crash the first snapshot is kept, because it alone shows how things stood before. After a failure a new
        attempt begins.

        Parameters
        ----------
        p : Proposal
            What is carried out.
        snapshot : dict
            How things stand before.
        now : datetime, optional
            The moment; the present one where not given.
        moves_incident : bool
            Whether the incident's state follows: it stays as it is for what happens beside its remedy.

        Raises
        ------
        LedgerError
            If the action was carried out already, or is being taken back.
        """
        with self._writing() as connection:
            last = _last(connection, p.hash)
            if last is not None and last.status == "running":
                return
            started_at = now or datetime.now(UTC)
            attempt = _add_attempt(connection, p, last, "running", snapshot=snapshot, started_at=started_at)
            begun = {"action": p.action, "attempt": attempt, "incident_id": p.incident_id, "snapshot": snapshot}
            append(connection, "action_begun", p.hash, begun)
            if moves_incident:
                advance(connection, p.incident_id, IncidentState.ACTING)

    def refuse_action(
        self, p: Proposal, status: Literal["failed", "stopped"], summary: str, *, now: datetime | None = None
    ) -> None:
        """Record an attempt that changed nothing: its precheck failed, or something stopped it before it began.

        Stopped again for the same reason, it is recorded once.

        Parameters
        ----------
        p : Proposal
            What is not carried out.
        status : str
            ``failed`` after a precheck, ``stopped`` by a limit.
        summary : str
            Why.
        now : datetime, optional
            The moment; the present one where not given.

        Raises
        ------
        LedgerError
            If the action has begun: then something may be left of it.
        """
        now = now or datetime.now(UTC)
        with self._writing() as connection:
            last = _last(connection, p.hash)
            if last is not None and last.status == status == "stopped" and last.summary == summary:
                return
            _add_attempt(connection, p, last, status, summary=summary, started_at=now, finished_at=now)
            append(connection, "action_refused", p.hash, {"action": p.action, "status": status, "summary": summary})

    def take_back_action(self, r: ActionResult) -> None:
        """Record the decision to undo an action, before it is undone. Nothing but its undoing may follow.

        Parameters
        ----------
        r : ActionResult
            How the action will have ended when it is undone: ``undone``, or ``failed`` if it failed half-way; with the
            reason as its summary.

        Raises
        ------
        LedgerError
            If the action never began, or nothing of it is left.
        """
        record = to_json(r)
        with self._writing() as connection:
            last = _last(connection, r.proposal_hash)
            if last is not None and last.status == "taking_back":
                return
            values = {"summary": r.summary, "output": record["output"] | {ENDS_AS: r.status}}
            _move(connection, r, last, "taking_back", values)
            append(connection, "action_taken_back", r.proposal_hash, record)

    def finish_action(
        self, r: ActionResult, *, now: datetime | None = None, moves_incident: bool = True
    ) -> ActionResult:
        """Record what came of an action; its incident is ``verifying`` from now on.

        Two processes that carried out the same action differ in seconds and the like: the first result stands.

        Parameters
        ----------
        r : ActionResult
            What came of it.
        now : datetime, optional
            The moment; the present one where not given.
        moves_incident : bool
            Whether the incident's state follows: it stays as it is for what happens beside its remedy.

        Returns
        -------
        ActionResult
            What is on record.

        Raises
        ------
        LedgerError
            If the action never began, or cannot end so.
        """
        record = to_json(r)
        with self._writing() as connection:
            last = _last(connection, r.proposal_hash)
            if last is not None and last.status == r.status:
                return _recorded(last).result or r
            values = {"summary": r.summary, "seconds": r.seconds, "output": record["output"]}
            row = _move(connection, r, last, r.status, values | {"finished_at": now or datetime.now(UTC)})
            append(connection, "action_ended", r.proposal_hash, record)
            if moves_incident:
                advance(connection, row.incident_id, IncidentState.VERIFYING)
        return r

    def last_attempt(self, hash: str) -> RecordedAction | None:  # noqa: A002  the word for it
        """Return the last attempt to carry out a proposal; nothing if there was none."""
        with self._reading() as connection:
            last = _last(connection, hash)
        return None if last is None else _recorded(last)

    def standing_attempt(self, p: Proposal) -> RecordedAction | None:
        """Return the last attempt to carry out a proposal, if all of its attempts are as the audit chain holds them.

        Parameters
        ----------
        p : Proposal
            What is to be carried out, gone on with or undone.

        Raises
        ------
        AuditError
            If an attempt was changed, put in or deleted: it would be done twice, not at all, or undone to something
            else. A retry does not help.
        """
        with self._reading() as connection:
            subjects = (p.hash, p.incident_id)
            if changed := changed_row(connection, actions, p.hash, subjects, ("action_begun", "action_refused")):
                problem = f"The record of carrying out {p.action!r} is not as it was made: the row {changed}."
                raise AuditError(problem, RESTORE)
            last = _last(connection, p.hash)
        return None if last is None else _recorded(last)

    def action_result(self, hash: str) -> ActionResult | None:  # noqa: A002 - the word for it
        """Return what came of an action; nothing if it never began or has not ended."""
        last = self.last_attempt(hash)
        return None if last is None else last.result

    def snapshot(self, hash: str) -> Json | None:  # noqa: A002  the word for it
        """Return how things stood before an action began; nothing if it never did."""
        last = self.last_attempt(hash)
        return None if last is None else last.snapshot

    def actions(
        self, *, model: str | None = None, incident_id: str | None = None, since: datetime | None = None
    ) -> list[RecordedAction]:
        """Return attempts to carry out actions, oldest first.

        Parameters
        ----------
        model : str, optional
            Only actions on this model.
        incident_id : str, optional
            Only actions of this incident.
        since : datetime, optional
            Only actions that began from this moment on.
        """
        query = select(actions).order_by(actions.c.started_at, actions.c.proposal_hash, actions.c.attempt)
        if model is not None:
            query = query.where(actions.c.model == model)
        if incident_id is not None:
            query = query.where(actions.c.incident_id == incident_id)
        if since is not None:
            query = query.where(actions.c.started_at >= since)
        with self._reading() as connection:
            return [_recorded(row) for row in connection.execute(query)]

    def actions_of(self, incident_ids: Collection[str]) -> dict[str, list[RecordedAction]]:
        """Return the attempts of several incidents, oldest first, in one question; nothing of those without any."""
        query = (
            select(actions)
            .where(actions.c.incident_id.in_(incident_ids))
            .order_by(actions.c.started_at, actions.c.proposal_hash, actions.c.attempt)
        )
        by_incident: dict[str, list[RecordedAction]] = {}
        with self._reading() as connection:
            for row in connection.execute(query):
                by_incident.setdefault(row.incident_id, []).append(_recorded(row))
        return by_incident

    def record_promotion(self, p: Promotion) -> None:
        """Record one switch of the alias ``champion``. The same switch twice is recorded once."""
        record = to_json(p)
        values = record | {"at": p.at}
        with self._writing() as connection:
            same = [
                promotions.c[name] == value for name, value in values.items() if name in {"model", "to_version", "at"}
            ]
            if connection.execute(select(promotions.c.sequence).where(*same)).first() is not None:
                return
            sequence = append(connection, "promotion", p.model, record)
            connection.execute(insert(promotions).values(sequence=sequence, **values))

    def promotions(self, model: str) -> list[Promotion]:
        """Return the switches of a model's champion, newest first."""
        query = select(promotions).where(promotions.c.model == model).order_by(promotions.c.sequence.desc())
        with self._reading() as connection:
            return [
                Promotion(
                    row.model,
                    row.from_version,
                    row.to_version,
                    row.kind,
                    row.at,
                    row.by,
                    row.proposal_hash,
                    row.seconds,
                )
                for row in connection.execute(query)
            ]


def _last(connection: Connection, proposal_hash: str) -> Row[Any] | None:
    query = select(actions).where(actions.c.proposal_hash == proposal_hash)
    return connection.execute(query.order_by(actions.c.attempt.desc()).limit(1)).one_or_none()


def _add_attempt(
    connection: Connection, p: Proposal, last: Row[Any] | None, status: ActionStatus, **values: Any
) -> int:
    require_action_move(p.action, NOT_BEGUN if last is None else last.status, status)
    attempt: int = 1 if last is None else last.attempt + 1
    blank: Json = {"summary": "", "seconds": 0.0, "output": {}, "snapshot": {}}
    connection.execute(
        insert(actions).values(
            proposal_hash=p.hash,
            attempt=attempt,
            incident_id=p.incident_id,
            model=p.model,
            action=p.action,
            status=status,
            **blank | values,
        )
    )
    return attempt


def _move(
    connection: Connection, r: ActionResult, last: Row[Any] | None, status: ActionStatus, values: Json
) -> Row[Any]:
    if last is None:
        raise LedgerError(f"The action {r.action!r} never began.", "Call begin_action first.")
    require_action_move(r.action, last.status, status)
    mine = (actions.c.proposal_hash == r.proposal_hash) & (actions.c.attempt == last.attempt)
    connection.execute(update(actions).where(mine).values(status=status, **values))
    return last


def _recorded(row: Row[Any]) -> RecordedAction:
    return RecordedAction(
        proposal_hash=row.proposal_hash,
        attempt=row.attempt,
        incident_id=row.incident_id,
        model=row.model,
        action=row.action,
        status=row.status,
        summary=row.summary,
        seconds=row.seconds,
        output=row.output,
        started_at=row.started_at,
        finished_at=row.finished_at,
        snapshot=dict(row.snapshot),
    )
