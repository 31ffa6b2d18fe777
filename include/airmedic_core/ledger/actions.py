"""What was done: actions from their beginning to their end, and switches of the champion."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal

from sqlalchemy import Connection, Row, insert, select, update

from airmedic_core.errors import LedgerError
from airmedic_core.ledger.audit import Audit, append
from airmedic_core.ledger.incidents import advance
from airmedic_core.ledger.tables import actions, promotions
from airmedic_core.records import ActionResult, IncidentState, Json, Promotion, Proposal, to_json


@dataclass(frozen=True)
class RecordedAction:
    """One attempt to carry out a proposal."""

    proposal_hash: str
    attempt: int
    incident_id: str
    model: str
    action: str
    status: Literal["running", "done", "failed", "undone"]
    """``running`` until it ends; also when the process died on the way."""
    summary: str
    seconds: float
    output: Json
    started_at: datetime
    finished_at: datetime | None

    @property
    def result(self) -> ActionResult | None:
        """What came of it, once it ended."""
        if self.status == "running":
            return None
        return ActionResult(self.proposal_hash, self.action, self.status, self.summary, self.seconds, self.output)


class Actions(Audit):
    """Actions and promotions.

    An action that has a snapshot and no result was cut off on the way: whoever carries it out next can tell.
    """

    def begin_action(self, p: Proposal, snapshot: Json, *, now: datetime | None = None) -> None:
        """Record that an action begins, and how things stood before. Its incident is ``acting`` from now on.

        After a crash the first snapshot is kept, because it alone shows how things stood before. After a failure a new
        attempt begins.

        Raises
        ------
        LedgerError
            If the action was carried out already.
        """
        with self._writing() as connection:
            last = _last(connection, p.hash)
            if last is not None and last.status == "running":
                return
            if last is not None and last.status in {"done", "undone"}:
                raise LedgerError(f"The action {p.action!r} is {last.status} already.", "Read its result instead.")
            attempt = 1 if last is None else last.attempt + 1
            connection.execute(
                insert(actions).values(
                    proposal_hash=p.hash,
                    attempt=attempt,
                    incident_id=p.incident_id,
                    model=p.model,
                    action=p.action,
                    status="running",
                    summary="",
                    seconds=0.0,
                    output={},
                    snapshot=snapshot,
                    started_at=now or datetime.now(UTC),
                )
            )
            begun = {"action": p.action, "attempt": attempt, "incident_id": p.incident_id, "snapshot": snapshot}
            append(connection, "action_begun", p.hash, begun)
            advance(connection, p.incident_id, IncidentState.ACTING)

    def finish_action(self, r: ActionResult, *, now: datetime | None = None) -> None:
        """Record what came of an action; its incident is ``verifying`` from now on.

        What is done may later be undone. Nothing else changes an end.

        Raises
        ------
        LedgerError
            If the action never began, or ended differently.
        """
        now = now or datetime.now(UTC)
        record = to_json(r)
        ended = {
            "status": r.status,
            "summary": r.summary,
            "seconds": r.seconds,
            "output": record["output"],
            "finished_at": now,
        }
        with self._writing() as connection:
            last = _last(connection, r.proposal_hash)
            if last is None:
                raise LedgerError(f"The action {r.action!r} never began.", "Call begin_action first.")
            if last.status == r.status and last.output == record["output"] and last.summary == r.summary:
                return
            if last.status != "running" and (last.status, r.status) != ("done", "undone"):
                raise LedgerError(
                    f"The action {r.action!r} ended as {last.status} and cannot end as {r.status}.",
                    "Begin it again, or propose another.",
                )
            mine = (actions.c.proposal_hash == r.proposal_hash) & (actions.c.attempt == last.attempt)
            connection.execute(update(actions).where(mine).values(ended))
            append(connection, "action_ended", r.proposal_hash, record)
            advance(connection, last.incident_id, IncidentState.VERIFYING)

    def action_result(self, hash: str) -> ActionResult | None:  # noqa: A002 - the word for it
        """Return what came of an action; nothing if it never began or has not ended."""
        with self._reading() as connection:
            last = _last(connection, hash)
        return None if last is None else _recorded(last).result

    def snapshot(self, hash: str) -> Json | None:  # noqa: A002  the word for it
        """Return how things stood before an action began; nothing if it never did."""
        with self._reading() as connection:
            last = _last(connection, hash)
        return None if last is None else dict(last.snapshot)

    def actions(
        self, *, model: str | None = None, incident_id: str | None = None, since: datetime | None = None
    ) -> list[RecordedAction]:
        """Return attempts to carry out actions, oldest first."""
        query = select(actions).order_by(actions.c.started_at, actions.c.proposal_hash, actions.c.attempt)
        if model is not None:
            query = query.where(actions.c.model == model)
        if incident_id is not None:
            query = query.where(actions.c.incident_id == incident_id)
        if since is not None:
            query = query.where(actions.c.started_at >= since)
        with self._reading() as connection:
            return [_recorded(row) for row in connection.execute(query)]

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
    )
