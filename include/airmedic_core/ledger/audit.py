"""The audit chain: what happened, in order, so that nothing can be changed or taken out unnoticed.

Each record holds the hash of the one before it. Whoever keeps one head (every incident report does) can tell later
whether anything up to there was touched.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, Row, Table, insert, select, update

from airmedic_core.errors import AuditError
from airmedic_core.ledger.store import Store
from airmedic_core.ledger.tables import approvals, audit, audit_head, promotions
from airmedic_core.windows import as_utc

GENESIS = "0" * 64
"""What stands in place of a previous hash before the first record."""

_COPIES = {"approval": approvals, "promotion": promotions}
"""Records that other parts rely on from a table of their own, under the same number."""


@dataclass(frozen=True)
class AuditHead:
    """The last record of the chain. It stands for all records before it."""

    sequence: int
    hash: str


@dataclass(frozen=True)
class AuditRecord:
    """One link of the chain."""

    sequence: int
    at: datetime
    kind: str
    subject: str
    """What it is about: an incident, a batch, a proposal hash, a model."""
    payload: Any


def append(connection: Connection, kind: str, subject: str, payload: Any) -> int:
    """Append one record inside a writing transaction, and return its number."""
    head = connection.execute(select(audit_head)).one()
    sequence = int(head.sequence) + 1
    at = datetime.now(UTC).isoformat()
    text = json.dumps(payload, sort_keys=True, separators=(",", ":"), allow_nan=False)
    link = _link(sequence, at, kind, subject, text, head.hash)
    connection.execute(
        insert(audit).values(
            sequence=sequence, at=at, kind=kind, subject=subject, payload=text, previous_hash=head.hash, hash=link
        )
    )
    connection.execute(update(audit_head).values(sequence=sequence, hash=link))
    return sequence


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
        return [AuditRecord(r.sequence, as_utc(r.at), r.kind, r.subject, json.loads(r.payload)) for r in rows]

    def holds_audit_hash(self, hash: str) -> bool:  # noqa: A002 - the word for it
        """Return whether a record has this hash, such as the head that an exported report names."""
        with self._reading() as connection:
            return connection.execute(select(audit.c.sequence).where(audit.c.hash == hash)).first() is not None

    def verify_audit(self) -> AuditHead:
        """Recompute every hash of the chain, and compare approvals and promotions with what it says of them.

        Raises
        ------
        AuditError
            If a record was changed, removed or put in. The message names the first bad record.
        """
        head = AuditHead(0, GENESIS)
        with self._reading() as connection:
            recorded = connection.execute(select(audit_head)).one_or_none()
            chain = select(audit).order_by(audit.c.sequence).execution_options(yield_per=1000)
            with connection.execute(chain) as rows:
                for row in rows:
                    _verify(row, head)
                    head = AuditHead(row.sequence, row.hash)
            for kind, table in _COPIES.items():
                _compare(connection, kind, table)
        if recorded is None or (recorded.sequence, recorded.hash) != (head.sequence, head.hash):
            raise _broken(head.sequence + 1, "the chain ends before its recorded head")
        return head


def _verify(row: Row[Any], before: AuditHead) -> None:
    if row.sequence != before.sequence + 1:
        raise _broken(before.sequence + 1, f"it is missing; the next one is {row.sequence}")
    if row.previous_hash != before.hash:
        raise _broken(row.sequence, "it does not follow from the record before it")
    if row.hash != _link(row.sequence, row.at, row.kind, row.subject, row.payload, row.previous_hash):
        raise _broken(row.sequence, "its content does not match its hash")


def _compare(connection: Connection, kind: str, table: Table) -> None:
    said = {
        row.sequence: json.loads(row.payload) for row in connection.execute(select(audit).where(audit.c.kind == kind))
    }
    kept = {row["sequence"]: row for row in connection.execute(select(table)).mappings()}
    for sequence in sorted(said.keys() | kept.keys()):
        if sequence not in said or sequence not in kept:
            raise _broken(sequence, f"the table {table.name!r} and the chain do not hold the same {kind}s")
        for name, value in said[sequence].items():
            found = kept[sequence][name]
            if found != (as_utc(value) if isinstance(found, datetime) else value):
                raise _broken(sequence, f"{name!r} of this {kind} is {found!r} in the table {table.name!r}")


def _broken(sequence: int, what: str) -> AuditError:
    return AuditError(
        f"The audit chain is broken at record {sequence}: {what}.",
        "Compare with the head in the last incident report, and restore the database from a backup made before.",
    )


def _link(sequence: int, at: str, kind: str, subject: str, payload: str, previous: str) -> str:
    text = json.dumps([sequence, at, kind, subject, payload, previous], separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()
