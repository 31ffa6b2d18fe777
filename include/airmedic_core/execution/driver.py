"""Carries out approved proposals: whatever is done to production goes through here."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from time import perf_counter
from typing import TYPE_CHECKING, Literal

from airmedic_core.actions import ACTIONS, Action, Path
from airmedic_core.decide.kill_switch import require_enabled
from airmedic_core.decide.recheck import objection_now, require_permitted
from airmedic_core.errors import ActionError, AirmedicError, ApprovalError, AuditError, PolicyError
from airmedic_core.execution.held_up import require_not_held_up
from airmedic_core.ledger.actions import ENDS_AS, RecordedAction
from airmedic_core.ledger.locks import Hold, acting_on_production
from airmedic_core.records import ActionResult, Json, Proposal
from airmedic_core.spans import Recorded, span

if TYPE_CHECKING:
    from airmedic_core.workspace import Workspace


def carry_out(ws: Workspace, proposal_hash: str, *, now: datetime) -> ActionResult:
    """Carry out a proposal that was approved. One that was carried out before returns its result.

    An action that fails after it has begun is undone from its snapshot, and so is one that does not verify. The
    decision to undo it is recorded first, so that a process that goes on with it after a crash does not do it again.

    Parameters
    ----------
    ws : Workspace
        The model.
    proposal_hash : str
        The proposal that was approved.
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
        If the kill switch is on, the policy does not allow the action any more, or who approved it may not any more. An
        action that has not begun is recorded as stopped; one that has is left as it stands, and not taken back either.
    SwitchUnavailableError
        If a kill switch cannot be asked. A retry helps once it can.
    AuditError
        If what was recorded of earlier attempts was changed since. A retry does not help.
    LedgerBusyError
        If another process acts on the same target. A retry finds what that one has done.
    ActionError
        If it cannot be carried out. The failure is recorded.
    Exception
        Whatever the action meets. Only a transient error of ours leaves the action begun, so that a retry goes on with
        it.
    """
    ws.ledger.require_approval(proposal_hash, now=now)
    with _attempt(ws, proposal_hash, now) as attempt, _span("action", attempt) as recorded:
        result = _carry_out(attempt)
        recorded.note(status=result.status)
        return result


def _carry_out(attempt: _Attempt) -> ActionResult:
    ws, now = attempt.ws, attempt.now
    last = _last_attempt(attempt)
    if last is not None and last.status == "taking_back":
        return _finish_taking_back(attempt, last)
    if last is not None and last.status in {"done", "undone"} and last.result is not None:
        return _further(attempt, last.result)
    begun = last if last is not None and last.status == "running" else None
    if begun is None:
        return _carry_on(attempt, _begin(attempt))
    require_enabled(ws.ledger, attempt.proposal.model, attempt.proposal.action, now=now, switches=ws.switches)
    # A snapshot that was recorded before a crash stays: it alone shows how things stood.
    return _carry_on(attempt, begun.snapshot)


def undo(ws: Workspace, proposal_hash: str, *, now: datetime) -> ActionResult:
    """Undo an action that was carried out. Its approval covers this.

    Parameters
    ----------
    ws : Workspace
        The model.
    proposal_hash : str
        The action that was carried out.
    now : datetime
        The moment.

    Returns
    -------
    ActionResult
        ``undone``; the one on record where it was undone before.

    Raises
    ------
    ActionError
        If nothing of it is left to undo. A retry does not help.
    AuditError
        If what was recorded of it was changed since. A retry does not help.
    PolicyError
        If the kill switch is on.
    """
    with _attempt(ws, proposal_hash, now) as attempt, _span("undo of action", attempt) as recorded:
        result = _undo(attempt)
        recorded.note(status=result.status)
        return result


def _undo(attempt: _Attempt) -> ActionResult:
    ws, now = attempt.ws, attempt.now
    last = _last_attempt(attempt)
    if last is None or last.status in {"failed", "stopped"}:
        raise ActionError(
            f"The action {attempt.proposal.action!r} was never carried out to its end.", "There is nothing to undo."
        )
    if last.status == "undone" and last.result is not None:
        return last.result
    require_enabled(ws.ledger, attempt.proposal.model, attempt.proposal.action, now=now, switches=ws.switches)
    if last.status == "taking_back":
        return _finish_taking_back(attempt, last)
    because = "It was cut off before its end." if last.status == "running" else ""
    return _take_back(attempt, last.snapshot, "undone", because, last.output)


def advance(ws: Workspace, proposal_hash: str, *, now: datetime) -> str:
    """Take the next step of a deployment that has earned it, and return what it was. Its approval covers this.

    Parameters
    ----------
    ws : Workspace
        The model.
    proposal_hash : str
        The deployment.
    now : datetime
        The moment.

    Raises
    ------
    ActionError
        If the deployment is not under way. A retry does not help.
    PolicyError
        If the kill switch is on.
    HeldUpError
        If a freeze, the policy or the approvers hold it up. It stays as it is, and a retry helps later.
    """
    from airmedic_core import rollout

    with _attempt(ws, proposal_hash, now) as attempt, _span("step of action", attempt):
        _require_standing(attempt)
        require_not_held_up(attempt.ws, attempt.proposal, now=now)
        told = rollout.advance(attempt.ws, attempt.proposal, now=now)
        _record_step(attempt, told)
        return told


def complete(ws: Workspace, proposal_hash: str, *, now: datetime) -> ActionResult:
    """Do what is left to do of a deployment that has proved itself. Its approval covers this.

    What cannot be completed is taken back: nothing stays half in service.

    Parameters
    ----------
    ws : Workspace
        The model.
    proposal_hash : str
        The deployment.
    now : datetime
        The moment.

    Returns
    -------
    ActionResult
        ``done``, or ``undone`` where it could not be completed.

    Raises
    ------
    ActionError
        If the deployment is not under way. A retry does not help.
    PolicyError
        If the kill switch is on.
    HeldUpError
        If a freeze, the policy or the approvers hold it up. It stays as it is, and a retry helps later.
    """
    from airmedic_core import rollout

    with _attempt(ws, proposal_hash, now) as attempt, _span("completion of action", attempt) as recorded:
        last = _require_standing(attempt)
        require_not_held_up(attempt.ws, attempt.proposal, now=now)
        try:
            told = rollout.complete(attempt.ws, attempt.proposal, now=now)
        except Exception as error:
            if _transient(error):
                raise
            return _take_back(attempt, last.snapshot, "undone", f"It could not be completed: {error}", last.output)
        _record_step(attempt, told)
        result = attempt.result("done", told, last.output)
        recorded.note(status=result.status)
        return result


def _require_standing(attempt: _Attempt) -> RecordedAction:
    """Return the last attempt of a deployment that was carried out and not taken back."""
    if attempt.action.path is not Path.DEPLOY:
        raise ActionError(f"{attempt.proposal.action} is no deployment.", "Name the proposal of a deployment.")
    last = _last_attempt(attempt)
    if last is None or last.status != "done":
        stands = "was never carried out" if last is None else f"is {last.status}"
        raise ActionError(f"The action {attempt.proposal.action!r} {stands}.", "Look at its record in the ledger.")
    ws, proposal = attempt.ws, attempt.proposal
    require_enabled(ws.ledger, proposal.model, proposal.action, now=datetime.now(UTC), switches=ws.switches)
    attempt.hold.require()
    return last


def _record_step(attempt: _Attempt, told: str) -> None:
    attempt.ws.ledger.record_decision(
        attempt.proposal.incident_id,
        path=attempt.action.path.value,
        proposal_hash=attempt.proposal.hash,
        reason=told,
    )


@dataclass(frozen=True)
class _Attempt:
    """One attempt to carry out or undo a proposal, by the one process that may act on its target."""

    ws: Workspace
    proposal: Proposal
    action: Action
    now: datetime
    started: float
    hold: Hold

    @property
    def moves_incident(self) -> bool:
        """Say whether the incident's state follows what is done: telling people happens beside its remedy."""
        return self.action.path is not Path.TELL

    def result(self, status: Literal["done", "failed", "undone"], summary: str, output: Json) -> ActionResult:
        seconds = perf_counter() - self.started
        return ActionResult(self.proposal.hash, self.proposal.action, status, summary, seconds, output)


def _span(kind: str, attempt: _Attempt) -> AbstractContextManager[Recorded]:
    proposal = attempt.proposal
    about = {"action": proposal.action, "incident": proposal.incident_id, "proposal": proposal.hash}
    return span(f"{kind} {proposal.action}", model=proposal.model, **about)


@contextmanager
def _attempt(ws: Workspace, proposal_hash: str, now: datetime) -> Iterator[_Attempt]:
    """Open an attempt, and keep every other process from acting on the same target meanwhile."""
    proposal = ws.ledger.proposal(proposal_hash)
    if proposal.model != ws.spec.name:
        problem = f"The proposal is one of {proposal.model!r}, not of {ws.spec.name!r}."
        ws.ledger.record_refusal(proposal_hash, problem)
        raise ActionError(problem, "Name its own model.")
    if proposal.hash != proposal_hash:
        # An older version hashed less than is approved today: nothing is begun, nor counted as done, under such a hash.
        problem = f"The proposal {proposal_hash[:12]}… was made by an earlier version of Airmedic."
        ws.ledger.record_refusal(proposal_hash, problem)
        raise ApprovalError(problem, "Decide again; a deployment that has to go is rolled back from the form.")
    action = ACTIONS.member(proposal.action)
    # What changes nothing in production only has to be kept from being done twice: a rollback need not wait for a
    # training.
    alone = f"act on the proposal {proposal.hash}"
    name = acting_on_production(proposal.model) if action.changes_production else alone
    with ws.ledger.hold(name, most_seconds=action.deadline_seconds) as hold:
        ledger = ws.ledger.fenced(hold)
        fenced = replace(ws, ledger=ledger, registry=ws.registry.recording_in(ledger))
        yield _Attempt(fenced, proposal, action, now, perf_counter(), hold)


def _last_attempt(attempt: _Attempt) -> RecordedAction | None:
    """Return the last attempt. What is not as it was recorded is neither gone on with, nor undone, nor done anew."""
    try:
        return attempt.ws.ledger.standing_attempt(attempt.proposal)
    except AuditError as error:
        attempt.ws.ledger.record_refusal(attempt.proposal.hash, error.problem)
        raise


def _further(attempt: _Attempt, done: ActionResult) -> ActionResult:
    ws, proposal, action = attempt.ws, attempt.proposal, attempt.action
    if not action.has_more(ws, proposal, done):
        return done
    require_enabled(ws.ledger, proposal.model, proposal.action, now=attempt.now, switches=ws.switches)
    if stopped := objection_now(ws, proposal, now=attempt.now):
        ws.ledger.record_decision(
            proposal.incident_id,
            path=action.path.value,
            proposal_hash=proposal.hash,
            reason=f"No further attempt is made. {stopped.reason}",
            skipped=[stopped.against(proposal.action)],
        )
        return done
    attempt.hold.require()
    return action.again(ws, proposal, done, attempt.now)


def _begin(attempt: _Attempt) -> Json:
    """Check that it can be carried out, and record how things stand before."""
    ws, proposal, action = attempt.ws, attempt.proposal, attempt.action
    try:
        require_permitted(ws, proposal, now=attempt.now)
        with span("precheck"):
            action.precheck(ws, proposal)
        # The precheck may have taken minutes.
        require_enabled(ws.ledger, proposal.model, proposal.action, now=datetime.now(UTC), switches=ws.switches)
        with span("snapshot"):
            snapshot = action.snapshot(ws, proposal)
    except Exception as error:
        if not _transient(error):
            # Nothing was changed. What was stopped has not failed.
            status: Literal["failed", "stopped"] = "stopped" if isinstance(error, PolicyError) else "failed"
            ws.ledger.refuse_action(proposal, status, str(error))
        raise
    # Meanwhile somebody may have closed the incident by hand, or withdrawn the approval.
    ws.ledger.require_approval(proposal.hash, now=attempt.now)
    attempt.hold.require()
    ws.ledger.begin_action(proposal, snapshot, moves_incident=attempt.moves_incident)
    return snapshot


def _carry_on(attempt: _Attempt, snapshot: Json) -> ActionResult:
    """Apply and verify an action that has begun."""
    attempt.hold.require()
    try:
        with span("apply"):
            output: Json = attempt.action.apply(attempt.ws, attempt.proposal, attempt.now)
        problems = _problems(attempt, output)
    except Exception as error:
        if not _transient(error):
            _take_back(attempt, snapshot, "failed", str(error), {})
        raise
    summary = str(output.pop("summary", attempt.action.description))
    attempt.hold.require()
    if problems:
        return _take_back(attempt, snapshot, "undone", f"It did not verify: {' '.join(problems)}", output)
    result = attempt.result("done", summary, output)
    return attempt.ws.ledger.finish_action(result, moves_incident=attempt.moves_incident)


def _transient(error: Exception) -> bool:
    """Return whether a retry may go on where an action was cut off. After an error that nobody foresaw it may not."""
    return isinstance(error, AirmedicError) and error.transient


def _problems(attempt: _Attempt, output: Json) -> list[str]:
    """Verify what was done. What cannot be verified counts as not verified, because production has changed already."""
    try:
        with span("verify"):
            return attempt.action.verify(attempt.ws, attempt.proposal, output)
    except Exception as error:
        if _transient(error):
            raise
        return [str(error)]


def _take_back(
    attempt: _Attempt, snapshot: Json, status: Literal["failed", "undone"], because: str, output: Json
) -> ActionResult:
    """Record the decision to undo an action, undo it unless a kill switch is on, and record that it is undone."""
    ws, proposal = attempt.ws, attempt.proposal
    ended = attempt.result(status, because, output)
    attempt.hold.require()
    ws.ledger.take_back_action(ended)
    # The action may have taken minutes, and the process that decided this may have died days ago.
    require_enabled(ws.ledger, proposal.model, proposal.action, now=datetime.now(UTC), switches=ws.switches)
    with span("undo"):
        told = attempt.action.undo(ws, proposal, snapshot, attempt.now)
    seconds = perf_counter() - attempt.started
    undone = replace(ended, summary=f"{because} {told}".strip(), seconds=seconds)
    return ws.ledger.finish_action(undone, moves_incident=attempt.moves_incident)


def _finish_taking_back(attempt: _Attempt, last: RecordedAction) -> ActionResult:
    """Undo an action of which that was decided before the process that decided it died."""
    output = dict(last.output)
    status: Literal["failed", "undone"] = "failed" if output.pop(ENDS_AS, "") == "failed" else "undone"
    result = _take_back(attempt, last.snapshot, status, last.summary, output)
    if status == "failed":
        raise ActionError(result.summary, "Nothing of it is left. Decide again.")
    return result
