"""Says whether a deployment under way may go on: approved weeks ago, it heeds what holds today."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from airmedic_core.decide.recheck import objection_now
from airmedic_core.errors import HeldUpError
from airmedic_core.records import Proposal

if TYPE_CHECKING:
    from airmedic_core.workspace import Workspace


def held_up(ws: Workspace, proposal: Proposal, *, now: datetime) -> str:
    """Return why a deployment under way may not move more rows now; nothing where it may, or has moved all of them.

    Parameters
    ----------
    ws : Workspace
        The model.
    proposal : Proposal
        The deployment.
    now : datetime
        The moment.
    """
    serving = ws.registry.by_alias(ws.spec.name, "champion")
    if serving is not None and serving.version == proposal.params.get("version"):
        return ""
    stopped = objection_now(ws, proposal, now=now)
    return f"{stopped.reason} ({stopped.limit})" if stopped else ""


def require_not_held_up(ws: Workspace, proposal: Proposal, *, now: datetime) -> None:
    """Stop a step that a freeze, the policy or the approvers hold up. Nothing is taken back for that.

    Parameters
    ----------
    ws : Workspace
        The model.
    proposal : Proposal
        The deployment.
    now : datetime
        The moment.

    Raises
    ------
    HeldUpError
        With what holds it up. A retry helps once that is over.
    """
    if why := held_up(ws, proposal, now=now):
        raise HeldUpError(f"The deployment waits: {why}", "It goes on once that is over, or is ended from the form.")
