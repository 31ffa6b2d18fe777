"""Puts a challenger that passed the gate in service, as the approved rollout strategy does it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, final

from airmedic_core.actions.contract import Action, Path
from airmedic_core.errors import ActionError
from airmedic_core.history import History, Outcome
from airmedic_core.records import Diagnosis, Incident, IncidentState, Json, Promotion, Proposal

if TYPE_CHECKING:
    from airmedic_core.ledger import RecordedAction
    from airmedic_core.workspace import Workspace


@final
class Deploy(Action):
    """Puts a challenger that passed the gate in service, as the approved rollout strategy does it."""

    description = "Puts a challenger that passed the gate in service."
    changes_production = True
    imperative = "Deploy a new version of"
    infinitive = "deploy"
    path = Path.DEPLOY
    taken_back_by = "rollback"
    undone = "By itself while it is watched; later by a rollback that an approver agrees to."

    def plan(self, ws: Workspace, incident: Incident, diagnosis: Diagnosis | None) -> tuple[Json, str]:
        """Only the gate plans deployments."""
        raise ActionError("A deployment is planned by the gate, not by a diagnosis.", "Retrain first.")

    def changes(self, proposal: Proposal) -> Sequence[str]:
        """Say who answers when, what completes the rollout, and what takes it back, as it is approved."""
        from airmedic_core.rollout import changes

        if told := changes(proposal):
            return told
        gate = proposal.params.get("gate", {})
        return [f"Version {proposal.params.get('version')} serves in place of version {gate.get('champion')}."]

    def undone_by(self, proposal: Proposal) -> str:
        """Say until when it is taken back without a question, as it is approved."""
        from airmedic_core.rollout import watched_when

        if not (when := watched_when(proposal)):
            return self.undone
        return f"By itself {when}; later by a rollback that an approver agrees to."

    def precheck(self, ws: Workspace, proposal: Proposal) -> None:
        """Check that the version loads, that the champion is the one compared with, and that the target answers."""
        from airmedic_core.targets import require_ready

        # What does not load here, and why, is said before anything is switched.
        ws.registry.model(ws.registry.version(ws.spec.name, str(proposal.params["version"])))
        serving = ws.registry.champion(ws.spec.name).version
        compared = str(proposal.params["gate"]["champion"])
        if serving not in {compared, str(proposal.params["version"])}:
            raise ActionError(
                f"Version {serving} serves, but the gate compared with {compared}.", "Evaluate the gate again."
            )
        trial = ws.registry.trial(ws.spec.name)
        # A standby only keeps loaded what an earlier deployment has replaced: it is ended as this one begins.
        if trial is not None and trial.kind != "standby" and trial.proposal_hash != proposal.hash:
            raise ActionError(f"Version {trial.version} is tried already.", "End that trial first, from the form.")
        require_ready(ws)

    def snapshot(self, ws: Workspace, proposal: Proposal) -> Json:
        """Keep what serves and what served before.

        Where somebody has put the version in service by hand meanwhile, it goes back to what the gate compared it with.
        """
        previous = ws.registry.by_alias(ws.spec.name, "previous")
        serving = ws.registry.champion(ws.spec.name).version
        return {
            "champion": str(proposal.params["gate"]["champion"])
            if serving == str(proposal.params["version"])
            else serving,
            "previous": previous.version if previous else None,
        }

    def dry_run(self, ws: Workspace, params: Json) -> str:
        """Say which version would serve."""
        return (
            f"Version {params['version']} of {ws.spec.name} would replace {ws.registry.champion(ws.spec.name).version}"
            f" ({_strategy(ws, params)} rollout)."
        )

    def apply(self, ws: Workspace, proposal: Proposal, now: datetime) -> Json:
        """Deploy, unless somebody has switched while a process that was killed left the deployment begun."""
        from airmedic_core.rollout import deploy

        self.precheck(ws, proposal)
        promotion = deploy(ws, proposal, now=now)
        gate, version = proposal.params["gate"], str(proposal.params["version"])
        if promotion is None:
            before = str(gate["champion"])
            strategy = _strategy(ws, proposal.params)
            how = f"Version {version} is tried beside {before}, which goes on serving ({strategy})."
            return {"summary": how, "version": version, "from_version": before, "gate": gate}
        return {
            "summary": f"Version {promotion.to_version} serves in place of {promotion.from_version}.",
            "version": promotion.to_version,
            "from_version": promotion.from_version,
            "gate": gate,
            "switch_seconds": promotion.seconds,
        }

    def verify(self, ws: Workspace, proposal: Proposal, output: Json) -> list[str]:
        """Check what the rollout strategy has done. How the version does is watched afterwards."""
        from airmedic_core.rollout import verify

        return verify(ws, proposal)

    def undo(self, ws: Workspace, proposal: Proposal, snapshot: Json, now: datetime) -> str:
        """Go back to the version that served before, as the rollout strategy does it."""
        from airmedic_core.rollout import take_back

        return take_back(ws, proposal, snapshot, now=now)

    def way_back(self, ws: Workspace, proposal: Proposal) -> str:
        """End the trial where the version is only tried; else roll back."""
        return "end_trial" if _is_tried(ws, proposal.hash) else self.taken_back_by

    def way_on(self, ws: Workspace, proposal: Proposal) -> str:
        """Promote the version where it is only tried; else it serves already."""
        return "promote_trial" if _is_tried(ws, proposal.hash) else ""

    def outcome(self, history: History, done: RecordedAction) -> Outcome:
        """Look whether the version that was deployed is still the one that serves, and what its watch has shown."""
        if _is_tried(history.ws, done.proposal_hash):
            unproven = history.inconclusive(done) or "Its watch has not come to an end."
            summary = f"{done.summary} {unproven} {_kept(history, done)}"
            return Outcome(IncidentState.ESCALATED, "inconclusive", summary)
        promotions = history.ws.ledger.promotions(history.incident.model)
        mine = promotions and promotions[0].kind == "deploy" and _is_of(history, promotions[0], done)
        if not mine:
            serving = promotions[0].to_version if promotions else "none"
            summary = f"The deployed version no longer serves; the champion is {serving}."
            return Outcome(IncidentState.UNDONE, "undone", summary)
        summary = _in_service(history, promotions[0], done)
        if unproven := history.inconclusive(done):
            summary = f"{summary} {unproven} {_kept(history, done)}"
            return Outcome(IncidentState.ESCALATED, "inconclusive", summary.strip())
        return Outcome(IncidentState.RESOLVED, "healed", summary)


def _strategy(ws: Workspace, params: Json) -> str:
    """Return the strategy that is approved; the spec's for a proposal that holds none."""
    return str(params.get("rollout", {}).get("strategy", ws.spec.rollout.strategy))


def _is_tried(ws: Workspace, proposal_hash: str) -> bool:
    """Return whether the version of a deployment is tried beside a champion that still serves."""
    trial = ws.registry.trial(ws.spec.name)
    if trial is None or trial.proposal_hash != proposal_hash:
        return False
    return ws.registry.champion(ws.spec.name).version != trial.version


def _is_of(history: History, promotion: Promotion, done: RecordedAction) -> bool:
    """Return whether a promotion belongs to a deployment: its own, or that of a person who did not wait for its end."""
    if promotion.proposal_hash == done.proposal_hash:
        return True
    if not promotion.proposal_hash:
        return False
    return history.ws.ledger.proposal(promotion.proposal_hash).params.get("deployment") == done.proposal_hash


def _in_service(history: History, promotion: Promotion, done: RecordedAction) -> str:
    """Say which version serves at the end of a deployment, which may have begun with a trial."""
    told = f"Version {promotion.to_version} serves in place of {promotion.from_version}"
    compared = {window["window"] for window in history.ws.ledger.compared(done.proposal_hash)}
    if "switch_seconds" in done.output or not compared:
        return f"{told}."
    windows = "1 new window" if len(compared) == 1 else f"{len(compared)} new windows"
    return f"{told}, after the two were compared on {windows}."


def _kept(history: History, done: RecordedAction) -> str:
    """Return who decided to keep a deployment that nothing has shown to be good; empty if nobody did."""
    for question in history.questions_about(done):
        for answer in history.answers(question):
            if answer.answer == "reject" and answer.channel != "policy":
                return f"{answer.by} keeps it."
    return "It stays in service until somebody decides."
