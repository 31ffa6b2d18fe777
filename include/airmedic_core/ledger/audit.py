"""The audit chain: what happened, in order, so that nothing can be changed or taken out unnoticed.

Each record holds the hash of the one before it, and the seals of the rows that were written with it. A head that is
kept elsewhere, as every incident report does, tells later whether anything up to there was touched.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, func, select

from airmedic_core.errors import AuditError
from airmedic_core.ledger.chain import SEALS, append
from airmedic_core.ledger.store import Store
from airmedic_core.ledger.tables import audit, audit_head
from airmedic_core.ledger.verification import RESTORE, AuditHead, Place, examine, unlinked
from airmedic_core.records import Json
from airmedic_core.windows import as_utc

__all__ = ["Audit", "AuditHead", "AuditRecord", "append", "record_of", "said_of", "said_since"]


@dataclass(frozen=True)
class AuditRecord:
    """One link of the chain."""

    sequence: int
    at: datetime
    kind: str
    subject: str
    """Says what it is about: an incident, a batch, a proposal hash, a model."""
    payload: Any
    sealed_rows: Json
    """Name of each row that was written with it → digest; nothing in place of a digest where it was deleted."""


class Audit(Store):
    """Reading and verifying the chain."""

    def audit_head(self) -> AuditHead:
        """Return the last record's number and hash; number 0 before the first record."""
        with self._reading() as connection:
            row = connection.execute(select(audit_head)).one()
        return AuditHead(row.sequence, row.hash)

    def audit_records(self, *, subject: str | None = None, limit: int = 100) -> list[AuditRecord]:
        """Return the last records, newest first, of everything or of one subject."""
        query = select(audit).order_by(audit.c.sequence.desc()).limit(limit)
        if subject is not None:
            query = query.where(audit.c.subject == subject)
        with self._reading() as connection:
            rows = connection.execute(query).all()
        return [record_of(row) for row in rows]

    def holds_audit_hash(self, hash: str, *, sequence: int | None = None) -> bool:  # noqa: A002 - the word for it
        """Return whether a record (of this number) has this hash, such as the head that an exported report names."""
        query = select(audit.c.sequence).where(audit.c.hash == hash)
        if sequence is not None:
            query = query.where(audit.c.sequence == sequence)
        with self._reading() as connection:
            return connection.execute(query).first() is not None

    def verify_audit(self) -> AuditHead:
        """Recompute every hash of the chain, and compare each row of the business tables with its last seal in it.

        Raises
        ------
        AuditError
            If a record or a row was changed, removed, put in or reordered. The message names the first of them.
        """
        with self._reading() as connection:
            problems, head = examine(connection)
        if problems:
            raise AuditError(problems[0], RESTORE)
        return head

    def audit_problems(self) -> tuple[list[str], AuditHead]:
        """Return all that does not hold in the ledger, and the last record of the chain up to which it does."""
        with self._reading() as connection:
            return examine(connection)


def record_of(row: Row[Any]) -> AuditRecord:
    """Return a row of the chain as its record."""
    payload = json.loads(row.payload)
    seals = payload.pop(SEALS, {}) if isinstance(payload, dict) else {}
    return AuditRecord(row.sequence, as_utc(row.at), row.kind, row.subject, payload, seals)


def said_of(connection: Connection, subject: str, *kinds: str) -> list[AuditRecord]:
    """Return what the chain says of one subject, oldest first, whatever its rows say now.

    A record that somebody put in is not believed: each has to fit the record before it, and to lie before the head.

    Parameters
    ----------
    connection : Connection
        An open transaction.
    subject : str
        What the records are about, such as the hash of a proposal.
    *kinds : str
        The kinds of records; all of them where none is given.

    Raises
    ------
    AuditError
        If one of the records is no link of the chain. A retry does not help.
    """
    return _linked(connection, audit.c.subject == subject, kinds)


def said_since(connection: Connection, since: datetime, *kinds: str) -> list[AuditRecord]:
    """Return what the chain has recorded since a moment, of whatever subject, oldest first.

    Parameters
    ----------
    connection : Connection
        An open transaction.
    since : datetime
        The moment, by the clock that dates records.
    *kinds : str
        The kinds of records.

    Raises
    ------
    AuditError
        If one of the records is no link of the chain. A retry does not help.
    """
    # From the newest record back to the first older one: of a year of records, a day's are read.
    older = select(audit.c.sequence).where(audit.c.at < as_utc(since).isoformat())
    before = connection.execute(older.order_by(audit.c.sequence.desc()).limit(1)).scalar() or 0
    return _linked(connection, audit.c.sequence > before, kinds)


def _linked(connection: Connection, wanted: ColumnElement[bool], kinds: Sequence[str]) -> list[AuditRecord]:
    """Return records that are links of the chain, oldest first; of all kinds where none is given."""
    before = audit.alias("before")
    last = select(func.min(audit_head.c.sequence)).scalar_subquery().label("last")
    query = (
        select(audit, before.c.hash.label("hash_before"), last)
        .select_from(audit.outerjoin(before, before.c.sequence == audit.c.sequence - 1))
        .where(wanted)
        .order_by(audit.c.sequence)
    )
    if kinds:
        query = query.where(audit.c.kind.in_(kinds))
    rows = connection.execute(query).all()
    for row in rows:
        if problem := unlinked(row, Place(row.hash_before, row.last)):
            raise AuditError(problem, RESTORE)
    return [record_of(row) for row in rows]
