"""Play a threshold back over the last windows: which alarms it would have kept, and which it would have silenced."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from airmedic_core.checks import Threshold
from airmedic_core.ledger import ObservedBatch
from airmedic_core.ledger.transitions import ENDS
from airmedic_core.records import ABNORMAL, REQUESTED, Finding, Incident, IncidentState

if TYPE_CHECKING:
    from airmedic_core.workspace import Workspace


@dataclass(frozen=True)
class ReviewedWindow:
    """One window with its alarms, and whether the incident that they opened turned out to be one."""

    seen: ObservedBatch
    alarms: tuple[Finding, ...]
    turned_out: Literal["real", "false", "none"]
    """``none``: no incident was opened, or it is still open."""


def past_windows(ws: Workspace, *, most: int) -> list[ReviewedWindow]:
    """Return the last windows of a model, newest first."""
    incidents = ws.ledger.incidents(ws.spec.name, limit=200)
    past = ws.ledger.batches(ws.spec.name, limit=most)
    findings = ws.ledger.findings_of([seen.batch.id for seen in past])
    windows = []
    for seen in past:
        alarms = [finding for finding in findings[seen.batch.id] if finding.verdict in ABNORMAL]
        windows.append(ReviewedWindow(seen, tuple(alarms), _turned_out(seen.batch.id, incidents)))
    return windows


def strengths(window: ReviewedWindow, threshold: Threshold, now: float) -> list[float]:
    """Return how strong the window's alarms under a threshold were, in the threshold's own measure.

    Parameters
    ----------
    window : ReviewedWindow
        The window.
    threshold : Threshold
        The option.
    now : float
        The option's present value.
    """
    numbers = [getattr(finding, threshold.measured_by) for finding in _governed(window, threshold, now)]
    return [abs(number) for number in numbers if number is not None]


def silenced(window: ReviewedWindow, threshold: Threshold, now: float, value: float) -> bool:
    """Say whether another value of the threshold would have silenced all alarms that the check raised in a window.

    Parameters
    ----------
    window : ReviewedWindow
        The window.
    threshold : Threshold
        The option.
    now : float
        The option's present value.
    value : float
        Its value to play back.
    """
    raised = [finding for finding in window.alarms if finding.check == threshold.check]
    measured = strengths(window, threshold, now)
    return bool(measured) and len(measured) == len(raised) and max(measured) < value


def _governed(window: ReviewedWindow, threshold: Threshold, now: float) -> list[Finding]:
    return [
        finding
        for finding in window.alarms
        if finding.check == threshold.check
        and (not threshold.names_itself or (finding.limit is not None and abs(finding.limit - now) < 1e-9))
    ]


def _turned_out(batch_id: str, incidents: Sequence[Incident]) -> Literal["real", "false", "none"]:
    mine = [turned_out(incident) for incident in incidents if batch_id in incident.batch_ids]
    if not mine or "none" in mine:
        return "none"
    return "false" if set(mine) == {"false"} else "real"


def turned_out(incident: Incident) -> Literal["real", "false", "none"]:
    """Return whether an incident turned out real: not if it was harmless, or if its proposal was rejected.

    An incident that is open, or whose proposal nobody answered, says nothing.
    """
    if incident.state not in ENDS or incident.fingerprint == REQUESTED:
        return "none"
    if incident.cause.traits.harmless:
        return "false"
    if incident.state is IncidentState.REJECTED:
        return "none" if incident.resolution.get("outcome") == "unanswered" else "false"
    return "real"
