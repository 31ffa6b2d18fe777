"""Incidents: opened for a batch or for a person's request, closed with what came of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

from airmedic_core.decide.alarm import question_again
from airmedic_core.decide.request import Request
from airmedic_core.errors import LedgerError
from airmedic_core.healed import come_back_of, comes_back, is_healed
from airmedic_core.ledger.transitions import ENDS
from airmedic_core.outcome import outcome_of, timing
from airmedic_core.records import REQUESTED, Assessment, Batch, Cause, Incident, IncidentState, Json, Severity, digest
from airmedic_core.windows import Every, Window, as_utc

if TYPE_CHECKING:
    from airmedic_core.workspace import Workspace

_HELD_WINDOWS = 60
_WORST_LAST = tuple(Severity)


def open_incident(ws: Workspace, batch: Batch, *, now: datetime) -> Incident:
    """Open an incident for a batch, or attach the batch to the model's open one.

    A problem that was closed within seven days is opened anew, and the new incident names the old one in
    ``resolution["recurrence_of"]``. A batch that is looked at again keeps its incident, unless that is closed and was
    about something else; one that is still open is looked at from the later moment on.

    Parameters
    ----------
    ws : Workspace
        The model.
    batch : Batch
        A batch that was assessed.
    now : datetime
        The moment.

    Raises
    ------
    LedgerError
        If the batch was not assessed. A retry does not help.
    """
    ledger = ws.ledger
    assessment = ledger.assessment(batch.id)
    if assessment is None:
        raise LedgerError(f"The batch {batch.id!r} was not assessed.", "Assess it before opening an incident.")
    with ledger.lock(f"incidents of {batch.model}"):
        known = ledger.incidents(batch.model, limit=200)
        if mine := next(
            (incident for incident in known if _seen(incident) and _is_of(incident, batch, assessment.fingerprint)),
            None,
        ):
            return mine if mine.state in ENDS else ledger.attach_batch(mine.id, batch)
        if still_open := next((incident for incident in known if _takes(incident, assessment)), None):
            attached = ledger.attach_batch(still_open.id, batch)
            worse = max(attached.severity, assessment.severity, key=_WORST_LAST.index)
            return ledger.move_incident(attached.id, attached.state, severity=worse)
        before = next((incident for incident in known if comes_back(incident, assessment.fingerprint, now)), None)
        return ledger.open_incident(
            Incident(
                id=f"{batch.id}__{assessment.fingerprint[:8]}",
                model=batch.model,
                state=IncidentState.OPEN,
                severity=assessment.severity,
                cause=assessment.cause,
                headline=assessment.headline,
                fingerprint=assessment.fingerprint,
                window=batch.window,
                as_of=batch.as_of,
                batch_ids=(batch.id,),
                opened_at=now,
                resolution=come_back_of(before),
            )
        )


def look_again_from(ws: Workspace, batch: Batch) -> None:
    """Have all open incidents of a batch looked at from the moment on at which the batch was looked at again.

    What became known in between, such as labels that people have given, reaches their trainings, also where nothing is
    wrong with the batch any more, and where a person has asked.

    Parameters
    ----------
    ws : Workspace
        The model.
    batch : Batch
        The batch, as it was looked at again.
    """
    with ws.ledger.lock(f"incidents of {batch.model}"):
        for incident in ws.ledger.incidents(batch.model, open_only=True, limit=200):
            if batch.id in incident.batch_ids:
                ws.ledger.attach_batch(incident.id, batch)


def request_incident(ws: Workspace, request: Request, run_id: str, *, now: datetime) -> Incident:
    """Open an incident for what a person asks for, or return the one of this run.

    Parameters
    ----------
    ws : Workspace
        The model.
    request : Request
        What they ask for.
    run_id : str
        The run that they started: the same run is the same incident.
    now : datetime
        The moment.
    """
    requested = ws.ledger.incidents(ws.spec.name, limit=200)
    mine = (incident for incident in requested if incident.resolution.get("run_id") == run_id)
    if known := next(mine, None):
        return known
    # A batch whose checks still run has not been judged: what is known is known of those before it.
    judged = (seen for seen in ws.ledger.batches(ws.spec.name, limit=10) if seen.assessment is not None)
    newest = next(judged, None)
    batch = newest.batch if newest else None
    by = request.by or "A person"
    said = f": {request.reason}" if request.reason else ""
    headline = f"{by} asks for {request.action.replace('_', ' ')}{said}"
    resolution = {"requested": request.action, "requested_by": by, "run_id": run_id}
    incident = incident_without_alarm(ws, batch, headline, resolution, cause=Cause.UNKNOWN, now=now)
    return ws.ledger.open_incident(replace(incident, batch_ids=(batch.id,) if batch else ()))


def incident_without_alarm(
    ws: Workspace, newest: Batch | None, headline: str, resolution: Json, *, cause: Cause, now: datetime
) -> Incident:
    """Return an incident that no alarm opens: a person's request, or a review.

    Parameters
    ----------
    ws : Workspace
        The model.
    newest : Batch or None
        The newest batch: the incident is of its window. Of the last complete window where there is none.
    headline : str
        What it is about.
    resolution : dict
        The request, the person who made it, and its run: the incident's id follows from ``run_id``.
    cause : Cause
        Its cause as long as nothing was diagnosed.
    now : datetime
        The moment.
    """
    window = newest.window if newest else Every.parse(ws.spec.window.every).last_complete(now)
    return Incident(
        id=f"{ws.spec.name}__{window.key}__{digest(resolution['run_id'])[:8]}",
        model=ws.spec.name,
        state=IncidentState.OPEN,
        severity=Severity.LOW,
        cause=cause,
        headline=headline,
        fingerprint=REQUESTED,
        window=window,
        as_of=newest.as_of if newest else now,
        batch_ids=(),
        opened_at=now,
        resolution=resolution,
    )


def close_incident(
    ws: Workspace, incident_id: str, *, now: datetime, failed: Sequence[str] = (), only_looked: bool = False
) -> Incident:
    """Close an incident with what came of it. One that is closed stays as it is.

    One whose alarm has gone quiet before its approved remedy began stays open: people are asked about it again.

    A dry run or a diagnosis on request closes only the incident that was opened for it: one that was seen in a batch is
    as unsolved as before.

    The outcome is verified from the ledger: that the deployed version still serves and what the gate measured, that a
    rollback was promoted, that a quarantined window is marked.

    Parameters
    ----------
    ws : Workspace
        The model.
    incident_id : str
        The incident.
    now : datetime
        The moment of closing.
    failed : sequence of str
        Steps of the remediation that failed.
    only_looked : bool
        Whether the remediation was asked for a diagnosis, or to show what would happen, and for nothing else.

    Returns
    -------
    Incident
        Its ``resolution`` holds ``action``, ``outcome``, ``summary``, ``metric``, ``before``, ``after``,
        ``approved_by``, ``seconds_to_request``, ``seconds_to_approval``, ``seconds_to_done``, ``seconds_total``.
    """
    incident = ws.ledger.incident(incident_id)
    if incident.state in ENDS or (only_looked and _seen(incident)):
        return incident
    if not failed and asked_again(ws, incident):
        return ws.ledger.move_incident(incident_id, IncidentState.DIAGNOSED)
    outcome = outcome_of(ws, incident, now=now, failed=failed)
    resolution: dict[str, Any] = {
        **incident.resolution,
        "action": outcome.proposal.action if outcome.proposal else "",
        "outcome": outcome.outcome,
        "summary": outcome.summary,
        "metric": ws.spec.metric,
        "before": outcome.before,
        "after": outcome.after,
        "proposal_hash": outcome.proposal.hash if outcome.proposal else None,
        **timing(ws, incident, outcome),
        "seconds_total": (now - incident.opened_at).total_seconds(),
    }
    standing = ws.ledger.standing_diagnosis(incident_id)
    cause = standing.cause if standing else incident.cause
    return ws.ledger.move_incident(incident_id, outcome.state, resolution=resolution, closed_at=now, cause=cause)


def asked_again(ws: Workspace, incident: Incident) -> str:
    """Return the hash of the approved proposal that an open incident waits to ask people about again; else nothing."""
    return "" if incident.state in ENDS else question_again(ws.ledger.decisions(incident.id))


def note_healthy(ws: Workspace, batch: Batch) -> Incident | None:
    """Record that a later batch was healthy: what healed the last incident still holds.

    Returns
    -------
    Incident or None
        The incident whose ``resolution["held_windows"]`` now names the batch's window; nothing if none was healed.
    """
    last = next((incident for incident in ws.ledger.incidents(batch.model) if _seen(incident)), None)
    if last is None or not is_healed(last):
        return None
    held = list(last.resolution.get("held_windows", []))
    if batch.window.start < last.window.end or batch.window.key in held:
        return last
    resolution = {**last.resolution, "held_windows": [*held, batch.window.key][-_HELD_WINDOWS:]}
    return ws.ledger.move_incident(last.id, last.state, resolution=resolution)


def lift_quarantine(ws: Workspace, batch: Batch) -> bool:
    """Let the rows of a healthy batch be used again if an incident had them quarantined: they were delivered anew.

    What a person asked to be quarantined stays so.

    Returns
    -------
    bool
        Whether there was a quarantine to lift.
    """
    marked = (
        override for override in ws.ledger.overrides(batch.model, "quarantine") if override.key == batch.window.key
    )
    mark = next((mark for mark in marked if isinstance(mark.value, dict) and mark.value.get("incident_id")), None)
    if mark is None or not _seen(ws.ledger.incident(str(mark.value["incident_id"]))):
        return False
    ws.ledger.revoke_override(batch.model, "quarantine", mark.key, author="airmedic")
    return True


def look_at_repaired(ws: Workspace, proposal_hash: str, *, now: datetime) -> list[Batch]:
    """Look again at the windows that a proposal has repaired, record what is found, and let in what is in order.

    Parameters
    ----------
    ws : Workspace
        The model.
    proposal_hash : str
        The repair, carried out.
    now : datetime
        The moment.

    Returns
    -------
    list of Batch
        The windows whose rows may be used again, as they were repaired.
    """
    from airmedic_core.checks import GROUPS
    from airmedic_core.monitor import assess, check_batch, resolve_batch
    from airmedic_core.repair import repair_on_record

    let_in = []
    for repaired in ws.ledger.proposal(proposal_hash).params["windows"]:
        window = Window.from_key(repaired["window"])
        batch = resolve_batch(ws, window=window, moment=now, as_of=as_utc(repaired["as_of"]))
        if repair_on_record(ws, window) is None:
            continue
        for group in GROUPS:
            check_batch(ws, batch, group)
        if assess(ws, batch).outcome != "incident":
            lift_quarantine(ws, batch)
            let_in.append(batch)
    return let_in


def _is_of(incident: Incident, batch: Batch, fingerprint: str) -> bool:
    same = incident.state not in ENDS or incident.fingerprint == fingerprint
    return batch.id in incident.batch_ids and same


def _takes(incident: Incident, assessment: Assessment) -> bool:
    """Return whether an incident is still open for what a batch shows.

    One whose remedy is only watched, such as a canary for weeks, does not hold broken data: they get their own.
    """
    if incident.state in ENDS or not _seen(incident):
        return False
    return not (
        incident.state is IncidentState.VERIFYING and assessment.cause.lies_in_data and not incident.cause.lies_in_data
    )


def _seen(incident: Incident) -> bool:
    """Return whether an incident was seen in a batch, and not asked for by a person."""
    return incident.fingerprint != REQUESTED
