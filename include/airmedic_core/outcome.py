"""Says what came of an incident: read from the ledger, and checked against it rather than believed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING

from airmedic_core.actions import Part, Path, known_action
from airmedic_core.decide.handed_over import HANDED_OVER
from airmedic_core.decide.rejections import REJECTED
from airmedic_core.healed import fell, unproven
from airmedic_core.history import History, Outcome
from airmedic_core.numbers import measure_name
from airmedic_core.records import TAKES_BACK, Incident, IncidentState, Json, Permission, Proposal

if TYPE_CHECKING:
    from airmedic_core.ledger import RecordedAction
    from airmedic_core.workspace import Workspace


def outcome_of(ws: Workspace, incident: Incident, *, now: datetime, failed: Sequence[str] = ()) -> Outcome:
    """Return what came of an incident.

    Parameters
    ----------
    ws : Workspace
        The model.
    incident : Incident
        The incident, not closed yet.
    now : datetime
        The moment of closing.
    failed : sequence of str
        Steps of the remediation that failed.
    """
    history = History.of(ws, incident, now=now)
    decisive = [done for done in history.actions if _decides(done.action)]
    pending = [p for p in history.proposals if _decides(p.action) and p.permission is not Permission.RECOMMEND]
    last = decisive[-1] if decisive else None
    # A proposal to take something back changes nothing until it is approved.
    pending = [p for p in pending if TAKES_BACK not in p.params and not history.is_narrowed(p)]
    later = [p for p in pending if all(done.proposal_hash != p.hash for done in history.actions)]
    if later and (last is None or later[-1].created_at >= last.started_at):
        return _not_done(history, later[-1])
    if last is None:
        return _nothing_proposed(history)
    return _judged(ws, _acted(history, last), failed)


def timing(ws: Workspace, incident: Incident, outcome: Outcome) -> Json:
    """Return who approved, and how many seconds went by until they were asked, until they agreed, until it was done.

    Parameters
    ----------
    ws : Workspace
        The model.
    incident : Incident
        The incident.
    outcome : Outcome
        What came of it.
    """
    proposal, done = outcome.proposal, outcome.done
    if proposal is None:
        return {"approved_by": []}
    answers = [a for a in ws.ledger.approvals(proposal.hash) if not a.refused_because and a.answer == "approve"]
    first = min((p.created_at for p in ws.ledger.proposals(incident.id)), default=proposal.created_at)
    times: Json = {
        "approved_by": [answer.by for answer in answers],
        "seconds_to_request": (first - incident.opened_at).total_seconds(),
    }
    if answers:
        asked = ws.ledger.proposal(proposal.parent) if proposal.parent else proposal
        times["seconds_to_approval"] = (answers[-1].at - asked.created_at).total_seconds()
    if answers and done is not None and done.finished_at is not None:
        times["seconds_to_done"] = (done.finished_at - answers[-1].at).total_seconds()
    return times


def _decides(name: str) -> bool:
    """Return whether what came of an incident depends on an action; it does if the action is not installed any more."""
    action = known_action(name)
    return action is None or action.part is Part.REMEDY


def _not_done(history: History, proposal: Proposal) -> Outcome:
    """Something was proposed and never begun: rejected, not answered, or stopped on the way."""
    answers = history.answers(proposal)
    rejected = next((answer for answer in answers if answer.answer == "reject"), None)
    what = proposal.action
    if rejected is not None and rejected.channel != "policy":
        said = f": {rejected.comment}" if rejected.comment else "."
        return Outcome(IncidentState.REJECTED, "rejected", f"{rejected.by} rejected {what}{said}", proposal)
    needed = 2 if proposal.permission is Permission.ASK_TWO else 1
    if rejected is not None or (len(answers) < needed and history.now > proposal.expires_at):
        return Outcome(IncidentState.REJECTED, "unanswered", f"Nobody answered {what} in time.", proposal)
    if len(answers) < needed:
        return Outcome(IncidentState.ESCALATED, "unanswered", f"{what} was never answered.", proposal)
    return Outcome(IncidentState.ESCALATED, "failed", f"{what} was approved and could not begin.", proposal)


def _nothing_proposed(history: History) -> Outcome:
    if not history.decisions:
        return Outcome(IncidentState.ESCALATED, "undecided", "It ended before anything was decided.")
    last = history.decisions[-1]
    proposal = next((p for p in history.proposals if p.hash == last["proposal_hash"]), None)
    if "would_go" in last["details"]:
        return Outcome(IncidentState.RESOLVED, "dry_run", last["reason"], proposal)
    if history.incident.resolution.get("requested") == "diagnose_only":
        return Outcome(IncidentState.RESOLVED, "diagnosed", last["reason"])
    again = [passed_over["reason"] for passed_over in last["skipped"] if passed_over["limit"] == REJECTED]
    if again and proposal is None:
        return Outcome(IncidentState.REJECTED, "snoozed", f"Nobody is asked again yet. {again[0]}")
    known = [passed_over["reason"] for passed_over in last["skipped"] if passed_over["limit"] == HANDED_OVER]
    if known and proposal is None:
        return Outcome(IncidentState.ESCALATED, HANDED_OVER, known[0])
    word = "escalated" if last["path"] == Path.ESCALATE else "recommended"
    return Outcome(IncidentState.ESCALATED, word, last["reason"], proposal)


def _acted(history: History, done: RecordedAction) -> Outcome:
    proposal, gate = history.proposal_of(done), history.gate(done)
    before, after = gate.get("champion_value"), gate.get("challenger_value")
    if done.status == "running":
        summary = f"{done.action} began and was cut off before its end."
        return Outcome(IncidentState.ESCALATED, "failed", summary, proposal, done)
    if done.status == "taking_back":
        summary = f"{done.action} is not undone to its end. {done.summary}"
        return Outcome(IncidentState.ESCALATED, "failed", summary, proposal, done)
    if done.status in {"failed", "stopped"}:
        return Outcome(IncidentState.ESCALATED, done.status, done.summary, proposal, done)
    if done.status == "undone":
        return Outcome(IncidentState.UNDONE, "undone", done.summary, proposal, done, before, after)
    action = known_action(done.action)
    if action is None:
        summary = f"{done.summary} Its package is gone, so that nobody can say whether it holds."
        return Outcome(IncidentState.ESCALATED, "failed", summary, proposal, done)
    outcome = action.outcome(history, done)
    return replace(
        outcome,
        proposal=proposal,
        done=done,
        before=before if outcome.before is None else outcome.before,
        after=after if outcome.after is None else outcome.after,
    )


def _judged(ws: Workspace, outcome: Outcome, failed: Sequence[str]) -> Outcome:
    """Return what an action reports, unless that does not count as healed."""
    if outcome.state is IncidentState.RESOLVED and fell(ws.spec, outcome.before, outcome.after):
        summary = f"{outcome.summary} {measure_name(ws.spec.metric)} fell, so that nothing is resolved."
        return replace(outcome, state=IncidentState.ESCALATED, outcome="worse", summary=summary)
    if doubt := unproven(outcome.outcome, failed):
        summary = f"{outcome.summary} {doubt}"
        return replace(outcome, state=IncidentState.ESCALATED, outcome="failed", summary=summary)
    return outcome
