"""Tells the target of a deployment under way what the registry says, where a process was killed before it could."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from airmedic_core.actions import ACTIONS
from airmedic_core.decide.kill_switch import require_enabled
from airmedic_core.errors import AirmedicError
from airmedic_core.execution.held_up import require_not_held_up
from airmedic_core.ledger.locks import acting_on_production
from airmedic_core.records import Proposal

if TYPE_CHECKING:
    from airmedic_core.workspace import Workspace


def tell_again(ws: Workspace, proposal: Proposal, *, now: datetime) -> str:
    """Tell the target what the registry says, if it does something else, and return what came of it.

    A step of a trial is recorded in the registry first. A process that was killed before it told the target leaves one
    that goes on as before, while the trial is judged by the step. An error is returned and not raised: the deployment
    is watched further, and the target is asked again with the next look.

    Parameters
    ----------
    ws : Workspace
        The model.
    proposal : Proposal
        The deployment.
    now : datetime
        The moment.

    Returns
    -------
    str
        A sentence on the step that was told, or on why it was not; empty where the target does what the registry says.
    """
    from airmedic_core.targets import differences, tell

    try:
        if not differences(ws):
            return ""
        name, seconds = acting_on_production(proposal.model), ACTIONS.member(proposal.action).deadline_seconds
        with ws.ledger.hold(name, most_seconds=seconds) as hold:
            # Whoever held it may have told the target, or have ended the trial.
            problems = differences(ws)
            trial = ws.registry.trial(ws.spec.name)
            if not problems or trial is None or trial.proposal_hash != proposal.hash:
                return ""
            require_enabled(ws.ledger, proposal.model, proposal.action, now=datetime.now(UTC), switches=ws.switches)
            require_not_held_up(ws, proposal, now=now)
            hold.require()
            tell(ws)
    except AirmedicError as error:
        return f"The target does not do what the registry says, or cannot be asked: {error}"
    return f"The target was told again. Before: {' '.join(problems)}"
