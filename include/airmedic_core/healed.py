"""Says when an incident counts as healed: the whole rule. What closes, weighs or recalls incidents asks here.

An incident counts as healed if all of this holds:

1. The action that decides it looked at the world and answered one of :data:`HEALED` (``Action.outcome``). A
   deployment, for one, must still serve, and its watch must have come to an end (``RolloutStrategy.health``). The
   spec says in ``rollout.watch_windows`` how long that watch is.
2. No step of its remediation failed where the action has to prove itself (:func:`unproven`).
3. The deciding metric did not fall (:func:`fell`).
4. The problem did not come back within a week (:func:`comes_back`, :func:`came_back`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from airmedic_core.records import Incident, IncidentState
from airmedic_core.spec import ModelSpec

PROVED = "healed"
"""Outcome of an action that had to prove itself in service, and did."""
HEALED = frozenset({PROVED, "rolled_back", "contained", "repaired", "changed"})
"""Outcomes that count for an action."""
NOT_HEALED = frozenset({"refused", "failed", "undone", "worse"})
"""Outcomes that count against it. An action that was rejected or not answered had no effect that could be judged."""

_COMES_BACK_WITHIN = timedelta(days=7)
"""A problem that is seen again later than that is a new one."""
_BEFORE = "recurrence_of"
"""Key in an incident's resolution: the incident that has come back with it."""


def is_healed(incident: Incident) -> bool:
    """Return whether an incident was closed as healed. :func:`came_back` tells whether it has come back since."""
    return incident.state is IncidentState.RESOLVED and incident.resolution.get("outcome") in HEALED


def did_heal(incident: Incident, returned: frozenset[str]) -> bool | None:
    """Return whether what was done about a closed incident healed it; nothing where no action could be judged.

    Parameters
    ----------
    incident : Incident
        The incident.
    returned : frozenset of str
        Ids of the incidents that came back; see :func:`came_back`.
    """
    return worked(str(incident.resolution.get("outcome")), came_back=incident.id in returned)


def worked(outcome: str, *, came_back: bool) -> bool | None:
    """Return whether an outcome speaks for its action; nothing where no action could be judged.

    Parameters
    ----------
    outcome : str
        What came of the incident.
    came_back : bool
        Whether the incident came back since.

    Examples
    --------
    >>> worked("healed", came_back=False), worked("healed", came_back=True), worked("rejected", came_back=False)
    (True, False, None)
    """
    if outcome in HEALED:
        return not came_back
    return False if outcome in NOT_HEALED else None


def unproven(outcome: str, failed: Sequence[str]) -> str:
    """Return why an outcome is not proved although an action reports it; empty if it is.

    A deployment that could not be watched, or not be undone, has not healed.

    Examples
    --------
    >>> unproven("healed", ["watch_deployment"])
    'It has not proved itself: watch_deployment failed.'
    >>> unproven("contained", ["publish_report"])
    ''
    """
    return f"It has not proved itself: {', '.join(failed)} failed." if failed and outcome == PROVED else ""


def fell(spec: ModelSpec, before: float | None, after: float | None) -> bool:
    """Return whether the deciding metric is worse after an action than before it, by more than the gate's margin.

    Parameters
    ----------
    spec : ModelSpec
        The model: it names the metric and the margin.
    before : float or None
        The metric before the action; nothing is known to have fallen where it was not measured.
    after : float or None
        The metric after it.
    """
    if before is None or after is None:
        return False
    # DAG files are parsed without numpy, which the metrics need.
    from airmedic_core.metrics import metric

    measure = metric(spec.metric, spec.task)
    gained = (after - before) * (1 if measure.higher_is_better else -1)
    return gained < spec.gate.margin * (abs(before) if measure.relative else 1.0)


def comes_back(closed: Incident, fingerprint: str, now: datetime) -> bool:
    """Return whether a problem that is seen now is a closed incident come back.

    Parameters
    ----------
    closed : Incident
        An earlier incident.
    fingerprint : str
        What is seen now.
    now : datetime
        The moment.
    """
    if closed.fingerprint != fingerprint or closed.closed_at is None:
        return False
    return now - closed.closed_at <= _COMES_BACK_WITHIN


def come_back_of(closed: Incident | None) -> dict[str, str]:
    """Return what a new incident's resolution says of the one that has come back with it."""
    return {_BEFORE: closed.id} if closed else {}


def came_back(incidents: Iterable[Incident]) -> frozenset[str]:
    """Return the ids of the incidents that came back, as the later ones among some say."""
    return returned_among(incident.resolution for incident in incidents)


def returned_among(resolutions: Iterable[Mapping[str, Any]]) -> frozenset[str]:
    """Return the ids of the incidents that came back, as the resolutions of the later ones say."""
    return frozenset(str(resolution[_BEFORE]) for resolution in resolutions if resolution.get(_BEFORE))
