"""Rows that somebody relies on, compared with the last seals that the audit chain holds of them."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection, Table, select

from airmedic_core.ledger.audit import said_of
from airmedic_core.ledger.seals import row_content, row_key, row_name
from airmedic_core.records import digest


def changed_row(
    connection: Connection, table: Table, key: str, subjects: Sequence[str], written_by: Sequence[str]
) -> str:
    """Return the first row that is not as it was sealed, and what was done to it; nothing where all of them are.

    Parameters
    ----------
    connection : Connection
        An open transaction.
    table : Table
        A table that the chain vouches for.
    key : str
        The first column of the primary key: all rows that share it are looked at.
    subjects : sequence of str
        What the records are about that were written with these rows.
    written_by : sequence of str
        The kinds of records about the key that each put in one row.
    """
    query = select(table).where(next(iter(table.primary_key.columns)) == key)
    rows = connection.execute(query).mappings().all()
    standing = {row_name(table.name, row_key(table, row)): digest([row_content(row)]) for row in rows}
    sealed = _sealed(connection, row_name(table.name, (key,)).rstrip("]"), subjects)
    if standing.keys() - sealed.keys() or len(said_of(connection, key, *written_by)) > len(sealed):
        # Those of an earlier version were sealed when the ledger was brought up to date, all of a table together. One
        # that was deleted since stands nowhere else: only the record of its beginning tells that it was there.
        sealed = _sealed(connection, row_name(table.name, (key,)).rstrip("]"), [table.name]) | sealed
    for name in sorted(standing.keys() | sealed.keys()):
        if name not in sealed or (sealed[name] is None and name in standing):
            return f"{name} was put in"
        if name not in standing and sealed[name] is not None:
            return f"{name} was deleted"
        if name in standing and standing[name] != sealed[name]:
            return f"{name} was changed"
    return ""


def _sealed(connection: Connection, prefix: str, subjects: Sequence[str]) -> dict[str, str | None]:
    """Return name and last seal of the rows whose name begins so."""
    records = [record for subject in subjects for record in said_of(connection, subject) if record.sealed_rows]
    return {
        name: seal
        for record in sorted(records, key=lambda record: record.sequence)
        for name, seal in record.sealed_rows.items()
        if name.startswith((f"{prefix},", f"{prefix}]"))
    }
