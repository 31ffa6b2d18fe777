"""Leaves the model as it is until the data are sound: a window with a cause in the data is not trained on anyway."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from airmedic_core.actions.contract import Action
from airmedic_core.records import Diagnosis, Incident, Json, Proposal

if TYPE_CHECKING:
    from airmedic_core.workspace import Workspace


class Hold(Action):
    """A window with a cause in the data is not trained on anyway."""

    description = "Changes nothing until the data are sound."
    changes_production = False

    def plan(self, ws: Workspace, incident: Incident, diagnosis: Diagnosis | None) -> tuple[Json, str]:
        """Say what is waited for."""
        summary = diagnosis.summary if diagnosis is not None else incident.headline
        params: Json = {"window": incident.window.key, "summary": summary}
        return params, f"{ws.spec.name} learns nothing from {incident.window} until the data are sound."

    def precheck(self, ws: Workspace, proposal: Proposal) -> None:
        """Allow it always."""

    def snapshot(self, ws: Workspace, proposal: Proposal) -> Json:
        """Nothing changes."""
        return {}

    def dry_run(self, ws: Workspace, params: Json) -> str:
        """Say that nothing would happen."""
        return f"Nothing would change for {ws.spec.name}; the window {params['window']} would not be trained on."

    def apply(self, ws: Workspace, proposal: Proposal, now: datetime) -> Json:
        """Record the decision to wait."""
        return {"summary": "Nothing is changed until the data are sound.", "window": proposal.params["window"]}

    def verify(self, ws: Workspace, proposal: Proposal, output: Json) -> list[str]:
        """Nothing to check."""
        return []

    def undo(self, ws: Workspace, proposal: Proposal, snapshot: Json, now: datetime) -> str:
        """Nothing to put back."""
        return "Nothing was changed."
