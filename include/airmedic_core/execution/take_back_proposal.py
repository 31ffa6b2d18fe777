"""Asks people about an action of which nothing has shown, in time, how it does."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING

from airmedic_core.actions import ACTIONS, Path
from airmedic_core.decide.propose import propose
from airmedic_core.errors import AirmedicError
from airmedic_core.history import ASKED_VERSION, INCONCLUSIVE, OVERRIDE
from airmedic_core.records import TAKES_BACK, Proposal

if TYPE_CHECKING:
    from airmedic_core.workspace import Workspace


def ask_to_take_back(ws: Workspace, proposal_hash: str, reasons: Sequence[str], *, now: datetime) -> Proposal | None:
    """Record that the watch of an action is inconclusive, and propose to take it back. To reject that keeps it.

    Until somebody answers, everything stays as it is, and the incident counts as unresolved.

    Parameters
    ----------
    ws : Workspace
        The model.
    proposal_hash : str
        The action that was carried out and watched.
    reasons : sequence of str
        Why nothing has shown how it does.
    now : datetime
        The moment.

    Returns
    -------
    Proposal or None
        Nothing where policy, limits or the state of the registry leave no way back; the reason is on record.
    """
    watched = ws.ledger.proposal(proposal_hash)
    why = " ".join(reasons)
    _record(ws, watched, f"Nothing has shown how it does: {why}")
    # The watch is over: whatever is answered, no version is kept loaded any longer.
    ws.registry.end_standby(ws.spec.name)
    action = ACTIONS.member(watched.action).way_back(ws, watched)
    incident = ws.ledger.incident(watched.incident_id)
    before = (ws.ledger.snapshot(proposal_hash) or {}).get("champion")
    # Not what a person may have asked for in the form: what served until this was carried out.
    incident = replace(incident, resolution={**incident.resolution, ASKED_VERSION: before, OVERRIDE: ""})
    try:
        params, planned = ACTIONS.member(action).plan(ws, incident, None)
        expected = "What served before serves again. Reject to keep what serves now."
        if action != ACTIONS.member(watched.action).taken_back_by:
            # It has replaced nothing yet.
            expected = f"{planned} Reject to leave everything as it is."
        params[TAKES_BACK] = proposal_hash
        asks = f"Keep it, or take it back? {why}"
        # The policy trusts the cause of the incident, which says nothing of how the action does.
        return propose(ws, incident.id, action, params, expected, asks, now=now, always_asks=True)
    except AirmedicError as error:
        _record_final(ws, watched, f"{why} It cannot be taken back", error)
        return None


def ask_to_promote(ws: Workspace, proposal_hash: str, reasons: Sequence[str], *, now: datetime) -> Proposal | None:
    """Propose to complete an action although its watch is inconclusive. It is asked beside :func:`ask_to_take_back`.

    Parameters
    ----------
    ws : Workspace
        The model.
    proposal_hash : str
        The action that was carried out and watched.
    reasons : sequence of str
        Why nothing has shown how it does.
    now : datetime
        The moment.

    Returns
    -------
    Proposal or None
        Nothing where it is complete already, or where policy, limits or the state of the registry do not let it be
        completed; the reason is on record.
    """
    watched = ws.ledger.proposal(proposal_hash)
    action = ACTIONS.member(watched.action).way_on(ws, watched)
    if not action:
        return None
    incident, why = ws.ledger.incident(watched.incident_id), " ".join(reasons)
    try:
        params, expected = ACTIONS.member(action).plan(ws, incident, None)
        params[TAKES_BACK] = proposal_hash
        asks = f"Promote it all the same? {why}"
        return propose(ws, incident.id, action, params, expected, asks, now=now, always_asks=True)
    except AirmedicError as error:
        _record_final(ws, watched, f"{why} It cannot be promoted", error)
        return None


def _record_final(ws: Workspace, watched: Proposal, told: str, error: AirmedicError) -> None:
    """Record what keeps people from being asked, unless a retry may help."""
    if error.transient:
        raise error
    _record(ws, watched, f"{told}: {error}")


def _record(ws: Workspace, watched: Proposal, reason: str) -> None:
    ws.ledger.record_decision(
        watched.incident_id,
        path=Path.RECOMMEND.value,
        proposal_hash=watched.hash,
        reason=reason,
        details={INCONCLUSIVE: True},
    )
