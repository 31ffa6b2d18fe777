"""Puts the version that is tried beside the champion in service, whatever its trial has shown so far."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, final

from airmedic_core.actions.contract import Action
from airmedic_core.errors import ActionError, ModelError
from airmedic_core.history import History, Outcome
from airmedic_core.records import Diagnosis, Incident, IncidentState, Json, Proposal, from_json, to_json

if TYPE_CHECKING:
    from airmedic_core.ledger import RecordedAction
    from airmedic_core.traffic import Traffic
    from airmedic_core.workspace import Workspace


@final
class PromoteTrial(Action):
    """Puts the version that is tried beside the champion in service, whatever its trial has shown so far."""

    description = "Puts a version that is tried in service for all rows."
    changes_production = True
    imperative = "Put the version that is tried in service for"
    infinitive = "put the version that is tried in service"
    choice = "Promote a canary or shadow"
    undone = "By a rollback, which somebody approves."
    completes = "deploy"

    def plan(self, ws: Workspace, incident: Incident, diagnosis: Diagnosis | None) -> tuple[Json, str]:
        """Name the version that is tried, and the one that serves."""
        trial = _trial(ws)
        params: Json = {"version": trial.version, "champion": trial.champion, "deployment": trial.proposal_hash}
        return params, f"{_told(params)} Its trial is over."

    def changes(self, proposal: Proposal) -> Sequence[str]:
        """Say which version answers all rows afterwards, and that its trial did not earn it that."""
        told = "Its trial has not shown that it loses no more: that is your decision."
        return [f"{_told(proposal.params)} {told}"]

    def precheck(self, ws: Workspace, proposal: Proposal) -> None:
        """Check that it is still that version that is tried, that it loads, and that the target answers."""
        from airmedic_core.targets import require_ready

        if _trial(ws).proposal_hash != proposal.params["deployment"]:
            raise ActionError("Another version is tried by now.", "Decide again.")
        ws.registry.model(ws.registry.version(ws.spec.name, str(proposal.params["version"])))
        require_ready(ws)

    def snapshot(self, ws: Workspace, proposal: Proposal) -> Json:
        """Keep the trial, and what serves."""
        return {"trial": to_json(_trial(ws)), "champion": ws.registry.champion(ws.spec.name).version}

    def dry_run(self, ws: Workspace, params: Json) -> str:
        """Say which version would answer."""
        return f"Of {ws.spec.name}: {_told(params)}"

    def apply(self, ws: Workspace, proposal: Proposal, now: datetime) -> Json:
        """Make the version the champion, and end its trial."""
        from airmedic_core.targets import tell

        name, params = ws.spec.name, proposal.params
        promotion = ws.registry.switch(
            name,
            str(params["version"]),
            kind="deploy",
            by=ws.ledger.approved_by(proposal.hash),
            expected=(str(params["champion"]),),
            proposal_hash=proposal.hash,
            now=now,
        )
        ws.registry.end_trial(name, str(params["deployment"]))
        tell(ws)
        return {"summary": _told(params), "version": promotion.to_version, "from_version": promotion.from_version}

    def verify(self, ws: Workspace, proposal: Proposal, output: Json) -> list[str]:
        """Ask the registry."""
        version, serving = str(proposal.params["version"]), ws.registry.champion(ws.spec.name).version
        problems = [] if serving == version else [f"The champion reads {serving}."]
        trial = ws.registry.trial(ws.spec.name)
        if trial is not None and trial.proposal_hash == proposal.params["deployment"]:
            problems.append(f"Version {version} is still tried.")
        return problems

    def undo(self, ws: Workspace, proposal: Proposal, snapshot: Json, now: datetime) -> str:
        """Let the champion serve again, and the version be tried as before, unless somebody has switched since.

        Where another version is tried meanwhile, that trial goes on.
        """
        from airmedic_core.targets import tell
        from airmedic_core.traffic import Traffic

        name, before = ws.spec.name, str(snapshot["champion"])
        told = ws.registry.switch_back(
            name,
            before,
            kind="rollback",
            expected=str(proposal.params["version"]),
            proposal_hash=proposal.hash,
            now=now,
        )
        if ws.registry.champion(name).version == before:
            told = f"{told} {_tried_again(ws, from_json(Traffic, snapshot['trial']))}"
        tell(ws)
        return told

    def outcome(self, history: History, done: RecordedAction) -> Outcome:
        """Look whether the version still serves. People have decided so, and nothing has shown that it heals."""
        promotions = history.ws.ledger.promotions(history.incident.model)
        if promotions and promotions[0].proposal_hash == done.proposal_hash and promotions[0].kind == "deploy":
            return Outcome(IncidentState.RESOLVED, "changed", done.summary)
        serving = promotions[0].to_version if promotions else "none"
        summary = f"The version that was promoted no longer serves; the champion is {serving}."
        return Outcome(IncidentState.UNDONE, "undone", summary)


def _tried_again(ws: Workspace, trial: Traffic) -> str:
    """Begin a trial that was ended, and return what is tried now. Another trial that was begun since goes on."""
    name = ws.spec.name
    meanwhile = ws.registry.trial(name)
    if meanwhile is not None and meanwhile.proposal_hash != trial.proposal_hash:
        return f"Version {meanwhile.version} is tried meanwhile, and version {trial.version} is not tried again."
    try:
        ws.registry.begin_trial(name, trial)
    except ModelError as error:
        if error.transient:
            raise
        # The target has to be told of the champion all the same.
        return f"Version {trial.version} is not tried again: {error.problem}"
    return f"Version {trial.version} is tried as before."


def _told(params: Json) -> str:
    return f"Version {params['version']} answers all rows in place of version {params['champion']}."


def _trial(ws: Workspace) -> Traffic:
    """Return the trial of a version that does not serve yet."""
    trial, serving = ws.registry.trial(ws.spec.name), ws.registry.champion(ws.spec.name).version
    if trial is None or trial.kind == "standby":
        raise ActionError(f"No version of {ws.spec.name!r} is tried.", "There is nothing to promote.")
    if serving != trial.champion:
        raise ActionError(f"Version {serving} of {ws.spec.name!r} serves meanwhile.", "End the trial; it is over.")
    return trial
