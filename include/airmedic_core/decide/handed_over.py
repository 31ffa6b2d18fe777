"""Problems that people have in their hands already: they are told once, and not again with each window that shows one.

A problem that lasts is another incident in each window. It is the same problem as long as each window since has shown
it, without a gap, and nothing that a question about it rests on has changed: cause, fingerprint, version, the findings
that alert, and their effects and the severity where they have grown. Wherever that is in doubt, people are told.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from airmedic_core.actions import hands_over
from airmedic_core.decide.objection import Objection
from airmedic_core.decide.rejections import ALERTS, alerts_of, basis_of, is_same_question
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
        if _is_same_problem(before, basis):
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
        ALERTS: alerts_of(ws, incident),
    }
    return any(_is_same_problem(before, known) for _, _, before in _handed_over(ws, incident, now))


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
    reaches = _lasts_since(ws, incident)
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
            if not _has_arrived(ws, done.proposal_hash):
                continue
            proposal = ws.ledger.proposal(done.proposal_hash)
            before = basis_of(ws, proposal)
            if before is not None and now - proposal.created_at < _REMINDED_AFTER:
                told.append((earlier[incident_id], proposal.created_at, before))
    return told


def _is_same_problem(before: Json, now: Json) -> bool:
    """Return whether nothing is new about a problem: what alerts now is known, and alerted when people were told."""
    alerts = now[ALERTS].keys()
    return bool(alerts) and alerts <= before.get(ALERTS, {}).keys() and is_same_question(before, now)


def _lasts_since(ws: Workspace, incident: Incident) -> datetime:
    """Return since when each window without a gap has shown what the newest one of an incident shows most strongly."""
    strongest, since = "", None
    for seen in ws.ledger.batches(incident.model, limit=_MOST):
        window, assessment = seen.batch.window, seen.assessment
        if since is None and seen.batch.id != incident.batch_ids[-1]:
            continue
        if since is None and assessment is not None:
            strongest = next(iter(assessment.finding_keys), "")
        shows_it = (
            assessment is not None
            and assessment.outcome == "incident"
            and assessment.fingerprint == incident.fingerprint
            and strongest in assessment.finding_keys
        )
        if not shows_it or (since is not None and window.end < since):
            break
        since = window.start
    return since or incident.window.start


def _has_arrived(ws: Workspace, proposal_hash: str) -> bool:
    """Return whether a way that the spec names has taken the hand-over; where it names none, the page is the way."""
    return not ws.spec.notify or "sent" in ws.ledger.messages(proposal_hash).values()
