"""Seals: the digest of each row of the business tables, as the audit chain holds it.

A write notes which rows it touches; when it ends, their digests go into the chain with what it recorded. A row that was
edited, put in or deleted behind the ledger's back then differs from the last seal that the chain holds of it.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime
from itertools import groupby
from typing import Any

from sqlalchemy import Connection, Delete, Insert, RowMapping, Table, Update, select

from airmedic_core.ledger import tables
from airmedic_core.records import Json, digest
from airmedic_core.windows import as_utc

Key = tuple[str | int, ...]

_GROUPED = {"data_quality": 2, "model_metrics": 2}
"""Tables whose rows are written in groups → how many columns of the primary key name a group."""

SEALED: dict[str, Table] = {
    table.name: table
    for table in (
        tables.batches,
        tables.data_quality,
        tables.model_metrics,
        tables.incidents,
        tables.evidence,
        tables.diagnoses,
        tables.decisions,
        tables.proposals,
        tables.approvals,
        tables.actions,
        tables.trainings,
        tables.promotions,
        tables.overrides,
        tables.language_model_calls,
    )
}
"""The tables that the chain vouches for. Locks, and the chain itself, are not among them."""


class TouchedRows:
    """The rows that one transaction wrote."""

    def __init__(self) -> None:
        self._keys: dict[str, dict[Key, None]] = {}

    def note(self, connection: Connection, statement: Any, several: Any, values: Any) -> None:
        """Note the rows that a statement is about to insert, change or delete.

        Parameters
        ----------
        connection : Connection
            The transaction.
        statement : Executable
            The statement, as SQLAlchemy is about to run it.
        several, values : sequence of dict, dict
            Its parameters: those of each row, or of one.
        """
        if not isinstance(statement, Insert | Update | Delete):
            return
        table = statement.table
        if not isinstance(table, Table) or table.name not in SEALED:
            return
        columns = _key_columns(table)
        noted = self._keys.setdefault(table.name, {})
        if isinstance(statement, Insert):
            for row in several or [values or statement.compile().params]:
                noted[tuple(row[column.name] for column in columns)] = None
            return
        query = select(*columns)
        if statement.whereclause is not None:
            query = query.where(statement.whereclause)
        for key in connection.execute(query):
            noted[tuple(key)] = None

    def seals(self, connection: Connection) -> Json:
        """Return the name of each touched row with its digest now; nothing in place of a digest where it is gone."""
        return {
            row_name(name, key): _digest(_rows(connection, SEALED[name], key))
            for name, keys in self._keys.items()
            for key in keys
        }


def row_name(table: str, key: Key) -> str:
    """Return how the chain names a row: ``approvals [12]``."""
    return f"{table} {json.dumps(list(key), ensure_ascii=False)}"


def row_key(table: Table, row: RowMapping) -> Key:
    """Return the key of a row, or of the group that it belongs to."""
    return tuple(row[column.name] for column in _key_columns(table))


def row_content(row: RowMapping) -> Json:
    """Return a row as plain JSON, without its empty columns: a column that is added later changes no seal."""
    return {
        name: as_utc(value).isoformat() if isinstance(value, datetime) else value
        for name, value in row.items()
        if value is not None
    }


def seals_of(connection: Connection, table: Table) -> Iterator[tuple[str, str]]:
    """Yield the name and the digest of each row of a table, or of each group of rows that are written together."""
    query = select(table).order_by(*table.primary_key.columns).execution_options(yield_per=1000)
    with connection.execute(query) as rows:
        for key, group in groupby(rows.mappings(), key=lambda row: row_key(table, row)):
            yield row_name(table.name, key), digest([row_content(row) for row in group])


def _key_columns(table: Table) -> list[Any]:
    columns = list(table.primary_key.columns)
    return columns[: _GROUPED.get(table.name, len(columns))]


def _rows(connection: Connection, table: Table, key: Key) -> list[Json]:
    wanted = [column == value for column, value in zip(_key_columns(table), key, strict=True)]
    query = select(table).where(*wanted).order_by(*table.primary_key.columns)
    return [row_content(row) for row in connection.execute(query).mappings()]


def _digest(rows: list[Json]) -> str | None:
    return digest(rows) if rows else None
