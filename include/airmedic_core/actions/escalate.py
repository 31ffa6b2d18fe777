"""Leaves a problem to people. The Airflow layer tells them."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, final

from airmedic_core.actions.contract import Action, Part, Path, StoppedBy
from airmedic_core.records import Diagnosis, Incident, Json, Proposal

if TYPE_CHECKING:
    from airmedic_core.workspace import Workspace


@final
class Escalate(Action):
    """Leaves a problem to people. The Airflow layer tells them."""

    description = "Tells people to have a look."
    changes_production = False
    imperative = "Have people look at"
    infinitive = "hand it to people"
    path = Path.ESCALATE
    stopped_by = StoppedBy.NOTHING
    part = Part.NOTICE

    def plan(self, ws: Workspace, incident: Incident, diagnosis: Diagnosis | None) -> tuple[Json, str]:
        """Name who is to look at what."""
        summary = diagnosis.summary if diagnosis is not None else incident.headline
        to = list(ws.spec.approvers) or [ws.spec.owner]
        return {"to": to, "summary": summary}, f"{', '.join(to)} look at it and decide."

    def dry_run(self, ws: Workspace, params: Json) -> str:
        """Say who would be told."""
        return f"{', '.join(params['to'])} would be told."

    def apply(self, ws: Workspace, proposal: Proposal, now: datetime) -> Json:
        """Record that people have to look."""
        return {"summary": f"{', '.join(proposal.params['to'])} have to look.", "to": proposal.params["to"]}

    def undo(self, ws: Workspace, proposal: Proposal, snapshot: Json, now: datetime) -> str:
        """Nothing to put back."""
        return "Nothing was changed."
