"""Puts a challenger that passed the gate in service, as the spec's rollout strategy does it."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from airmedic_core.actions.contract import Action, Path
from airmedic_core.errors import ActionError
from airmedic_core.history import History, Outcome
from airmedic_core.records import Diagnosis, Incident, IncidentState, Json, Proposal

if TYPE_CHECKING:
    from airmedic_core.ledger import RecordedAction
    from airmedic_core.workspace import Workspace


class Deploy(Action):
    """Puts a challenger that passed the gate in service, as the spec's rollout strategy does it."""

    description = "Puts a challenger that passed the gate in service."
    changes_production = True
    request = "Deploy a new version of"
    infinitive = "deploy"
    path = Path.DEPLOY

    def plan(self, ws: Workspace, incident: Incident, diagnosis: Diagnosis | None) -> tuple[Json, str]:
        """Only the gate plans deployments."""
        raise ActionError("A deployment is planned by the gate, not by a diagnosis.", "Retrain first.")

    def precheck(self, ws: Workspace, proposal: Proposal) -> None:
        """Check that the version exists, and that the champion is still the one it was compared with."""
        ws.registry.version(ws.spec.name, str(proposal.params["version"]))
        serving = ws.registry.champion(ws.spec.name).version
        compared = str(proposal.params["gate"]["champion"])
        if serving not in {compared, str(proposal.params["version"])}:
            raise ActionError(
                f"Version {serving} serves, but the gate compared with {compared}.", "Evaluate the gate again."
            )

    def snapshot(self, ws: Workspace, proposal: Proposal) -> Json:
        """Keep what serves and what served before."""
        previous = ws.registry.by_alias(ws.spec.name, "previous")
        return {
            "champion": ws.registry.champion(ws.spec.name).version,
            "previous": previous.version if previous else None,
        }

    def dry_run(self, ws: Workspace, params: Json) -> str:
        """Say which version would serve."""
        return (
            f"Version {params['version']} of {ws.spec.name} would replace {ws.registry.champion(ws.spec.name).version}"
            f" ({ws.spec.rollout.strategy} rollout)."
        )

    def apply(self, ws: Workspace, proposal: Proposal, now: datetime) -> Json:
        """Deploy, unless somebody has switched while a process that was killed left the deployment begun."""
        from airmedic_core.rollout import deploy

        self.precheck(ws, proposal)
        promotion = deploy(ws, proposal, now=now)
        gate = proposal.params["gate"]
        return {
            "summary": f"Version {promotion.to_version} serves in place of {promotion.from_version}.",
            "version": promotion.to_version,
            "from_version": promotion.from_version,
            "gate": gate,
            "switch_seconds": promotion.seconds,
        }

    def verify(self, ws: Workspace, proposal: Proposal, output: Json) -> list[str]:
        """Check what the alias reads. How the version does is watched afterwards."""
        serving = ws.registry.champion(ws.spec.name).version
        return [] if serving == str(output["version"]) else [f"The champion reads {serving}."]

    def undo(self, ws: Workspace, proposal: Proposal, snapshot: Json, now: datetime) -> str:
        """Go back to the version that served before, unless somebody has switched since."""
        before, deployed = str(snapshot["champion"]), str(proposal.params["version"])
        serving = ws.registry.champion(ws.spec.name).version
        if serving not in {deployed, before}:
            return f"Version {serving} serves now; it is left in place."
        ws.registry.switch(
            ws.spec.name,
            before,
            kind="rollback",
            by="airmedic",
            expected=(deployed,),
            proposal_hash=proposal.hash,
            now=now,
        )
        return f"Version {before} serves again."

    def outcome(self, history: History, done: RecordedAction) -> Outcome:
        """Look whether the version that was deployed is still the one that serves."""
        promotions = history.ws.ledger.promotions(history.incident.model)
        if promotions and promotions[0].proposal_hash == done.proposal_hash and promotions[0].kind == "deploy":
            return Outcome(IncidentState.RESOLVED, "healed", done.summary)
        serving = promotions[0].to_version if promotions else "none"
        summary = f"The deployed version no longer serves; the champion is {serving}."
        return Outcome(IncidentState.UNDONE, "undone", summary)
