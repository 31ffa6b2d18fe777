"""What past incidents teach, as the audit chain holds them: what was decided, what was done, and what came of it.

Rows only say which incidents are the newest: the chain has no index of them. One that was edited or put in teaches
nothing. One that was deleted hides its incident, which the verification of the chain tells.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, func, select

from airmedic_core.ledger.audit import Audit, AuditRecord, record_of
from airmedic_core.ledger.tables import audit, audit_head, incidents
from airmedic_core.ledger.verification import Place, unlinked
from airmedic_core.records import Cause, Json
from airmedic_core.windows import as_utc

_OPENED, _MOVED, _DECIDED = "incident", "incident_state", "decision"
_PROPOSED, _ENDED = "proposal", "action_ended"

_ASKED_AT_ONCE = 500
"""Subjects in one question: old SQLite takes 999 values."""


@dataclass(frozen=True)
class PastCase:
    """One past incident, as the chain holds it."""

    incident_id: str
    model: str
    cause: Cause
    opened_at: datetime
    closed_at: datetime | None
    closed_by_record: int
    """The number of the record that closed it, 0 while it is open: what was known when is told by such numbers."""
    resolution: Json
    batch_ids: tuple[str, ...]
    decisions: tuple[Json, ...]
    """What was decided, oldest first: what the record says, its number as ``record``, and the ``action`` proposed."""
    verified: bool
    """Whether the end of the action that the resolution names is on record: it follows the action's own verification,
    or its undoing."""


@dataclass(frozen=True)
class Experience:
    """The past incidents that the chain vouches for, oldest first, and how many it does not."""

    cases: tuple[PastCase, ...]
    unvouched: tuple[str, ...] = ()
    """Incidents of which a record is no link of the chain. Nothing is learned from them."""


class PastCases(Audit):
    """Reading past incidents to learn from."""

    def experience(self, *, most: int = 500) -> Experience:
        """Return the newest past incidents of all models, as the audit chain holds them.

        Parameters
        ----------
        most : int
            Incidents at the most.
        """
        with self._reading() as connection:
            newest = select(incidents.c.id).order_by(incidents.c.opened_at.desc(), incidents.c.id.desc()).limit(most)
            ids = connection.execute(newest).scalars().all()
            said, broken = _said(connection, ids, (_OPENED, _MOVED, _DECIDED))
            of_proposals = {hash_: id_ for id_ in said for hash_ in _proposals(said[id_])}
            proposals, broken_proposals = _said(connection, of_proposals, (_PROPOSED, _ENDED))
        broken |= {of_proposals[hash_] for hash_ in broken_proposals}
        cases = [_case(said[id_], proposals) for id_ in reversed(ids) if id_ in said and id_ not in broken]
        return Experience(tuple(case for case in cases if case is not None), tuple(sorted(broken)))


def _said(
    connection: Connection, subjects: Collection[str], kinds: tuple[str, ...]
) -> tuple[dict[str, list[AuditRecord]], set[str]]:
    """Return what the chain says of subjects, oldest first, and the subjects of which a record is no link of it."""
    said: defaultdict[str, list[AuditRecord]] = defaultdict(list)
    broken: set[str] = set()
    names = sorted(subjects)
    for start in range(0, len(names), _ASKED_AT_ONCE):
        some = names[start : start + _ASKED_AT_ONCE]
        for row in _rows(connection, audit.c.subject.in_(some) & audit.c.kind.in_(kinds)):
            if unlinked(row, Place(row.hash_before, row.last)):
                broken.add(row.subject)
            else:
                said[row.subject].append(record_of(row))
    return dict(said), broken


def _rows(connection: Connection, wanted: ColumnElement[bool]) -> Iterator[Any]:
    before = audit.alias("before")
    last = select(func.min(audit_head.c.sequence)).scalar_subquery().label("last")
    query = (
        select(audit, before.c.hash.label("hash_before"), last)
        .select_from(audit.outerjoin(before, before.c.sequence == audit.c.sequence - 1))
        .where(wanted)
        .order_by(audit.c.sequence)
    )
    yield from connection.execute(query)


def _proposals(records: list[AuditRecord]) -> Iterator[str]:
    """Yield the hashes of what was proposed by decisions, and of what an incident was closed with."""
    for record in records:
        known = record.payload if record.kind == _DECIDED else record.payload.get("resolution")
        if isinstance(known, dict) and known.get("proposal_hash"):
            yield str(known["proposal_hash"])


def _case(records: list[AuditRecord], proposals: dict[str, list[AuditRecord]]) -> PastCase | None:
    if records[0].kind != _OPENED:
        return None
    known: Json = {}
    decisions = []
    closed_by = 0
    for record in records:
        if record.kind == _DECIDED:
            said = {item.kind: item.payload for item in proposals.get(str(record.payload["proposal_hash"]), ())}
            action = said.get(_PROPOSED, {}).get("action", "")
            decisions.append(record.payload | {"record": record.sequence, "action": action})
        else:
            if not closed_by and record.payload.get("closed_at"):
                closed_by = record.sequence
            known |= record.payload
    closed_at = known.get("closed_at")
    resolution = dict(known.get("resolution") or {})
    return PastCase(
        incident_id=records[0].subject,
        model=str(known["model"]),
        cause=Cause(known["cause"]),
        opened_at=as_utc(known["opened_at"]),
        closed_at=as_utc(closed_at) if closed_at else None,
        closed_by_record=closed_by,
        resolution=resolution,
        batch_ids=tuple(known.get("batch_ids") or ()),
        decisions=tuple(decisions),
        verified=any(item.kind == _ENDED for item in proposals.get(str(resolution.get("proposal_hash")), ())),
    )
