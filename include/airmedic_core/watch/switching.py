"""The two switches of a deployment: to the version that was approved, and back to the one that served before."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from airmedic_core.records import Json, Promotion, Proposal

if TYPE_CHECKING:
    from airmedic_core.workspace import Workspace


def switch_to(ws: Workspace, version: str, proposal: Proposal, now: datetime) -> Promotion:
    """Make a version the champion in place of the one that its gate compared it with.

    Parameters
    ----------
    ws : Workspace
        The model.
    version : str
        The version.
    proposal : Proposal
        The deployment.
    now : datetime
        The moment of the promotion.
    """
    return ws.registry.switch(
        ws.spec.name,
        version,
        kind="deploy",
        by=ws.ledger.approved_by(proposal.hash),
        expected=(str(proposal.params["gate"]["champion"]),),
        proposal_hash=proposal.hash,
        now=now,
    )


def switch_back(ws: Workspace, version: str, proposal: Proposal, snapshot: Json, now: datetime) -> str:
    """Make the champion what served before, unless somebody has switched since, and return how things stand.

    Parameters
    ----------
    ws : Workspace
        The model.
    version : str
        The version that was deployed.
    proposal : Proposal
        The deployment.
    snapshot : dict
        ``champion`` names the version that served.
    now : datetime
        The moment.
    """
    return ws.registry.switch_back(
        ws.spec.name,
        str(snapshot["champion"]),
        kind="rollback",
        expected=version,
        proposal_hash=proposal.hash,
        now=now,
    )
