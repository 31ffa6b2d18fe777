"""Problems that people have in their hands already: they are told once, and not again with each window that shows one.

A problem that lasts is another incident in each window. It is the same problem as long as no window between was healthy
and nothing that a question about it rests on has changed: cause, fingerprint, version, and severity where it has grown.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from airmedic_core.actions import hands_over
from airmedic_core.decide.objection import Objection
from airmedic_core.decide.rejections import basis_of, is_same_question
from airmedic_core.records import REQUESTED, Incident, Json

if TYPE_CHECKING:
    from airmedic_core.workspace import Workspace

HANDED_OVER = "handed_over"
"""What stops telling people of a problem that they were told of before, and the outcome of an incident that ends so."""

_REMINDED_AFTER = timedelta(days=30)
"""People are told again of what has lasted for a month, as they are asked again what they rejected."""
_MOST = 200
"""Incidents and windows that are looked back on: half a year of days."""


def handed_over_before(ws: Workspace, incident: Incident, basis: Json, *, now: datetime) -> Objection | None:
    """Return an objection where people were told of the same problem, it has lasted since, and nothing has changed.

    Parameters
    ----------
    ws : Workspace
        The model.
    incident : Incident
        The incident that would be handed over.
    basis : dict
        What that rests on, as :func:`~airmedic_core.decide.rejections.rests_on` returns it.
    now : datetime
        The moment.
    """
    for earlier, told_at, before in _handed_over(ws, incident, now):
        if is_same_question(before, basis):
            reason = (
                f"People were told of this problem on {told_at:%Y-%m-%d %H:%M} UTC (incident {earlier.id}), and"
                " nothing has changed since but that it lasts."
            )
            return Objection(HANDED_OVER, reason)
    return None


def is_with_people(ws: Workspace, incident: Incident, *, now: datetime) -> bool:
    """Return whether an incident only continues a problem that people have in their hands, by what monitoring says.

    Parameters
    ----------
    ws : Workspace
        The model.
    incident : Incident
        The incident, diagnosed or not.
    now : datetime
        The moment.
    """
    seen = ws.ledger.batches(incident.model, limit=1)
    known = {
        "fingerprint": incident.fingerprint,
        "severity": incident.severity.value,
        "serving": seen[0].model_version if seen else None,
    }
    return any(
        is_same_question({name: before.get(name) for name in known}, known)
        for _, _, before in _handed_over(ws, incident, now)
    )


def ended_without_a_word(ws: Workspace, incident_id: str) -> bool:
    """Return whether the last decision of an incident was that people know of it already."""
    last = next(reversed(ws.ledger.decisions(incident_id)), None)
    if last is None or last["proposal_hash"] is not None:
        return False
    return any(passed_over["limit"] == HANDED_OVER for passed_over in last["skipped"])


def _handed_over(ws: Workspace, incident: Incident, now: datetime) -> list[tuple[Incident, datetime, Json]]:
    """Return the incidents handed over in the run of windows up to this one, when that was, and what it rested on."""
    if incident.fingerprint == REQUESTED:
        return []
    reaches = incident.window.start
    for seen in ws.ledger.batches(incident.model, limit=_MOST, before=incident.window.start):
        if seen.assessment is not None and seen.assessment.outcome == "healthy":
            break
        reaches = seen.batch.window.start
    earlier = {
        known.id: known
        for known in ws.ledger.incidents(incident.model, limit=_MOST)
        if known.id != incident.id and reaches <= known.window.start < incident.window.start
    }
    told = []
    for incident_id, attempts in ws.ledger.actions_of(earlier).items():
        for done in attempts:
            if done.status != "done" or not hands_over(done.action):
                continue
            proposal = ws.ledger.proposal(done.proposal_hash)
            before = basis_of(ws, proposal)
            if before is not None and now - proposal.created_at < _REMINDED_AFTER:
                told.append((earlier[incident_id], proposal.created_at, before))
    return told
