"""Leaves the model as it is until the data are sound: a window with a cause in the data is not trained on anyway."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, final

from airmedic_core.actions.contract import Action, Part, Path, StoppedBy
from airmedic_core.records import Diagnosis, Incident, Json, Proposal

if TYPE_CHECKING:
    from airmedic_core.workspace import Workspace


@final
class Hold(Action):
    """A window with a cause in the data is not trained on anyway."""

    description = "Changes nothing until the data are sound."
    changes_production = False
    imperative = "Change nothing yet for"
    infinitive = "hold the window"
    path = Path.RECOMMEND
    of_window = True
    stopped_by = StoppedBy.NOTHING
    part = Part.NOTICE

    def stand_in(self, diagnosis: Diagnosis) -> str:
        """Quarantine rows that are broken for good: to hold them means to keep them out."""
        return "quarantine" if diagnosis.cause.traits.hold_quarantines else ""

    def plan(self, ws: Workspace, incident: Incident, diagnosis: Diagnosis | None) -> tuple[Json, str]:
        """Say what is waited for."""
        summary = diagnosis.summary if diagnosis is not None else incident.headline
        params: Json = {"window": incident.window.key, "summary": summary}
        return params, f"{ws.spec.name} learns nothing from {incident.window} until the data are sound."

    def dry_run(self, ws: Workspace, params: Json) -> str:
        """Say that nothing would happen."""
        return f"Nothing would change for {ws.spec.name}; the window {params['window']} would not be trained on."

    def apply(self, ws: Workspace, proposal: Proposal, now: datetime) -> Json:
        """Record the decision to wait."""
        return {"summary": "Nothing is changed until the data are sound.", "window": proposal.params["window"]}

    def undo(self, ws: Workspace, proposal: Proposal, snapshot: Json, now: datetime) -> str:
        """Nothing to put back."""
        return "Nothing was changed."
