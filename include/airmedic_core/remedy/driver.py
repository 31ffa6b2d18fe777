"""Carries out approved proposals: whatever is done to production goes through here."""

from __future__ import annotations

from datetime import UTC, datetime
from time import perf_counter
from typing import TYPE_CHECKING

from airmedic_core.actions import ACTIONS, Action
from airmedic_core.errors import ActionError, AirmedicError
from airmedic_core.records import ActionResult, Json, Proposal

if TYPE_CHECKING:
    from airmedic_core.workspace import Workspace


def carry_out(ws: Workspace, proposal_hash: str, *, now: datetime) -> ActionResult:
    """Carry out a proposal that was approved. One that was carried out before returns its result.

    Parameters
    ----------
    ws : Workspace
        The model.
    proposal_hash : str
        What was approved.
    now : datetime
        The moment.

    Returns
    -------
    ActionResult
        ``done``, or ``undone`` if it did not verify.

    Raises
    ------
    ApprovalError
        If no valid approval of exactly this proposal is recorded. A retry does not help.
    PolicyError
        If the kill switch is on.
    ActionError
        If it cannot be carried out. The failure is recorded.
    AirmedicError
        Whatever the action meets; a transient one leaves the action begun, and a retry goes on with it.
    """
    from airmedic_core.decide.limits import require_enabled

    ws.ledger.require_approval(proposal_hash, now=now)
    proposal = _proposal(ws, proposal_hash)
    action = ACTIONS.member(proposal.action)
    done = ws.ledger.action_result(proposal_hash)
    if done is not None and done.status in {"done", "undone"}:
        if not action.has_more(ws, proposal, done):
            return done
        require_enabled(ws.ledger, proposal.model, proposal.action, now=now)
        return action.again(ws, proposal, done, now)
    require_enabled(ws.ledger, proposal.model, proposal.action, now=now)
    started = perf_counter()
    # A snapshot that was recorded before a crash stays: it alone shows how things stood.
    snapshot = ws.ledger.snapshot(proposal_hash) if _cut_off(ws, proposal) else None
    try:
        if snapshot is None:
            action.precheck(ws, proposal)
            # The precheck may have taken minutes.
            require_enabled(ws.ledger, proposal.model, proposal.action, now=datetime.now(UTC))
            snapshot = action.snapshot(ws, proposal)
            ws.ledger.begin_action(proposal, snapshot)
        output: Json = action.apply(ws, proposal, now)
        problems = _problems(ws, action, proposal, output)
    except AirmedicError as error:
        if not error.transient:
            _fail(ws, proposal, snapshot, error, started)
        raise
    if problems:
        return _take_back(ws, action, proposal, snapshot, problems, output, started, now)
    summary = str(output.pop("summary", action.description))
    result = ActionResult(proposal.hash, proposal.action, "done", summary, perf_counter() - started, output)
    ws.ledger.finish_action(result)
    return result


def undo(ws: Workspace, proposal_hash: str, *, now: datetime) -> ActionResult:
    """Undo an action that was carried out. Its approval covers this: what does not prove itself is taken back.

    Returns
    -------
    ActionResult
        ``undone``; the one on record where it was undone before.

    Raises
    ------
    ActionError
        If it was never carried out.
    PolicyError
        If the kill switch is on.
    """
    from airmedic_core.decide.limits import require_enabled

    proposal = _proposal(ws, proposal_hash)
    done, snapshot = ws.ledger.action_result(proposal_hash), ws.ledger.snapshot(proposal_hash)
    if done is None or snapshot is None or done.status not in {"done", "undone"}:
        raise ActionError(f"The action {proposal.action!r} was never carried out.", "There is nothing to undo.")
    if done.status == "undone":
        return done
    require_enabled(ws.ledger, proposal.model, proposal.action, now=now)
    started = perf_counter()
    told = ACTIONS.member(proposal.action).undo(ws, proposal, snapshot, now)
    result = ActionResult(proposal.hash, proposal.action, "undone", told, perf_counter() - started, done.output)
    ws.ledger.finish_action(result)
    return result


def _problems(ws: Workspace, action: Action, proposal: Proposal, output: Json) -> list[str]:
    """Verify what was done. What cannot be verified did not verify: production has changed by now."""
    try:
        problems: list[str] = action.verify(ws, proposal, output)
    except AirmedicError as error:
        if error.transient:
            raise
        return [str(error)]
    return problems


def _proposal(ws: Workspace, proposal_hash: str) -> Proposal:
    proposal = ws.ledger.proposal(proposal_hash)
    if proposal.model != ws.spec.name:
        raise ActionError(f"The proposal is one of {proposal.model!r}, not of {ws.spec.name!r}.", "Name its own model.")
    return proposal


def _cut_off(ws: Workspace, proposal: Proposal) -> bool:
    attempts = [each for each in ws.ledger.actions(incident_id=proposal.incident_id) if each.model == proposal.model]
    mine = [each for each in attempts if each.proposal_hash == proposal.hash]
    return bool(mine) and mine[-1].status == "running"


def _fail(ws: Workspace, proposal: Proposal, snapshot: Json | None, error: AirmedicError, started: float) -> None:
    if snapshot is None:
        # The precheck refused: nothing was changed, and the attempt counts all the same.
        ws.ledger.begin_action(proposal, {})
    result = ActionResult(proposal.hash, proposal.action, "failed", str(error), perf_counter() - started)
    ws.ledger.finish_action(result)


def _take_back(
    ws: Workspace,
    action: Action,
    proposal: Proposal,
    snapshot: Json,
    problems: list[str],
    output: Json,
    started: float,
    now: datetime,
) -> ActionResult:
    told = action.undo(ws, proposal, snapshot, now)
    output.pop("summary", None)
    summary = f"It did not verify: {' '.join(problems)} {told}"
    result = ActionResult(proposal.hash, proposal.action, "undone", summary, perf_counter() - started, output)
    ws.ledger.finish_action(result)
    return result
