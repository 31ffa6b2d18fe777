"""Ends the trial of a version that is tried beside the champion, which then answers all rows."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, final

from airmedic_core.actions.contract import Action, Path, StoppedBy
from airmedic_core.errors import ActionError
from airmedic_core.history import History, Outcome
from airmedic_core.records import Diagnosis, Incident, IncidentState, Json, Proposal, from_json, to_json

if TYPE_CHECKING:
    from airmedic_core.ledger import RecordedAction
    from airmedic_core.traffic import Traffic
    from airmedic_core.workspace import Workspace


@final
class EndTrial(Action):
    """Ends the trial of a version that is tried beside the champion, which then answers all rows."""

    description = "Ends the trial of a version; the champion answers all rows again."
    changes_production = True
    imperative = "End the trial of a version of"
    infinitive = "end the trial"
    choice = "End a canary or shadow"
    path = Path.ROLLBACK
    stopped_by = StoppedBy.KILL_SWITCH

    def plan(self, ws: Workspace, incident: Incident, diagnosis: Diagnosis | None) -> tuple[Json, str]:
        """Name the version that is tried."""
        trial = _trial(ws)
        params: Json = {"version": trial.version, "champion": trial.champion, "deployment": trial.proposal_hash}
        return params, f"Version {trial.champion} answers all rows again; version {trial.version} answers none."

    def precheck(self, ws: Workspace, proposal: Proposal) -> None:
        """Check that it is still that version that is tried."""
        if _trial(ws).proposal_hash != proposal.params["deployment"]:
            raise ActionError("Another version is tried by now.", "Decide again.")

    def snapshot(self, ws: Workspace, proposal: Proposal) -> Json:
        """Keep the trial."""
        return {"trial": to_json(_trial(ws))}

    def dry_run(self, ws: Workspace, params: Json) -> str:
        """Say which version would answer."""
        return f"Version {params['champion']} of {ws.spec.name} would answer all rows again."

    def apply(self, ws: Workspace, proposal: Proposal, now: datetime) -> Json:
        """End the trial."""
        from airmedic_core.targets import tell

        ws.registry.end_trial(ws.spec.name, str(proposal.params["deployment"]))
        tell(ws)
        return {"summary": f"Version {proposal.params['version']} is tried no more; the champion answers all rows."}

    def verify(self, ws: Workspace, proposal: Proposal, output: Json) -> list[str]:
        """Ask the registry."""
        trial = ws.registry.trial(ws.spec.name)
        if trial is None or trial.proposal_hash != proposal.params["deployment"]:
            return []
        return [f"Version {trial.version} is still tried."]

    def undo(self, ws: Workspace, proposal: Proposal, snapshot: Json, now: datetime) -> str:
        """Let the version be tried as before."""
        from airmedic_core.targets import tell
        from airmedic_core.traffic import Traffic

        trial = from_json(Traffic, snapshot["trial"])
        ws.registry.begin_trial(ws.spec.name, trial)
        tell(ws)
        return f"Version {trial.version} is tried as before."

    def outcome(self, history: History, done: RecordedAction) -> Outcome:
        """Say that what was tried is not in service: the problem is as it was before."""
        return Outcome(IncidentState.UNDONE, "undone", done.summary)


def _trial(ws: Workspace) -> Traffic:
    trial = ws.registry.trial(ws.spec.name)
    if trial is None:
        raise ActionError(f"No version of {ws.spec.name!r} is tried.", "There is nothing to end.")
    return trial
