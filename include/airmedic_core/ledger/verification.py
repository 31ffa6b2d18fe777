"""Verification of the audit chain: against itself, and of the business tables against the seals that it holds."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, select

from airmedic_core.ledger.chain import GENESIS, SEALS, content_digest, first_link, link
from airmedic_core.ledger.seals import SEALED, seals_of
from airmedic_core.ledger.tables import audit, audit_head

RESTORE = (
    "Compare with the head in the last incident report or with a checkpoint, and restore the database from a backup "
    "made before."
)
"""Says what to do about a ledger that was changed behind its back."""

_MOST_PROBLEMS = 50
"""Problems that are listed: enough to see what was touched, few enough to read."""


@dataclass(frozen=True)
class AuditHead:
    """The last record of the chain. It stands for all records before it."""

    sequence: int
    hash: str


@dataclass(frozen=True)
class Place:
    """Says where a record stands in the chain: what is before it, and how far the chain goes."""

    hash_before: str | None
    """The hash of the record with the number before; nothing where there is none."""
    last: int
    """The number that the head of the chain names."""


class _Expected:
    """Says what the chain says of the rows: the last seal of each, and which record holds it."""

    def __init__(self) -> None:
        self.seals: dict[str, tuple[int, str | None]] = {}

    def take(self, row: Row[Any]) -> None:
        """Take the seals of one record, in place of earlier ones of the same rows."""
        payload = json.loads(row.payload)
        sealed = payload.get(SEALS) if isinstance(payload, dict) else None
        for name, digest in (sealed or {}).items():
            self.seals[name] = (row.sequence, digest)


def examine(connection: Connection) -> tuple[list[str], AuditHead]:
    """Return all that does not hold, worst first, and the last record up to which the chain does."""
    expected = _Expected()
    broken, head = _follow(connection, expected)
    if broken:
        # What comes after a broken link vouches for nothing.
        return [broken], head
    return _compare(connection, expected), head


def unlinked(row: Row[Any], place: Place) -> str:
    """Return why a record is no link of the chain, as far as its neighbour shows it; nothing where it is one.

    Parameters
    ----------
    row : Row
        The record.
    place : Place
        Where it stands.
    """
    if row.sequence > place.last:
        return _at(row.sequence, f"the chain ends at {place.last}")
    of_old_form = row.hash == first_link(row.sequence, row.at, row.kind, row.subject, row.payload, row.previous_hash)
    before = GENESIS if row.sequence == 1 else place.hash_before
    if before is None:
        return _at(row.sequence, "the record before it is missing")
    return _broken_link(row, AuditHead(row.sequence - 1, before), of_old_form=of_old_form)


def _follow(connection: Connection, expected: _Expected) -> tuple[str, AuditHead]:
    """Follow the chain from its first record, and return where it breaks."""
    head = AuditHead(0, GENESIS)
    old_form = True
    query = select(audit).order_by(audit.c.sequence).execution_options(yield_per=1000)
    with connection.execute(query) as rows:
        for row in rows:
            of_old_form = old_form and row.hash == first_link(
                row.sequence, row.at, row.kind, row.subject, row.payload, row.previous_hash
            )
            old_form = of_old_form
            if what := _broken_link(row, head, of_old_form=of_old_form):
                return what, head
            expected.take(row)
            head = AuditHead(row.sequence, row.hash)
    recorded = connection.execute(select(audit_head)).all()
    if [(recorded_head.sequence, recorded_head.hash) for recorded_head in recorded] != [(head.sequence, head.hash)]:
        return _at(head.sequence + 1, "the chain ends before its recorded head"), head
    return "", head


def _broken_link(row: Row[Any], before: AuditHead, *, of_old_form: bool) -> str:
    if row.sequence != before.sequence + 1:
        return _at(before.sequence + 1, f"it is missing; the next one is {row.sequence}")
    if row.previous_hash != before.hash:
        return _at(row.sequence, "it does not follow from the record before it")
    content = content_digest(row.at, row.kind, row.subject, row.payload)
    if not of_old_form and row.hash != link(row.sequence, content, row.previous_hash):
        return _at(row.sequence, "its content does not match its hash")
    return ""


def _compare(connection: Connection, expected: _Expected) -> list[str]:
    problems: list[str] = []
    for table in SEALED.values():
        for name, digest in seals_of(connection, table):
            sequence, seal = expected.seals.pop(name, (0, None))
            if seal is None:
                problems.append(f"The row {name} was put in: no record of the audit chain speaks of it.")
            elif seal != digest:
                problems.append(f"The row {name} was changed: it does not match record {sequence} of the audit chain.")
            if len(problems) == _MOST_PROBLEMS:
                return problems
    gone = ((sequence, name) for name, (sequence, seal) in expected.seals.items() if seal is not None)
    problems += [f"The row {name} was deleted: record {at} of the audit chain holds it." for at, name in sorted(gone)]
    return problems[:_MOST_PROBLEMS]


def _at(sequence: int, what: str) -> str:
    return f"The audit chain is broken at record {sequence}: {what}."
