"""The name of an incident's run in a list of runs, and what came of what a person asked for."""

from __future__ import annotations

from airmedic_core.numbers import measure_name
from airmedic_core.records import REQUESTED, IncidentState
from airmedic_core.reports.decided import approved, came_of, next_step, who_decided
from airmedic_core.reports.dossier import Dossier
from airmedic_core.reports.measured import short_metric, short_number
from airmedic_core.reports.text import day, line, number

_MARKS = {IncidentState.RESOLVED: "✔", IncidentState.UNDONE: "↩"}
_OPEN = "✖"
_ASKED = "▷"
"""In front of what a person asked for: nothing was wrong."""
_DIAGNOSIS = "diagnose_only"
_STATES = {
    IncidentState.OPEN: "open",
    IncidentState.DIAGNOSED: "diagnosed",
    IncidentState.AWAITING_APPROVAL: "waits for an approval",
    IncidentState.ACTING: "remedy under way",
    IncidentState.VERIFYING: "being verified",
    IncidentState.RESOLVED: "resolved",
    IncidentState.REJECTED: "remedy rejected",
    IncidentState.UNDONE: "remedy undone",
    IncidentState.ESCALATED: "left to people",
}
_SEPARATOR = " · "
_REASON = ": "
"""Stands before the reason of a next step, which a name has no room for."""


def incident_name(dossier: Dossier) -> str:
    """Return the name of an incident's run: what it is, the metric, when, and how it stands."""
    incident = dossier.incident
    if incident.fingerprint == REQUESTED:
        parts = [f"{_ASKED} {_asked(dossier)}", day(incident.window), _by(dossier)]
        if incident.closed_at is None:
            parts.append(_STATES[incident.state])
    else:
        cause = (dossier.standing.cause if dossier.standing else incident.cause).words
        parts = [f"{_MARKS.get(incident.state, _OPEN)} {cause}"]
        step = next_step(incident.state, incident.resolution, asked_of(dossier)).partition(_REASON)[0]
        parts += [f"incident {_standing(dossier)}", step, _measured(dossier), day(incident.window), decider(dossier)]
        if dossier.rehearsed and incident.closed_at is None:
            parts.append(_asked(dossier))
    return dossier.privacy.text(_SEPARATOR.join(part for part in parts if part))


def decider(dossier: Dossier) -> str:
    """Return who decided about an incident, in a few words; empty where nobody has yet."""
    if dossier.incident.closed_at is not None:
        return who_decided(dossier.incident.resolution)
    answers = [
        (approved([answer.by], proposal.action) if answer.answer == "approve" else f"{line(answer.by, 40)} rejected it")
        for proposal in dossier.proposals
        for answer in dossier.approvals.get(proposal.hash, ())
        if not answer.refused_because
    ]
    return answers[-1] if answers else ""


def asked_of(dossier: Dossier) -> tuple[str, ...]:
    """Return who may answer what waits; nobody where nothing does, or the spec names nobody."""
    return dossier.spec.approvers if dossier.incident.state is IncidentState.AWAITING_APPROVAL else ()


def _standing(dossier: Dossier) -> str:
    incident = dossier.incident
    state = came_of(incident.resolution) if incident.state is IncidentState.RESOLVED else ""
    return state or _STATES[incident.state]


def what_was_asked(dossier: Dossier) -> str:
    """Return what came of a person's request, in plain text; empty where nobody asked for anything."""
    if dossier.incident.fingerprint != REQUESTED and not dossier.rehearsed:
        return ""
    last = dossier.decisions[-1] if dossier.decisions else None
    parts = [f"{_asked(dossier).capitalize()}."]
    if last is not None:
        rehearsal = (last.get("details") or {}).get("rehearsal")
        parts += [line(text, 600) for text in (rehearsal, last.get("reason")) if text]
    standing = dossier.standing
    if standing is not None and dossier.incident.resolution.get("requested") == _DIAGNOSIS:
        parts.append(line(standing.summary, 900))
    summary = dossier.incident.resolution.get("summary")
    if isinstance(summary, str) and summary and summary not in parts:
        parts.append(line(summary, 600))
    return " ".join(parts)


def _asked(dossier: Dossier) -> str:
    """Return what was asked for and its answer, in a few words."""
    incident, standing = dossier.incident, dossier.standing
    if dossier.rehearsed:
        chosen = next((p for p in dossier.proposals if p.hash == dossier.decisions[-1].get("proposal_hash")), None)
        action = chosen.action if chosen else (dossier.decisions[-1].get("details") or {}).get("would_go", "")
        if not action:
            return "dry run: nothing would be done"
        return f"dry run: {str(action).replace('_', ' ')} would be next"
    requested = str(incident.resolution.get("requested") or "request").replace("_", " ")
    if incident.resolution.get("requested") == _DIAGNOSIS:
        if standing is None:
            return "diagnosis"
        return f"diagnosis: {standing.cause.words} ({number(round(standing.confidence, 2), 'fraction')})"
    if incident.closed_at is None:
        return f"request: {requested}"
    outcome = str(incident.resolution.get("outcome") or _STATES[incident.state]).replace("_", " ")
    return f"request: {requested}, {outcome}"


def _by(dossier: Dossier) -> str:
    by = dossier.incident.resolution.get("requested_by")
    return f"asked by {line(by, 40)}" if by else ""


def _measured(dossier: Dossier) -> str:
    resolution = dossier.incident.resolution
    before, after = resolution.get("before"), resolution.get("after")
    if isinstance(before, int | float) and isinstance(after, int | float):
        metric = measure_name(line(resolution.get("metric", dossier.spec.metric), 40))
        return f"{metric} {short_number(before)} → {short_number(after, like=before)}"
    return short_metric(dossier.summary, dossier.metric)
