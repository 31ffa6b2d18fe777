"""Says when a review is worth making before the week is over: after false alarms."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from airmedic_core.records import Incident
from airmedic_core.review.changes.thresholds import FALSE_ALARMS_LEAST
from airmedic_core.review.critic import WINDOWS
from airmedic_core.review.replay import turned_out
from airmedic_core.review.review import reviews

if TYPE_CHECKING:
    from airmedic_core.workspace import Workspace

_NOT_AGAIN_WITHIN = timedelta(days=1)


def review_due(ws: Workspace, incident: Incident, *, now: datetime) -> str:
    """Return the id of a run that should review a model now; empty where there is no occasion.

    There is one when an incident has just turned out to be a false alarm, and not the first: fewer than three put no
    setting in question. The id is the same all day, so that it is one review however many alarms turn out false.

    Parameters
    ----------
    ws : Workspace
        The model.
    incident : Incident
        What has just been closed.
    now : datetime
        The moment.
    """
    if turned_out(incident) != "false":
        return ""
    false = [past for past in ws.ledger.incidents(ws.spec.name, limit=WINDOWS) if turned_out(past) == "false"]
    if len(false) < FALSE_ALARMS_LEAST:
        return ""
    if any(now - made.opened_at < _NOT_AGAIN_WITHIN for made in reviews(ws)):
        return ""
    return f"after_false_alarms__{now:%Y-%m-%d}"
