"""Ends the trial of a version beside the champion, whether it answers rows, scores along or is kept loaded."""

from __future__ import annotations

from collections.abc import Sequence
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
    """Ends the trial of a version beside the champion, whether it answers rows, scores along or is kept loaded."""

    description = "Ends the trial of a version; the champion answers all rows again."
    changes_production = True
    imperative = "End the trial of a version of"
    infinitive = "end the trial"
    choice = "End a canary or shadow"
    path = Path.ROLLBACK
    stopped_by = StoppedBy.KILL_SWITCH
    undone = "By another deployment of the version, which has to pass the gate and be approved again."

    def plan(self, ws: Workspace, incident: Incident, diagnosis: Diagnosis | None) -> tuple[Json, str]:
        """Name the version that is tried, how, and what serves."""
        trial = _trial(ws)
        params: Json = {
            "version": trial.version,
            "champion": trial.champion,
            "deployment": trial.proposal_hash,
            "kind": trial.kind,
            "serving": ws.registry.champion(ws.spec.name).version,
        }
        return params, _told(params)

    def changes(self, proposal: Proposal) -> Sequence[str]:
        """Say which version answers which rows afterwards."""
        return [_told(proposal.params)]

    def precheck(self, ws: Workspace, proposal: Proposal) -> None:
        """Check that it is still that version that is tried."""
        if _trial(ws).proposal_hash != proposal.params["deployment"]:
            raise ActionError("Another version is tried by now.", "Decide again.")

    def snapshot(self, ws: Workspace, proposal: Proposal) -> Json:
        """Keep the trial."""
        return {"trial": to_json(_trial(ws))}

    def dry_run(self, ws: Workspace, params: Json) -> str:
        """Say which version would answer."""
        return f"Of {ws.spec.name}: {_told(params)}"

    def apply(self, ws: Workspace, proposal: Proposal, now: datetime) -> Json:
        """End the trial."""
        from airmedic_core.targets import tell

        ws.registry.end_trial(ws.spec.name, str(proposal.params["deployment"]))
        tell(ws)
        return {"summary": _told(proposal.params)}

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
        """Say that what was tried is not in service: the problem is as it was before.

        A version that serves, and was only kept ready to be replaced, goes on serving.
        """
        proposal = history.proposal_of(done)
        if proposal is not None and proposal.params.get("serving") == proposal.params["version"]:
            return Outcome(IncidentState.ESCALATED, "inconclusive", done.summary)
        return Outcome(IncidentState.UNDONE, "undone", done.summary)


def _told(params: Json) -> str:
    """Return what the end of a trial changes, by its kind and by what serves."""
    version, champion = params["version"], params["champion"]
    serving, kind = params.get("serving", champion), params.get("kind", "split")
    if kind == "standby":
        other = champion if serving == version else version
        return f"Version {serving} goes on serving; version {other} is not kept loaded any longer."
    if serving != champion:
        return f"Version {serving} goes on serving; the trial of version {version}, which is over, is removed."
    if kind == "mirror":
        return f"Version {version} scores no more beside version {champion}, which goes on answering all rows."
    return f"Version {champion} answers all rows again; version {version} answers none."


def _trial(ws: Workspace) -> Traffic:
    trial = ws.registry.trial(ws.spec.name)
    if trial is None:
        raise ActionError(f"No version of {ws.spec.name!r} is tried.", "There is nothing to end.")
    return trial
