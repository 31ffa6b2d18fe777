"""Says what people are told of an incident once it is diagnosed: in a message, or as the text of its ticket."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from airmedic_core.notifiers import Event, Notice
from airmedic_core.records import Diagnosis, Incident, Json

if TYPE_CHECKING:
    from airmedic_core.spec import ModelSpec

_MOST_ACTIONS = 3
"""Actions that are named, first choice first."""
_LONGEST = 1_000
"""Characters of a line."""


def announcement(spec: ModelSpec, incident: Incident, diagnosis: Diagnosis | None) -> Json:
    """Return what people are told, as plain JSON. It holds no name of a private column.

    Parameters
    ----------
    spec : ModelSpec
        The model.
    incident : Incident
        The incident.
    diagnosis : Diagnosis or None
        Its diagnosis, where one was made.
    """
    from airmedic_core.reports.private import Privacy

    lines = [incident.headline if diagnosis is None else diagnosis.summary]
    if diagnosis is not None and diagnosis.actions:
        ranked = sorted(diagnosis.actions, key=lambda action: action.priority)[:_MOST_ACTIONS]
        named = [
            action.action.replace("_", " ") + (f" ({action.condition})" if action.condition else "")
            for action in ranked
        ]
        lines.append(f"Recommended: {', '.join(named)}.")
    if diagnosis is not None and diagnosis.runbook:
        lines.append(f"Runbook: {diagnosis.runbook}")
    blanked = Privacy(spec).text
    headline = f"{incident.severity.value.capitalize()} incident of {spec.title or spec.name}: {incident.headline}"
    return {"headline": blanked(headline)[:_LONGEST], "lines": [blanked(line)[:_LONGEST] for line in lines]}


def notice_of(incident: Incident, told: Mapping[str, Any], *, key: str = "") -> Notice:
    """Return an announcement as a notice.

    Parameters
    ----------
    incident : Incident
        The incident that it is about.
    told : mapping
        What :func:`announcement` returned.
    key : str
        What the same message is known by each time it is tried.
    """
    return Notice(
        Event.DIAGNOSED,
        incident.model,
        str(told["headline"]),
        tuple(map(str, told["lines"])),
        incident_id=incident.id,
        severity=incident.severity,
        state=incident.state,
        key=key,
    )
