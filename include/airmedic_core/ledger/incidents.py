"""Incidents: their states, and the evidence and diagnoses that belong to them."""

from __future__ import annotations

from collections.abc import Collection
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, Row, insert, select, update

from airmedic_core.errors import LedgerError, closest
from airmedic_core.ledger.audit import Audit, append
from airmedic_core.ledger.locks import Locks, acting_on_production
from airmedic_core.ledger.tables import diagnoses, evidence, incidents
from airmedic_core.ledger.transitions import ENDS, INCIDENT_MOVES, require_incident_move
from airmedic_core.records import (
    CLOSED_BY_HAND,
    Batch,
    Cause,
    Diagnosis,
    EvidencePacket,
    Incident,
    IncidentState,
    Severity,
    from_json,
    to_json,
)
from airmedic_core.windows import Window

_CHANGEABLE = frozenset({"severity", "cause", "headline", "resolution", "closed_at", "mlflow_run_id"})


class Incidents(Audit, Locks):
    """Opening, moving and reading incidents."""

    def open_incident(self, incident: Incident) -> Incident:
        """Record a new incident, or return the one that has this id already."""
        with self._writing() as connection:
            known = connection.execute(select(incidents).where(incidents.c.id == incident.id)).one_or_none()
            if known is not None:
                return _incident(known)
            connection.execute(insert(incidents).values(_columns(incident)))
            append(connection, "incident", incident.id, to_json(incident))
        return incident

    def incident(self, id: str) -> Incident:  # noqa: A002 - the word for it
        """Return one incident.

        Raises
        ------
        LedgerError
            If there is none of this id. The message names the closest.
        """
        with self._reading() as connection:
            return incident_of(connection, id)

    def incidents(
        self,
        model: str | None = None,
        *,
        open_only: bool = False,
        closed_since: datetime | None = None,
        limit: int = 50,
    ) -> list[Incident]:
        """Return the last incidents, newest first, of one model or of all.

        Parameters
        ----------
        model : str, optional
            Only incidents of this model.
        open_only : bool
            Whether to leave out those that have ended.
        closed_since : datetime, optional
            Only those that ended at this moment or later.
        limit : int
            Incidents at the most.
        """
        query = select(incidents).order_by(incidents.c.opened_at.desc(), incidents.c.id.desc()).limit(limit)
        if model is not None:
            query = query.where(incidents.c.model == model)
        if open_only:
            query = query.where(incidents.c.state.in_([state.value for state in IncidentState if state not in ENDS]))
        if closed_since is not None:
            query = query.where(incidents.c.closed_at >= closed_since)
        with self._reading() as connection:
            return [_incident(row) for row in connection.execute(query)]

    def attach_batch(self, incident_id: str, batch: Batch) -> Incident:
        """Record that an open incident was seen in one more batch, and look at it from that moment on."""
        with self._writing() as connection:
            incident = incident_of(connection, incident_id)
            ids = incident.batch_ids if batch.id in incident.batch_ids else (*incident.batch_ids, batch.id)
            as_of = max(incident.as_of, batch.as_of)
            if (ids, as_of) != (incident.batch_ids, incident.as_of):
                change = {"batch_ids": list(ids), "as_of": as_of}
                connection.execute(update(incidents).where(incidents.c.id == incident_id).values(change))
                append(connection, "incident_batch", incident_id, {"batch_id": batch.id, "as_of": as_of.isoformat()})
            return incident_of(connection, incident_id)

    def move_incident(self, id: str, state: IncidentState, **changes: Any) -> Incident:  # noqa: A002  the word for it
        """Move an incident on, and change what is given with it.

        ``INCIDENT_MOVES`` says which state may follow which. Staying in the same state is fine.

        Parameters
        ----------
        id : str
            The incident.
        state : IncidentState
            Where it stands now.
        **changes
            New values of ``severity``, ``cause``, ``headline``, ``resolution``, ``closed_at``, ``mlflow_run_id``.

        Raises
        ------
        LedgerError
            If there is no such incident, it cannot go there, or something else is to be changed.
        """
        for name in changes.keys() - _CHANGEABLE:
            raise LedgerError(f"{name!r} of an incident cannot be changed.", closest(name, _CHANGEABLE))
        with self._writing() as connection:
            incident = incident_of(connection, id)
            if state != incident.state:
                require_incident_move(id, incident.state, state)
            values: dict[str, Any] = {"state": state.value}
            for name, value in changes.items():
                values[name] = getattr(value, "value", value)
            row = connection.execute(select(incidents).where(incidents.c.id == id)).one()._mapping  # noqa: SLF001  public, despite its name
            changed = {name: value for name, value in values.items() if row[name] != value}
            if changed:
                connection.execute(update(incidents).where(incidents.c.id == id).values(changed))
                shown = {k: v.isoformat() if isinstance(v, datetime) else v for k, v in changed.items()}
                append(connection, "incident_state", id, shown)
            return incident_of(connection, id)

    def close_by_hand(self, id: str, *, by: str, reason: str, now: datetime) -> Incident:  # noqa: A002  the word for it
        """Close an incident that no remediation closes, such as that of a model whose spec has gone.

        It ends as *escalated*: people have dealt with it, and nothing says that it was healed. What was approved for it
        and has not begun is not begun any more.

        Parameters
        ----------
        id : str
            The incident.
        by : str
            The person who closes it.
        reason : str
            Why, in their words.
        now : datetime
            The moment.

        Raises
        ------
        LedgerError
            If there is no such incident, or it has ended. A retry does not help.
        LedgerBusyError
            If an action on the model's production is under way. A retry helps when that has ended.
        """
        incident = self.incident(id)
        with self.lock(acting_on_production(incident.model), wait_seconds=0):
            incident = self.incident(id)
            if incident.state in ENDS:
                raise LedgerError(f"Incident {id!r} is {incident.state.value} already.", "Nothing has to be closed.")
            resolution = incident.resolution | {
                "outcome": CLOSED_BY_HAND,
                "summary": f"{by} closed it: {reason}",
                "closed_by": by,
                "seconds_total": (now - incident.opened_at).total_seconds(),
            }
            return self.move_incident(id, IncidentState.ESCALATED, resolution=resolution, closed_at=now)

    def record_packet(self, packet: EvidencePacket) -> None:
        """Record the evidence of an incident. A later packet replaces the one before; the audit keeps its hash."""
        with self._writing() as connection:
            mine = evidence.c.incident_id == packet.incident_id
            known = connection.execute(select(evidence.c.packet_hash).where(mine)).scalar()
            if known == packet.hash:
                return
            values = {"packet_hash": packet.hash, "packet": to_json(packet), "recorded_at": datetime.now(UTC)}
            if known is None:
                connection.execute(insert(evidence).values(incident_id=packet.incident_id, **values))
            else:
                connection.execute(update(evidence).where(mine).values(values))
            shown = {"packet_hash": packet.hash, "items": len(packet.items), "gaps": list(packet.gaps)}
            append(connection, "evidence", packet.incident_id, shown)

    def packet(self, incident_id: str) -> EvidencePacket | None:
        """Return the evidence of an incident, or nothing before it was collected."""
        with self._reading() as connection:
            record = connection.execute(select(evidence.c.packet).where(evidence.c.incident_id == incident_id)).scalar()
        return None if record is None else from_json(EvidencePacket, record)

    def packets(self, incident_ids: Collection[str]) -> dict[str, EvidencePacket]:
        """Return the evidence of several incidents in one question; nothing of those that have none."""
        query = select(evidence.c.incident_id, evidence.c.packet).where(evidence.c.incident_id.in_(incident_ids))
        with self._reading() as connection:
            return {row.incident_id: from_json(EvidencePacket, row.packet) for row in connection.execute(query)}

    def record_diagnosis(self, diagnosis: Diagnosis, *, stands: bool) -> None:
        """Record one engine's diagnosis. When it stands, no other one of this incident does."""
        record = to_json(diagnosis)
        mine = (diagnoses.c.incident_id == diagnosis.incident_id) & (diagnoses.c.engine == diagnosis.engine)
        with self._writing() as connection:
            known = connection.execute(select(diagnoses).where(mine)).one_or_none()
            if known is not None and known.record == record and bool(known.stands) == stands:
                return
            if stands:
                others = (diagnoses.c.incident_id == diagnosis.incident_id) & (diagnoses.c.engine != diagnosis.engine)
                connection.execute(update(diagnoses).where(others).values(stands=0))
            values = {
                "cause": diagnosis.cause.value,
                "status": diagnosis.status,
                "stands": int(stands),
                "record": record,
                "recorded_at": datetime.now(UTC),
            }
            if known is None:
                connection.execute(
                    insert(diagnoses).values(incident_id=diagnosis.incident_id, engine=diagnosis.engine, **values)
                )
            else:
                connection.execute(update(diagnoses).where(mine).values(values))
            append(connection, "diagnosis", diagnosis.incident_id, {"stands": stands, "diagnosis": record})

    def diagnoses(self, incident_id: str) -> list[tuple[Diagnosis, bool]]:
        """Return the diagnoses of an incident, each with whether it stands; the one that stands first."""
        query = (
            select(diagnoses)
            .where(diagnoses.c.incident_id == incident_id)
            .order_by(diagnoses.c.stands.desc(), diagnoses.c.engine)
        )
        with self._reading() as connection:
            return [(from_json(Diagnosis, row.record), bool(row.stands)) for row in connection.execute(query)]

    def standing_diagnosis(self, incident_id: str) -> Diagnosis | None:
        """Return the diagnosis of an incident that is decided on; nothing where none stands."""
        return next((diagnosis for diagnosis, stands in self.diagnoses(incident_id) if stands), None)


def advance(connection: Connection, incident_id: str, state: IncidentState) -> None:
    """Move an incident on inside a writing transaction, unless it is unknown or may not go there from where it stands.

    What an action does is on record whatever becomes of its incident, which may have ended meanwhile.

    Parameters
    ----------
    connection : Connection
        An open writing transaction.
    incident_id : str
        The incident.
    state : IncidentState
        Where it is to stand.
    """
    standing = connection.execute(select(incidents.c.state).where(incidents.c.id == incident_id)).scalar()
    if standing is None or state not in INCIDENT_MOVES[IncidentState(standing)]:
        return
    connection.execute(update(incidents).where(incidents.c.id == incident_id).values(state=state.value))
    append(connection, "incident_state", incident_id, {"state": state.value})


def incident_of(connection: Connection, incident_id: str) -> Incident:
    """Return one incident as its row has it.

    Raises
    ------
    LedgerError
        If there is none of this id. The message names the closest.
    """
    row = connection.execute(select(incidents).where(incidents.c.id == incident_id)).one_or_none()
    if row is None:
        known = connection.execute(select(incidents.c.id).order_by(incidents.c.opened_at.desc()).limit(200))
        raise LedgerError(f"There is no incident {incident_id!r}.", closest(incident_id, known.scalars().all()))
    return _incident(row)


def _columns(incident: Incident) -> dict[str, Any]:
    return {
        "id": incident.id,
        "model": incident.model,
        "state": incident.state.value,
        "severity": incident.severity.value,
        "cause": incident.cause.value,
        "headline": incident.headline,
        "fingerprint": incident.fingerprint,
        "window_start": incident.window.start,
        "window_end": incident.window.end,
        "as_of": incident.as_of,
        "batch_ids": list(incident.batch_ids),
        "opened_at": incident.opened_at,
        "closed_at": incident.closed_at,
        "resolution": incident.resolution,
        "mlflow_run_id": incident.mlflow_run_id,
    }


def _incident(row: Row[Any]) -> Incident:
    return Incident(
        id=row.id,
        model=row.model,
        state=IncidentState(row.state),
        severity=Severity(row.severity),
        cause=Cause(row.cause),
        headline=row.headline,
        fingerprint=row.fingerprint,
        window=Window(row.window_start, row.window_end),
        as_of=row.as_of,
        batch_ids=tuple(row.batch_ids),
        opened_at=row.opened_at,
        closed_at=row.closed_at,
        resolution=row.resolution,
        mlflow_run_id=row.mlflow_run_id,
    )
