"""The links of the audit chain: how a record is tied to the one before it, and how a transaction adds its records."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import islice
from typing import Any

from sqlalchemy import Connection, insert, select, update

from airmedic_core.ledger.seals import SEALED, TouchedRows, seals_of
from airmedic_core.ledger.tables import audit, audit_head

GENESIS = "0" * 64
"""Says what stands in place of a previous hash before the first record."""

SEALS = "sealed_rows"
"""Under this key a record's payload holds the seals of the rows that were written with it."""

_PENDING = "pending_records"
_RESEALED_AT_ONCE = 500
"""Rows that one record vouches for when a whole table is sealed: some 60 kB of payload."""


@dataclass
class Pending:
    """Holds what a writing transaction adds to the chain when it ends."""

    sequence: int
    hash: str
    records: list[tuple[str, str, dict[str, Any]]] = field(default_factory=list)
    touched: TouchedRows = field(default_factory=TouchedRows)


def append(connection: Connection, kind: str, subject: str, payload: dict[str, Any]) -> int:
    """Append one record inside a writing transaction, which writes it when it ends, and return its number.

    Parameters
    ----------
    connection : Connection
        A connection of a writing transaction.
    kind : str
        What the record is of, such as ``proposal``.
    subject : str
        What it is about: an id, a hash or a model.
    payload : dict
        Its content as plain JSON.
    """
    pending = _pending(connection)
    pending.records.append((kind, subject, payload))
    return pending.sequence + len(pending.records)


def begin(connection: Connection) -> None:
    """Make other writers wait, and take note from here on of what this transaction writes."""
    # SQLite has one writer by itself. Elsewhere the locked row of the audit head makes writers queue.
    head = connection.execute(select(audit_head).with_for_update()).one()
    connection.execution_options(**{_PENDING: Pending(int(head.sequence), head.hash)})


def note_statement(connection: Connection, statement: Any, several: Any, values: Any, options: Any) -> None:  # noqa: ARG001  SQLAlchemy gives them
    """Take note of the rows that a statement writes. SQLAlchemy calls it before each statement.

    Parameters
    ----------
    connection : Connection
        The connection that executes it.
    statement : object
        The statement.
    several : object
        Its parameters, where it is executed for many rows.
    values : object
        Its parameters, where it is executed once.
    options : object
        Options of the execution, which are not needed here.
    """
    pending = connection.get_execution_options().get(_PENDING)
    if pending is not None:
        pending.touched.note(connection, statement, several, values)


def end(connection: Connection) -> None:
    """Write the transaction's records, the last one with the seals of all rows that it wrote."""
    pending = _pending(connection)
    seals = pending.touched.seals(connection)
    if seals and not pending.records:
        # Every transaction that writes leaves a record.
        pending.records.append(("rows", next(iter(seals)).partition(" ")[0], {}))
    if not pending.records:
        return
    kind, subject, payload = pending.records[-1]
    pending.records[-1] = (kind, subject, payload | {SEALS: seals} if seals else payload)
    _write(connection, pending.sequence, pending.hash, pending.records)


def seal_all_rows(connection: Connection) -> None:
    """Append seals of every row as it stands: after a migration, which changes rows by other ways than the ledger's."""
    head = connection.execute(select(audit_head)).one()
    _write(connection, int(head.sequence), head.hash, _all_seals(connection))


def link(sequence: int, content: str, previous: str) -> str:
    """Return the hash of a record from its number, the digest of its content and the hash of the record before it.

    The content is in it as a digest, so that somebody can be shown that a chain is whole without being shown all of it.

    Parameters
    ----------
    sequence : int
        The record's number.
    content : str
        The digest of its content.
    previous : str
        The hash of the record before it.
    """
    return _sha256([sequence, content, previous])


def content_digest(at: str, kind: str, subject: str, payload: str) -> str:
    """Return the digest of what a record says.

    Parameters
    ----------
    at : str
        The moment of the record, as it is stored.
    kind : str
        What the record is of.
    subject : str
        What it is about.
    payload : str
        Its content as JSON text.
    """
    return _sha256([at, kind, subject, payload])


def first_link(sequence: int, at: str, kind: str, subject: str, payload: str, previous: str) -> str:
    """Return the hash of a record as the first versions made it.

    Parameters
    ----------
    sequence : int
        The record's number.
    at : str
        The moment of the record, as it is stored.
    kind : str
        What the record is of.
    subject : str
        What it is about.
    payload : str
        Its content as JSON text.
    previous : str
        The hash of the record before it.
    """
    return _sha256([sequence, at, kind, subject, payload, previous])


def _sha256(parts: list[Any]) -> str:
    return hashlib.sha256(json.dumps(parts, separators=(",", ":")).encode()).hexdigest()


def _pending(connection: Connection) -> Pending:
    pending: Pending = connection.get_execution_options()[_PENDING]
    return pending


def _all_seals(connection: Connection) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for name, table in SEALED.items():
        seals = seals_of(connection, table)
        while some := dict(islice(seals, _RESEALED_AT_ONCE)):
            yield "sealed", name, {SEALS: some}


def _write(
    connection: Connection, sequence: int, head: str, records: Iterable[tuple[str, str, dict[str, Any]]]
) -> None:
    for kind, subject, payload in records:
        sequence += 1
        at = datetime.now(UTC).isoformat()
        text = json.dumps(payload, sort_keys=True, separators=(",", ":"), allow_nan=False)
        hashed = link(sequence, content_digest(at, kind, subject, text), head)
        connection.execute(
            insert(audit).values(
                sequence=sequence, at=at, kind=kind, subject=subject, payload=text, previous_hash=head, hash=hashed
            )
        )
        head = hashed
    connection.execute(update(audit_head).values(sequence=sequence, hash=head))
