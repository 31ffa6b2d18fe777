"""Bundles: all that the ledger holds of one incident, with the part of the audit chain that vouches for it.

Somebody who has the bundle and the key of the checkpoints, and nothing else, can verify it; ``docs/security.md`` holds
the script. Of records that are about something else it holds the digest alone.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Row, Table, select

from airmedic_core.errors import LedgerError
from airmedic_core.ledger.audit import Audit
from airmedic_core.ledger.chain import GENESIS, SEALS, content_digest, link
from airmedic_core.ledger.seals import SEALED, row_content, row_key, row_name
from airmedic_core.ledger.tables import audit
from airmedic_core.records import Json

FORMAT = "airmedic incident bundle 1"


class Bundles(Audit):
    """Exporting incidents for others to verify."""

    def incident_bundle(self, incident_id: str) -> Json:
        """Return what the ledger holds of an incident, with the chain from its first record to the head.

        Raises
        ------
        LedgerError
            If there is no such incident, or nothing of it was recorded since the ledger is sealed.
        """
        with self._reading() as connection:
            rows = _rows(connection, incident_id)
            subjects = {incident_id, *(_subjects(rows))}
            chain, before, last = _chain(connection, subjects, set(rows))
        if f"incidents {json.dumps([incident_id])}" not in rows or not chain:
            raise LedgerError(f"The ledger holds nothing to export of an incident {incident_id!r}.", "Check its id.")
        return {
            "format": FORMAT,
            "incident": incident_id,
            "rows": rows,
            "before": before,
            "chain": chain,
            "last": last,
        }


def _rows(connection: Connection, incident_id: str) -> dict[str, list[Json]]:
    """Return the incident's rows, by the name that the chain gives them."""
    by_name: dict[str, list[Json]] = {}
    incidents = _select(connection, SEALED["incidents"], "id", [incident_id], by_name)
    for name in ("evidence", "diagnoses", "decisions", "proposals", "actions", "trainings"):
        _select(connection, SEALED[name], "incident_id", [incident_id], by_name)
    hashes = [row["hash"] for name, rows in by_name.items() if name.startswith("proposals ") for row in rows]
    for name in ("approvals", "promotions"):
        _select(connection, SEALED[name], "proposal_hash", hashes, by_name)
    batches = [batch_id for row in incidents for batch_id in row["batch_ids"]]
    _select(connection, SEALED["batches"], "id", batches, by_name)
    for name in ("data_quality", "model_metrics"):
        _select(connection, SEALED[name], "batch_id", batches, by_name)
    return by_name


def _select(
    connection: Connection, table: Table, column: str, values: Sequence[str], by_name: dict[str, list[Json]]
) -> list[Json]:
    query = select(table).where(table.c[column].in_(values)).order_by(*table.primary_key.columns)
    rows = []
    for row in connection.execute(query).mappings():
        rows.append(row_content(row))
        by_name.setdefault(row_name(table.name, row_key(table, row)), []).append(rows[-1])
    return rows


def _subjects(rows: dict[str, list[Json]]) -> list[str]:
    kinds = {"proposals": "hash", "batches": "id"}
    return [
        str(row[kinds[table]])
        for name, some in rows.items()
        if (table := name.partition(" ")[0]) in kinds
        for row in some
    ]


def _chain(connection: Connection, subjects: set[str], names: set[str]) -> tuple[list[Json | str], Json, Json]:
    """Return the records from the first that is about the incident, what they follow on, and the last of them."""
    chain: list[Json | str] = []
    before: Json = {"sequence": 0, "hash": GENESIS}
    last = before
    query = select(audit).order_by(audit.c.sequence).execution_options(yield_per=1000)
    with connection.execute(query) as rows:
        for row in rows:
            content = content_digest(row.at, row.kind, row.subject, row.payload)
            # Records of the first versions are tied in another way; the seals of a later one cover what they wrote.
            of_old_form = row.hash != link(row.sequence, content, row.previous_hash)
            own = not of_old_form and (row.subject in subjects or _speaks_of(row, names))
            if own:
                chain.append({"at": row.at, "kind": row.kind, "subject": row.subject, "payload": row.payload})
            elif chain:
                chain.append(content)
            last = {"sequence": row.sequence, "hash": row.hash}
            if not chain:
                before = last
    return chain, before, last


def _speaks_of(row: Row[Any], names: set[str]) -> bool:
    payload = json.loads(row.payload)
    return isinstance(payload, dict) and not names.isdisjoint(payload.get(SEALS) or ())
