"""Restarts the feed that delivers the rows. A file stands in for the system that a team would call."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, final

from airmedic_core.actions import Action
from airmedic_core.causes import Cause
from airmedic_core.records import Diagnosis, Incident, Json, Proposal

if TYPE_CHECKING:
    from airmedic_core.workspace import Workspace


@final
class RestartFeed(Action):
    """Restarts the feed, and remembers for which proposal."""

    description = "Restarts the feed that delivers the rows."
    changes_production = True
    imperative = "Restart the feed of"
    infinitive = "restart the feed"
    choice = "Restart the feed"

    def called_for(self, ws: Workspace, incident: Incident, diagnosis: Diagnosis) -> bool:
        """Damaged rows are what a restart has helped against."""
        return diagnosis.cause is Cause.DATA_CORRUPTION

    def plan(self, ws: Workspace, incident: Incident, diagnosis: Diagnosis | None) -> tuple[Json, str]:
        """Restart the feed of this model."""
        return {"feed": ws.spec.name}, f"The next window of {ws.spec.name} holds sound rows."

    def snapshot(self, ws: Workspace, proposal: Proposal) -> Json:
        """Keep what the feed was last restarted for."""
        return {"restarted_for": restarted_for(ws)}

    def dry_run(self, ws: Workspace, params: Json) -> str:
        """Say which feed would be restarted."""
        return f"The feed {params['feed']} would be restarted."

    def apply(self, ws: Workspace, proposal: Proposal, now: datetime) -> Json:
        """Restart the feed, unless this proposal has done so: a task may run twice."""
        if restarted_for(ws) != proposal.hash:
            _place(ws).write_text(json.dumps({"restarted_for": proposal.hash}), encoding="utf-8")
        return {"summary": f"The feed {proposal.params['feed']} was restarted."}

    def verify(self, ws: Workspace, proposal: Proposal, output: Json) -> list[str]:
        """Ask the feed, and do not believe what apply returned."""
        return [] if restarted_for(ws) == proposal.hash else ["The feed was not restarted."]

    def undo(self, ws: Workspace, proposal: Proposal, snapshot: Json, now: datetime) -> str:
        """Put back what the feed says of itself; a restart leaves nothing else behind."""
        _place(ws).write_text(json.dumps(snapshot), encoding="utf-8")
        return "The feed runs as before."


def restarted_for(ws: Workspace) -> str:
    """Return the hash of the proposal for which the feed was last restarted; empty if it never was."""
    place = _place(ws)
    return str(json.loads(place.read_text(encoding="utf-8"))["restarted_for"]) if place.exists() else ""


def _place(ws: Workspace) -> Path:
    return ws.settings.home / "feed.json"
