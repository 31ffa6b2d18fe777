"""Says what the audit chain says of an incident, whatever its rows say now: what an action rests on when it begins.

Rows show what happened; they decide nothing. What the chain says nothing of stays as its row has it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from sqlalchemy import Connection, select

from airmedic_core.ledger.audit import Audit, said_of
from airmedic_core.ledger.incidents import incident_of
from airmedic_core.ledger.observations import ObservedBatch, newest_batches
from airmedic_core.ledger.tables import audit
from airmedic_core.records import Assessment, Batch, Cause, Incident, IncidentState, Json, from_json
from airmedic_core.windows import as_utc

_AS_RECORDED: Mapping[str, Any] = {
    "state": IncidentState,
    "cause": Cause,
    "fingerprint": str,
    "resolution": dict,
    "batch_ids": tuple,
    "as_of": as_utc,
}
"""Says what decides over actions in an incident → how it is read from a record."""


class Recorded(Audit):
    """An incident, its decisions and its model's batches, as the audit chain holds them."""

    def recorded_incident(self, incident_id: str) -> Incident:
        """Return an incident with state, cause, windows and resolution as the chain holds them.

        Raises
        ------
        LedgerError
            If there is none of this id.
        """
        with self._reading() as connection:
            return recorded_incident(connection, incident_id)

    def recorded_decisions(self, incident_id: str) -> list[Json]:
        """Return the decisions on an incident as the chain holds them, oldest first, with hash and details."""
        with self._reading() as connection:
            return [record.payload for record in said_of(connection, incident_id, "decision")]

    def recorded_batches(self, incident: Incident, *, limit: int) -> list[ObservedBatch]:
        """Return the last batches of an incident's model, newest first, with what the chain says that they mean.

        Those that were assessed since the incident was opened are among them, also where their rows are gone.

        Parameters
        ----------
        incident : Incident
            The incident.
        limit : int
            Batches at the most.
        """
        with self._reading() as connection:
            batches = {seen.batch.id: seen for seen in newest_batches(connection, incident.model, limit=limit)}
            for batch_id in _assessed_since(connection, incident) - batches.keys():
                said = said_of(connection, batch_id, "batch")
                if said and said[-1].payload["model"] == incident.model:
                    fields = {name: value for name, value in said[-1].payload.items() if name != "model_version"}
                    batches[batch_id] = ObservedBatch(from_json(Batch, fields), None, None, None)
            newest = sorted(batches.values(), key=lambda seen: seen.batch.window.start, reverse=True)[:limit]
            return [replace(seen, assessment=_assessment(connection, seen.batch.id)) for seen in newest]


def recorded_incident(connection: Connection, incident_id: str) -> Incident:
    """Return an incident with state, cause, windows and resolution as the chain holds them.

    Raises
    ------
    LedgerError
        If there is none of this id.
    """
    incident = incident_of(connection, incident_id)
    said: dict[str, Any] = {}
    for record in said_of(connection, incident_id, "incident", "incident_state", "incident_batch"):
        said |= record.payload
        if record.kind == "incident_batch":
            said["batch_ids"] = [*said.get("batch_ids", ()), record.payload["batch_id"]]
    known = {name: read(said[name]) for name, read in _AS_RECORDED.items() if name in said}
    return replace(incident, **known)


def _assessed_since(connection: Connection, incident: Incident) -> set[str]:
    opened = said_of(connection, incident.id, "incident")
    if not opened:
        return set()
    since = select(audit.c.subject).where(audit.c.sequence > opened[0].sequence, audit.c.kind == "assessment")
    return {subject for subject in connection.execute(since).scalars() if subject.startswith(f"{incident.model}__")}


def _assessment(connection: Connection, batch_id: str) -> Assessment | None:
    said = said_of(connection, batch_id, "assessment")
    return from_json(Assessment, said[-1].payload) if said else None
