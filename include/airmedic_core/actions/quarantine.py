"""Keeps the rows of an incident's windows out of training and out of every reference."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, final

from airmedic_core.actions.contract import Action, Path, StoppedBy
from airmedic_core.history import History, Outcome
from airmedic_core.records import ABNORMAL, Diagnosis, Incident, IncidentState, Json, Proposal, Role
from airmedic_core.windows import Window

if TYPE_CHECKING:
    from airmedic_core.ledger import RecordedAction
    from airmedic_core.workspace import Workspace

_MOST_BATCHES = 1000
_MOST_SHOWN = 5
"""Windows that are named in words."""


@final
class Quarantine(Action):
    """Keeps the rows of an incident's windows out of training and out of every reference."""

    description = "Keeps the rows of a window out of training and references."
    changes_production = False
    imperative = "Quarantine a batch of"
    infinitive = "quarantine the window"
    choice = "Quarantine the newest batch"
    path = Path.QUARANTINE
    of_window = True
    stopped_by = StoppedBy.KILL_SWITCH
    undone = "At any time, by whoever runs Airmedic, with airmedic overrides --revoke; by itself where rows come anew."

    def plan(self, ws: Workspace, incident: Incident, diagnosis: Diagnosis | None) -> tuple[Json, str]:
        """Name the windows of the incident's batches, and earlier ones whose labels came late and are at fault.

        Where nothing but such labels is at fault, the rows of the incident's own windows are sound.
        """
        seen = ws.ledger.batches(incident.model, limit=_MOST_BATCHES)
        keys = {observed.batch.window.key for observed in seen if observed.batch.id in incident.batch_ids} | {
            incident.window.key
        }
        faults = [
            finding
            for batch_id in incident.batch_ids
            for finding in ws.ledger.findings(batch_id)
            if finding.role is Role.DATA_FAULT and finding.verdict in ABNORMAL
        ]
        earlier = [str(finding.details["labels_of"]) for finding in faults if finding.details.get("labels_of")]
        keys = set(earlier) if faults and len(earlier) == len(faults) else keys | set(earlier)
        shown = ", ".join(str(Window.from_key(key)) for key in sorted(keys)[:_MOST_SHOWN])
        return {"windows": sorted(keys)}, f"No training and no reference uses the rows of {shown}."

    def changes(self, proposal: Proposal) -> Sequence[str]:
        """Name the windows."""
        windows = [str(Window.from_key(key)) for key in proposal.params.get("windows", ())[:_MOST_SHOWN]]
        return [f"The rows of {window} are kept out of every training and every reference." for window in windows]

    def precheck(self, ws: Workspace, proposal: Proposal) -> None:
        """Check that the windows can be read as such."""
        for key in proposal.params["windows"]:
            Window.from_key(key)

    def snapshot(self, ws: Workspace, proposal: Proposal) -> Json:
        """Keep which windows were quarantined before."""
        return {"quarantined": [override.key for override in ws.ledger.overrides(ws.spec.name, "quarantine")]}

    def dry_run(self, ws: Workspace, params: Json) -> str:
        """Say which windows would be kept out."""
        shown = ", ".join(str(Window.from_key(key)) for key in params["windows"])
        return f"The rows of {shown} would be kept out of the training of {ws.spec.name}."

    def apply(self, ws: Workspace, proposal: Proposal, now: datetime) -> Json:
        """Record the windows as quarantined."""
        known = {override.key for override in ws.ledger.overrides(ws.spec.name, "quarantine")}
        # What is quarantined already stays as it is: the first quarantine says when it ends.
        for key in (key for key in proposal.params["windows"] if key not in known):
            ws.ledger.set_override(
                ws.spec.name,
                "quarantine",
                key,
                {"incident_id": proposal.incident_id},
                author=ws.ledger.approved_by(proposal.hash),
                reason=proposal.reason,
            )
        shown = ", ".join(str(Window.from_key(key)) for key in proposal.params["windows"])
        return {"summary": f"The rows of {shown} are quarantined.", "windows": proposal.params["windows"]}

    def verify(self, ws: Workspace, proposal: Proposal, output: Json) -> list[str]:
        """Check that the windows are on record."""
        known = {override.key for override in ws.ledger.overrides(ws.spec.name, "quarantine")}
        return [f"{key} is not recorded." for key in output["windows"] if key not in known]

    def undo(self, ws: Workspace, proposal: Proposal, snapshot: Json, now: datetime) -> str:
        """Take back what was not quarantined before."""
        known = {override.key for override in ws.ledger.overrides(ws.spec.name, "quarantine")}
        back = [key for key in proposal.params["windows"] if key in known and key not in snapshot["quarantined"]]
        for key in back:
            ws.ledger.revoke_override(ws.spec.name, "quarantine", key, author="airmedic")
        return f"{len(back)} window(s) may be used again."

    def outcome(self, history: History, done: RecordedAction) -> Outcome:
        """Look whether the windows are still marked."""
        marked = {override.key for override in history.ws.ledger.overrides(history.incident.model, "quarantine")}
        if history.incident.window.key in marked or marked & {str(key) for key in done.output.get("windows", ())}:
            return Outcome(IncidentState.RESOLVED, "contained", done.summary)
        summary = f"The window {history.incident.window} is not marked as quarantined."
        return Outcome(IncidentState.ESCALATED, "failed", summary)
