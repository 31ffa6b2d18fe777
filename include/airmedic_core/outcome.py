"""What came of an incident: read from the ledger, and checked against it rather than believed."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from airmedic_core.errors import AirmedicError
from airmedic_core.ledger import RecordedAction
from airmedic_core.records import Approval, Incident, IncidentState, Json, Permission, Proposal

if TYPE_CHECKING:
    from airmedic_core.workspace import Workspace

_ONLY_TOLD = frozenset({"escalate", "hold"})
"""Actions that leave the problem to people."""

_SIDE_ACTIONS = frozenset({"rerun_pipeline"})
"""Actions that accompany another and do not decide what came of the incident."""


@dataclass(frozen=True)
class Outcome:
    """How an incident ends, and what was verified of it."""

    state: IncidentState
    outcome: str
    """``healed``, ``rolled_back``, ``contained``, ``changed``; ``refused``, ``failed``, ``undone``, ``rejected``,
    ``unanswered``, ``escalated``, ``recommended``, ``diagnosed``, ``dry_run``, ``undecided``."""
    summary: str
    proposal: Proposal | None = None
    """The proposal that decided it."""
    done: RecordedAction | None = None
    before: float | None = None
    after: float | None = None


@dataclass(frozen=True)
class History:
    """Everything the ledger holds of one incident's remedy."""

    ws: Workspace
    incident: Incident
    decisions: Sequence[Json]
    proposals: Sequence[Proposal]
    actions: Sequence[RecordedAction]
    now: datetime

    @classmethod
    def of(cls, ws: Workspace, incident: Incident, *, now: datetime) -> History:
        """Read the history of an incident."""
        ledger = ws.ledger
        actions = ledger.actions(incident_id=incident.id)
        return cls(ws, incident, ledger.decisions(incident.id), ledger.proposals(incident.id), actions, now)

    def answers(self, proposal: Proposal) -> list[Approval]:
        """Return the answers to a proposal that count."""
        return [answer for answer in self.ws.ledger.approvals(proposal.hash) if not answer.refused_because]

    def proposal_of(self, done: RecordedAction) -> Proposal | None:
        """Return what an action carried out."""
        return next((proposal for proposal in self.proposals if proposal.hash == done.proposal_hash), None)

    def gate(self, done: RecordedAction, proposal: Proposal | None) -> Json:
        """Return the gate's result that belongs to an action: a deployment brings its own, a training was judged."""
        judged = [decision["details"] for decision in self.decisions if decision["proposal_hash"] == done.proposal_hash]
        places = [*judged, done.output, proposal.params if proposal else {}]
        found = [place["gate"] for place in places if isinstance(place.get("gate"), dict)]
        return found[-1] if found else {}


def outcome_of(ws: Workspace, incident: Incident, *, now: datetime) -> Outcome:
    """Return what came of an incident.

    Parameters
    ----------
    ws : Workspace
        The model.
    incident : Incident
        The incident, not closed yet.
    now : datetime
        The moment of closing.
    """
    history = History.of(ws, incident, now=now)
    decisive = [done for done in history.actions if done.action not in _SIDE_ACTIONS | _ONLY_TOLD]
    pending = [p for p in history.proposals if p.action not in _SIDE_ACTIONS | _ONLY_TOLD]
    pending = [p for p in pending if p.permission is not Permission.RECOMMEND]
    last = decisive[-1] if decisive else None
    later = [p for p in pending if all(done.proposal_hash != p.hash for done in history.actions)]
    if later and (last is None or later[-1].created_at >= last.started_at):
        return _not_done(history, later[-1])
    if last is None:
        return _nothing_proposed(history)
    return _acted(history, last)


def timing(ws: Workspace, incident: Incident, outcome: Outcome) -> Json:
    """Return who approved, and how many seconds went by until they were asked, until they agreed, until it was done."""
    proposal, done = outcome.proposal, outcome.done
    if proposal is None:
        return {"approved_by": []}
    answers = [a for a in ws.ledger.approvals(proposal.hash) if not a.refused_because and a.answer == "approve"]
    first = min((p.created_at for p in ws.ledger.proposals(incident.id)), default=proposal.created_at)
    found: Json = {
        "approved_by": [answer.by for answer in answers],
        "seconds_to_request": (first - incident.opened_at).total_seconds(),
    }
    if answers:
        found["seconds_to_approval"] = (answers[-1].at - proposal.created_at).total_seconds()
    if answers and done is not None and done.finished_at is not None:
        found["seconds_to_done"] = (done.finished_at - answers[-1].at).total_seconds()
    return found


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
    word = "escalated" if last["path"] == "escalate" else "recommended"
    return Outcome(IncidentState.ESCALATED, word, last["reason"], proposal)


def _acted(history: History, done: RecordedAction) -> Outcome:
    proposal = history.proposal_of(done)
    gate = history.gate(done, proposal)
    before, after = gate.get("champion_value"), gate.get("challenger_value")
    if done.status == "running":
        summary = f"{done.action} began and was cut off before its end."
        return Outcome(IncidentState.ESCALATED, "failed", summary, proposal, done)
    if done.status == "failed":
        return Outcome(IncidentState.ESCALATED, "failed", done.summary, proposal, done)
    if done.status == "undone":
        return Outcome(IncidentState.UNDONE, "undone", done.summary, proposal, done, before, after)
    if done.action == "retrain":
        stopped = _stopped(history)
        reasons = stopped or " ".join(gate.get("reasons", ())) or "No challenger passed the gate."
        word = "recommended" if stopped else "refused"
        return Outcome(IncidentState.ESCALATED, word, reasons, proposal, done, before, after)
    if done.action == "deploy":
        return _deployed(history, done, proposal, before, after)
    if done.action == "rollback":
        return _rolled_back(history, done, proposal)
    if done.action == "quarantine":
        return _quarantined(history, done, proposal)
    return Outcome(IncidentState.RESOLVED, "changed", done.summary, proposal, done)


def _stopped(history: History) -> str:
    """Return why a challenger that has passed the gate is not deployed; nothing where none has passed."""
    advised = [each.reason for each in history.proposals if each.action == "deploy"]
    last = history.decisions[-1] if history.decisions else {"skipped": ()}
    stopped = [last["reason"] for each in last["skipped"] if each["action"] == "deploy"]
    return next((f"A challenger has passed the gate, and is not deployed: {why}" for why in (*stopped, *advised)), "")


def _deployed(
    history: History, done: RecordedAction, proposal: Proposal | None, before: float | None, after: float | None
) -> Outcome:
    """Return whether the version that was deployed is still the one that serves."""
    promotions = history.ws.ledger.promotions(history.incident.model)
    if promotions and promotions[0].proposal_hash == done.proposal_hash and promotions[0].kind == "deploy":
        return Outcome(IncidentState.RESOLVED, "healed", done.summary, proposal, done, before, after)
    serving = promotions[0].to_version if promotions else "none"
    summary = f"The deployed version no longer serves; the champion is {serving}."
    return Outcome(IncidentState.UNDONE, "undone", summary, proposal, done, before, after)


def _rolled_back(history: History, done: RecordedAction, proposal: Proposal | None) -> Outcome:
    switched = [p for p in history.ws.ledger.promotions(history.incident.model) if p.kind == "rollback"]
    mine = next((p for p in switched if p.proposal_hash == done.proposal_hash), None)
    if mine is None:
        summary = "The ledger holds no promotion for this rollback."
        return Outcome(IncidentState.ESCALATED, "failed", summary, proposal, done)
    before = measured(history.ws, history.incident, mine.from_version)
    after = measured(history.ws, history.incident, mine.to_version)
    return Outcome(IncidentState.RESOLVED, "rolled_back", done.summary, proposal, done, before, after)


def _quarantined(history: History, done: RecordedAction, proposal: Proposal | None) -> Outcome:
    marked = {override.key for override in history.ws.ledger.overrides(history.incident.model, "quarantine")}
    if history.incident.window.key in marked or marked & {str(key) for key in done.output.get("windows", ())}:
        return Outcome(IncidentState.RESOLVED, "contained", done.summary, proposal, done)
    summary = f"The window {history.incident.window} is not marked as quarantined."
    return Outcome(IncidentState.ESCALATED, "failed", summary, proposal, done)


def measured(ws: Workspace, incident: Incident, version: str | None) -> float | None:
    """Return the deciding metric of a version on the newest batch of an incident; nothing where it cannot be known."""
    from airmedic_core.metrics import metric
    from airmedic_core.scoring import score
    from airmedic_core.sources import read_window

    if version is None:
        return None
    seen = ws.ledger.batches(ws.spec.name)
    batch = next((b.batch for b in seen if b.batch.id in incident.batch_ids), None)
    try:
        frame = read_window(ws.spec, batch.window if batch else incident.window)
        scored = score(ws, ws.registry.version(ws.spec.name, version), frame, batch)
        value = metric(ws.spec.metric, ws.spec.task)(scored.labels[scored.known], scored.scores[scored.known])
    except AirmedicError:
        return None
    return value if math.isfinite(value) else None
